package runbook

import (
	"context"
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// Question asks a registry whether one credential can pull one image.
type Question struct {
	Image    string   // as the pod spells it; bare names mean Docker Hub
	Platform Platform // the node's; the zero value asks for no particular one
	// Credential is what the kubelet would send; nil asks anonymously.
	Credential *keyring.Credential
	// Configured says that the credential comes from pullfix's own configuration:
	// it goes only over verified TLS (or to this machine), and only to token
	// servers that are the registry's own or configured for it (S2).
	Configured bool
	// NearTags asks for tags that look like the missing one.
	NearTags bool
}

// Platform is an operating system and architecture as images name them.
type Platform struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
}

func (p Platform) String() string { return p.OS + "/" + p.Arch }

// Answer is what a registry said to a question.
type Answer struct {
	// Result is cause.None when this credential can pull the image for this
	// platform, else why not. AuthMissing, AuthRejected, AuthExpired,
	// PermissionDenied and NotFoundOrDenied speak of the credential;
	// TagNotFound, RepositoryNotFound, PlatformMismatch and UnsupportedManifest
	// imply that it was accepted; the network causes that nothing was heard.
	Result cause.Cause `json:"result"`
	// Login is the credential's own test, apart from this repository:
	// TestAccepted, TestRejected or TestUntested.
	Login     string   `json:"login,omitempty"`
	Host      string   `json:"host"`             // that was asked
	Status    int      `json:"status,omitempty"` // the decisive HTTP status, 0 when none
	Code      string   `json:"code,omitempty"`   // the registry's error code, MANIFEST_UNKNOWN
	Detail    string   `json:"detail,omitempty"` // its wording or the transport's error, scrubbed
	Digest    string   `json:"digest,omitempty"`
	Platforms []string `json:"platforms,omitempty"` // that the image has, when it lacks ours
	Tags      []string `json:"tags,omitempty"`      // nearest existing, best first, at most five
	Unlike    int      `json:"unlike,omitempty"`    // how many of Tags, from the last, do not look like the one asked for
	TagsNote  string   `json:"tagsNote,omitempty"`  // why there are none
	// Cached says of what is missing that the repository looks like a pull-through
	// cache of another registry: what its source refuses, it does not find.
	Cached bool `json:"cached,omitempty"`
	// TagDigest is the digest of the tag beside a digest that is missing.
	TagDigest string     `json:"tagDigest,omitempty"`
	RateLimit *RateLimit `json:"rateLimit,omitempty"`
	// RetryAfter is how long the registry asks to be left alone.
	RetryAfter time.Duration `json:"retryAfter,omitempty"`
	PlainHTTP  bool          `json:"plainHTTP,omitempty"`  // answered over http
	Remembered bool          `json:"remembered,omitempty"` // a rejection of the last minutes, not asked again
	Refused    string        `json:"refused,omitempty"`    // why pullfix itself did not ask: the place that its guard forbids, or plain http
	Trips      int           `json:"trips"`                // requests, one after another
	TookMs     int64         `json:"tookMs"`
}

// RateLimit is a registry's own count of pulls, from its headers.
type RateLimit struct {
	Limit     int           `json:"limit"`
	Remaining int           `json:"remaining"`
	Window    time.Duration `json:"window"`
	Source    string        `json:"source,omitempty"` // the address or account that is counted
}

// The results of testing a credential.
const (
	TestAccepted  = "accepted"
	TestRejected  = "rejected"
	TestForbidden = "forbidden"
	TestAnonymous = "anonymous"
	TestUntested  = "untested"
)

// Registry asks a registry. It only reads.
type Registry interface {
	// Probe asks one question. Whatever the registry or the network says is an
	// Answer; the error is for a question that could not be put: a reference
	// that does not parse, or a context that ended.
	Probe(ctx context.Context, question Question) (Answer, error)
}
