package runbook

import (
	"context"
	"errors"

	"github.com/pullfix/pullfix/runbook/keyring"
)

// Observation is all that a diagnosis needs from the cluster. It holds
// credentials, so it lives in memory only and refuses to be marshalled.
type Observation struct {
	Facts Facts
	// Listed are the pull secrets that the pod names, in its order. A secret
	// that does not exist is there with Missing set; one that could not be read
	// is left out and stands in Facts.Gaps.
	Listed []keyring.PullSecret
	// Unlisted are pull secrets of the namespace that the pod does not name.
	Unlisted []keyring.PullSecret
}

var errHoldsCredentials = errors.New("an observation holds credentials and is never marshalled")

// MarshalJSON always fails.
func (Observation) MarshalJSON() ([]byte, error) { return nil, errHoldsCredentials }

// Cluster answers what the runbook asks of a cluster. It only reads.
type Cluster interface {
	// Observe gathers everything about the target. What cannot be read becomes
	// a Gap; the error is for a target that cannot be observed at all: a
	// *NotFoundError, or an API server that does not answer or forbids it.
	Observe(ctx context.Context, target Target, progress Progress) (Observation, error)
}
