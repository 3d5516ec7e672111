package runbook

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
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
	// Choice tells this plan from others of the same remedy: where the new
	// credential comes from, and how far it reaches; "" when there is only one.
	Choice string `json:"choice,omitempty"`
	// Expires is when the new credential ends; nil when there is none or it does
	// not say.
	Expires *time.Time `json:"expires,omitempty"`
}

// Namespaces are those that the plan changes something in, sorted.
func (p Plan) Namespaces() []string {
	var names []string
	for _, a := range p.Actions {
		names = append(names, a.Namespace)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// The verbs of an action.
const (
	VerbDeletePod = "delete-pod"
	VerbRestart   = "restart"   // a rollout restart
	VerbRollBack  = "roll-back" // of the pod template to an earlier revision

	VerbUpdateSecret = "update-secret"        // one entry of a pull secret
	VerbCreateSecret = "create-secret"        // a new pull secret
	VerbAttachSecret = "attach-secret"        // to a workload's template or a ServiceAccount
	VerbSync         = "sync-external-secret" // asks External Secrets to fetch it again
	VerbUndo         = "undo-secret"          // puts the kept entry back
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
	// Entry is what happens to a pull secret; nil for other verbs.
	Entry *EntryChange `json:"entry,omitempty"`
	// Attach names the pull secret that is attached, in place of Instead where
	// that is not empty.
	Attach  string `json:"attach,omitempty"`
	Instead string `json:"instead,omitempty"`
	// Holds is the fingerprint of the credential that the attached secret still
	// has to hold for the image For.
	Holds string `json:"holds,omitempty"`
	For   string `json:"for,omitempty"`
	// Copy names the Secret beside this one that an undo takes the former entry
	// from; Entry.Becomes is its fingerprint.
	Copy string `json:"copy,omitempty"`
}

// EntryChange is one entry of a pull secret on its way to a new credential,
// without any. The action is bound to all of it.
type EntryChange struct {
	SecretType string `json:"secretType"`      // stays as it is
	Owner      string `json:"owner,omitempty"` // what keeps the secret; "" for nothing
	// Key is the entry as written, or as it is to be written.
	Key string `json:"key"`
	// Was is the fingerprint of the entry that is replaced; "" when it is new or
	// could not be decoded. Becomes is that of the new credential.
	Was     string `json:"was,omitempty"`
	Becomes string `json:"becomes"`
	// Drops are other entries that mean the same registry and are left out, each
	// with its fingerprint: "KEY FINGERPRINT".
	Drops  []string `json:"drops,omitempty"`
	User   string   `json:"user,omitempty"` // of the new credential, masked
	Source string   `json:"source"`         // the vault's name of where it comes from
	Host   string   `json:"host"`           // the registry it is for
	// Images are what the new credential has to be accepted for, right before it
	// is written.
	Images   []string `json:"images"`
	Platform Platform `json:"platform,omitzero"`
	// KeepUndo asks for a copy of the old entry: it still tested accepted (S10).
	KeepUndo bool `json:"keepUndo,omitempty"`
}

// Actor says in whose name a change is made; it is written on the object.
type Actor struct {
	Incident string   // id
	Approved []string // the people's ids
	// Halt is asked right before a credential is written: an error stops it. Nil
	// never does.
	Halt func() error
}

func (a Actor) halted() error {
	if a.Halt == nil {
		return nil
	}
	return a.Halt()
}

// Receipt is the result of one action.
type Receipt struct {
	Action Action `json:"action"`
	Done   bool   `json:"done"`
	// Unsure says that the answer was lost, and reading again did not tell.
	Unsure bool      `json:"unsure,omitempty"`
	Detail string    `json:"detail,omitempty"`
	At     time.Time `json:"at"`
	// Undo is the kept copy of what was replaced; nil when there is none.
	Undo *Undo `json:"undo,omitempty"`
}

// Undo is a Secret beside the changed one that holds what it held before.
type Undo struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Until     time.Time `json:"until"` // it is deleted then
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
	// After says what goes wrong with pods that have their image: another
	// runbook's matter.
	After []string `json:"after,omitempty"`
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
