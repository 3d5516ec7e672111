package runbook

import (
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
)

// Verdict is the outcome of a diagnosis; its JSON is a fixed surface.
type Verdict struct {
	Cluster   string       `json:"cluster"`
	Namespace string       `json:"namespace"`
	Pod       string       `json:"pod"`
	Workload  *WorkloadRef `json:"workload"`
	Node      string       `json:"node"`
	Severity  string       `json:"severity"` // P1, P2, "" when nothing is wrong
	Diagnosis
	Steps    []Result    `json:"steps"`
	Failures []Diagnosis `json:"failures,omitempty"` // of the further failing pulls
	Scope    Scope       `json:"scope"`
	Since    *time.Time  `json:"since"`           // when the oldest failing pod of the incident began to wait
	Notes    []string    `json:"notes,omitempty"` // what a person should know besides: the template was corrected, rights missing
	Gaps     []Gap       `json:"gaps,omitempty"`
}

// WorkloadRef names a workload.
type WorkloadRef struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// Diagnosis is what is wrong with one image.
type Diagnosis struct {
	Container   string          `json:"container"`
	Image       string          `json:"image"`
	Registry    string          `json:"registry"`
	Cause       cause.Cause     `json:"cause"`
	Certainty   cause.Certainty `json:"certainty"`
	Summary     string          `json:"summary"`
	Vantage     string          `json:"vantage"`
	Details     []string        `json:"details,omitempty"` // the proof, a sentence each
	Credentials []Credential    `json:"credentials"`
	Remedies    []Remedy        `json:"remedies"`
	Suggestions []string        `json:"suggestions"`
	// Mended says that what the node complained of is right by now; it has not
	// tried again yet.
	Mended bool `json:"mended,omitempty"`
}

// Mended tells that nothing is left to do but wait for the node's next attempt.
func (v Verdict) Mended() bool {
	for _, d := range v.Failures {
		if !d.Mended {
			return false
		}
	}
	return v.Diagnosis.Mended
}

// Where the fault sits.
const (
	VantageImage      = "image"
	VantageRegistry   = "registry"
	VantageCredential = "credential"
	VantageNetwork    = "network"
	VantageNode       = "node"
	VantageUnknown    = "unknown"
)

// Severities.
const (
	P1 = "P1"
	P2 = "P2"
)

// Scope counts what fails for the same reason.
type Scope struct {
	Pods       int `json:"pods"`
	Namespaces int `json:"namespaces"`
}

// Credential is the row of a candidate in the credentials table.
type Credential struct {
	Source      string     `json:"source"`
	Key         string     `json:"key"`
	User        string     `json:"user"`
	Used        bool       `json:"used"`
	Reason      string     `json:"reason"`
	Test        string     `json:"test"`
	HTTPStatus  int        `json:"httpStatus"`
	ExpiresAt   *time.Time `json:"expiresAt"`
	Hints       []string   `json:"hints,omitempty"`
	Kind        string     `json:"kind,omitempty"`
	Fingerprint string     `json:"fingerprint,omitempty"`
}

// Result is what one step of the runbook found.
type Result struct {
	ID       string   `json:"id"`
	Row      string   `json:"row"`
	Title    string   `json:"title"`
	Status   string   `json:"status"`
	Summary  string   `json:"summary"`
	Evidence []string `json:"evidence"`
	Command  string   `json:"command"`
	TookMs   int64    `json:"tookMs"`
}

// The statuses of a step.
const (
	StatusOK      = "ok"
	StatusProblem = "problem"
	StatusWarning = "warning"
	StatusSkipped = "skipped"
	StatusError   = "error"
)

// The steps' ids, in order.
const (
	StepScope  = "assess-scope"
	StepError  = "confirm-error"
	StepImage  = "verify-image"
	StepSecret = "check-secret"
	StepAuth   = "test-auth"
)
