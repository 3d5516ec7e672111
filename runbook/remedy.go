package runbook

// Kind is what a remedy does.
type Kind string

// The kinds of remedy.
const (
	Wait               Kind = "Wait"
	UpdateSecret       Kind = "UpdateSecret"
	CreateSecret       Kind = "CreateSecret"
	AttachSecret       Kind = "AttachSecret"
	SyncExternalSecret Kind = "SyncExternalSecret"
	DeletePods         Kind = "DeletePods"
	RolloutRestart     Kind = "RolloutRestart"
	RollBack           Kind = "RollBack"
	FixImage           Kind = "FixImage"
	ProbeFromNode      Kind = "ProbeFromNode"
	FreeDisk           Kind = "FreeDisk"
	Escalate           Kind = "Escalate"
	SeeOtherRunbook    Kind = "SeeOtherRunbook"
	UndoSecret         Kind = "UndoSecret" // puts back what a change to a pull secret replaced
)

// Remedy is one way to cure a cause. Remedies stand smallest and safest first;
// the first is the recommended one.
type Remedy struct {
	ID            string   `json:"id"` // the kind in kebab case, with -2 … where there are several
	Kind          Kind     `json:"kind"`
	Title         string   `json:"title"`
	Why           string   `json:"why"`
	Command       string   `json:"command"` // what a person would type
	Risk          string   `json:"risk"`
	Preconditions []string `json:"preconditions,omitempty"`
	Object        string   `json:"object,omitempty"` // KIND/NAME that it changes
	// Approvable says that pullfix can carry it out.
	Approvable bool `json:"approvable"`
}
