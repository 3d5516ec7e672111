package runbook

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Plan is one remedy with exactly what it would do, bound to what it was made
// for. Who approves it approves this and nothing else.
type Plan struct {
	Remedy  Remedy    `json:"remedy"`
	Actions []Action  `json:"actions"`
	Hash    string    `json:"hash"` // over Actions: what was shown is what is approved
	Made    time.Time `json:"made"`
	// Shows is for the confirmation: what changes, a sentence each.
	Shows []string `json:"shows,omitempty"`
	// Missing says which right is lacking to carry it out; "" when none is.
	Missing string `json:"missing,omitempty"`
}

// The verbs of an action.
const (
	VerbDeletePod = "delete-pod"
	VerbRestart   = "restart"   // a rollout restart
	VerbRollBack  = "roll-back" // of the pod template to an earlier revision
)

// Action is one write on one object, bound to the state that it was planned
// for. An action whose bound fields have moved is refused.
type Action struct {
	Verb      string `json:"verb"`
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	UID       string `json:"uid"`
	// Generation binds a workload. Image binds a pod, which must still wait for
	// it in Container.
	Generation int64  `json:"generation,omitempty"`
	Container  string `json:"container,omitempty"`
	Image      string `json:"image,omitempty"`
	Revision   int64  `json:"revision,omitempty"` // to roll back to
}

// Actor says in whose name a change is made; it is written on the object.
type Actor struct {
	Incident string   // id
	Approved []string // the people's ids
}

// Receipt is the result of one action.
type Receipt struct {
	Action Action `json:"action"`
	Done   bool   `json:"done"`
	// Unsure says that the answer was lost, and reading again did not tell.
	Unsure bool      `json:"unsure,omitempty"`
	Detail string    `json:"detail,omitempty"`
	At     time.Time `json:"at"`
}

// OvertakenError says that an action was planned for a state that is gone.
type OvertakenError struct{ What string }

func (e *OvertakenError) Error() string { return "overtaken: " + e.What }

// Recovery counts the pods of a failure on their way back.
type Recovery struct {
	Wanted  int      `json:"wanted"`
	Waiting int      `json:"waiting"` // for their image
	Pulling int      `json:"pulling"`
	Pulled  int      `json:"pulled"`
	Ready   int      `json:"ready"`
	Proof   []string `json:"proof,omitempty"`
}

// PlanHash is over everything that a plan would do, in an encoding without
// ambiguity.
func PlanHash(actions []Action) string {
	body, err := json.Marshal(actions)
	if err != nil {
		return "" // a list of plain strings and numbers always encodes
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:8])
}
