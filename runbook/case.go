package runbook

import (
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
)

// CaseVersion is the version of the stored form of a Case.
const CaseVersion = 1

// Case is everything a verdict rests on, plain and without a credential, so
// that it can be stored and judged again.
type Case struct {
	Version int    `json:"version"`
	Facts   Facts  `json:"facts"`
	Pulls   []Pull `json:"pulls"` // the failing ones, in the order of the containers
	// Crashed is the image of a container that has it and ends at once, when no
	// pull fails.
	Crashed *Pull `json:"crashed,omitempty"`
	// TookMs is how long gathering took, by step id.
	TookMs map[string]int64 `json:"tookMs,omitempty"`
}

// Pull is one image that a container of the pod cannot get.
type Pull struct {
	Container  string    `json:"container"` // "" for an image volume that no container mounts
	Kind       string    `json:"kind"`
	Volume     string    `json:"volume,omitempty"` // the image volume, when it is one
	Image      string    `json:"image"`
	PullPolicy string    `json:"pullPolicy,omitempty"`
	Reason     string    `json:"reason"`            // the kubelet's waiting reason
	Message    string    `json:"message,omitempty"` // its message, or the newest event that tells the cause
	FromEvent  bool      `json:"fromEvent,omitempty"`
	Since      time.Time `json:"since"`
	// Candidates are the entries of all pull secrets that were looked at: the
	// pod's own in its order, then those of secrets that it does not list.
	Candidates []Candidate `json:"candidates,omitempty"`
	// Malformed are entries that the kubelet cannot decode; one is enough to
	// stop every pull of the pod.
	Malformed []Flaw `json:"malformed,omitempty"`
	// Flaws are secrets that give no credential: missing, wrong type, empty.
	Flaws     []Flaw  `json:"flaws,omitempty"`
	Anonymous *Answer `json:"anonymous,omitempty"` // nil when not asked
}

// Flaw is something wrong with a pull secret.
type Flaw struct {
	Secret string      `json:"secret"`
	Key    string      `json:"key,omitempty"`
	Cause  cause.Cause `json:"cause"` // PullSecretMissing, PullSecretWrongType, PullSecretMalformed, PullSecretWrongHost
	Detail string      `json:"detail"`
}

// Candidate is one entry of a pull secret, without its password.
type Candidate struct {
	Source      string     `json:"source"` // secret/NAME
	Key         string     `json:"key"`
	User        string     `json:"user,omitempty"` // masked
	Kind        string     `json:"kind,omitempty"` // "ECR token", "GitHub token", …
	Fingerprint string     `json:"fingerprint,omitempty"`
	Listed      bool       `json:"listed"`               // the secret is in the pod's list
	Used        bool       `json:"used"`                 // the kubelet would send it for this image, were it listed
	KeyMatches  bool       `json:"keyMatches,omitempty"` // whether or not it is used
	Suggestion  string     `json:"suggestion,omitempty"` // a key close to this one that would match
	Empty       bool       `json:"empty,omitempty"`
	Reason      string     `json:"reason,omitempty"`
	Hints       []string   `json:"hints,omitempty"`
	Order       int        `json:"order"`
	Expires     *time.Time `json:"expires,omitempty"`
	Answer      *Answer    `json:"answer,omitempty"` // nil when not tested
}

// Secret is the name of the secret the entry stands in.
func (c Candidate) Secret() string { return secretName(c.Source) }
