package bot

import (
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// State is where an incident stands.
type State string

// The states of an incident.
const (
	Diagnosing State = "diagnosing" // the first diagnosis runs
	Open       State = "open"       // there is a verdict, and something to do
	Asking     State = "asking"     // approved by somebody, waits for one more approval
	Changing   State = "changing"   // the approval is recorded; the change is being made
	Watching   State = "watching"   // the change is made; recovery is being proven
	Resolved   State = "resolved"   // recovery is proven
	Closed     State = "closed"     // by a person, or because nothing was wrong
)

// Over tells that nothing more is to be done, so that no deadline counts.
func (s State) Over() bool { return s == Resolved || s == Closed }

// Person is a human in the chat: a team and an id, never a name.
type Person struct {
	Team string `json:"team"`
	ID   string `json:"id"`
}

// Place is where an incident's message stands.
type Place struct {
	Team    string `json:"team"`
	Channel string `json:"channel"`
	Message string `json:"message,omitempty"` // the root message; "" while it is not posted
	// Reply is a way to answer where the bot is not a member: it is short-lived.
	Reply string `json:"-"`
}

// Incident is one root cause, from the first sign to the proof of the cure. It
// is stored as one versioned document.
type Incident struct {
	Version  int            `json:"version"` // of the form of the document
	ID       string         `json:"id"`
	Keys     []string       `json:"keys"` // the root causes it stands for
	Target   runbook.Target `json:"target"`
	Asked    Person         `json:"asked"` // zero when pullfix noticed it itself
	State    State          `json:"state"`
	Opened   time.Time      `json:"opened"`
	Place    Place          `json:"place"`
	Progress []Progress     `json:"progress,omitempty"` // of the running diagnosis
	Case     *runbook.Case  `json:"case,omitempty"`
	// Verdict is the newest one; Earlier are those that it replaced.
	Verdict *runbook.Verdict `json:"verdict,omitempty"`
	Earlier []Earlier        `json:"earlier,omitempty"`
	// Fault is the verdict as it stood before a change, or before nothing failed
	// any more: the report is about it. What is found later, of the same cause, is
	// what the change has made of it.
	Fault *runbook.Verdict `json:"fault,omitempty"`
	Plans []runbook.Plan   `json:"plans,omitempty"` // what can be approved now
	// Decision is the click that is being carried out, or was last.
	Decision *Decision `json:"decision,omitempty"`
	// Past are decisions that were carried out before, oldest first.
	Past []Decision `json:"past,omitempty"`
	// Grounds are all places that approved plans change something in: the
	// incident is over when no pod waits in any of them.
	Grounds  []Ground          `json:"grounds,omitempty"`
	Recovery *runbook.Recovery `json:"recovery,omitempty"`
	Spent    time.Duration     `json:"spent,omitempty"`   // how long it was open before, each time that it came back
	Trouble  string            `json:"trouble,omitempty"` // why the newest look at the cluster did not work
	// Spread is how far the root cause reaches, as looks at the whole cluster say.
	Spread *Spread `json:"spread,omitempty"`
	// Deadline is when people are called next unless it is over: an absolute time;
	// zero when there is nothing more to call them for.
	Deadline  time.Time   `json:"deadline"`
	Escalated []Escalated `json:"escalated,omitempty"`
	Reached   []string    `json:"reached,omitempty"` // targets of folded escalations: they have to hear that it is over
	// Acknowledged is who took it: repeats stop, the incident stays open.
	Acknowledged *Person      `json:"acknowledged,omitempty"`
	Snoozed      *Snoozed     `json:"snoozed,omitempty"`
	Calls        []Place      `json:"calls,omitempty"` // where people were called, besides the incident's message
	Down         *Sighting    `json:"down,omitempty"`  // a registry that pullfix itself cannot reach
	Reopened     *Reopened    `json:"reopened,omitempty"`
	Compromised  *Compromised `json:"compromised,omitempty"`
	// Reminder is what has to be said at a later moment, also after the end.
	Reminder *Reminder `json:"reminder,omitempty"`
	Ending   *Ending   `json:"ending,omitempty"`
	Timeline []Entry   `json:"timeline"`
	LeftOut  int       `json:"leftOut,omitempty"` // lines of the timeline that were dropped
	// Feedback is what people said about the steps; an answer a person.
	Feedback []Feedback `json:"feedback,omitempty"`
	// PostmortemOwner is who writes the postmortem of a P1 or P2.
	PostmortemOwner *Person `json:"postmortemOwner,omitempty"`
	// Outbox is what has still to be done about recorded changes.
	Outbox   []Effect `json:"outbox,omitempty"`
	Sequence int      `json:"sequence"` // of effects
	Drawing  int      `json:"drawing"`  // counts what the message has to show
	// Seen are the business keys of clicks and commands that are applied, newest
	// last, bounded: Slack delivers at least once.
	Seen []string `json:"seen,omitempty"`
}

// Progress is one step of the running diagnosis.
type Progress struct {
	Step string `json:"step"`
	Note string `json:"note,omitempty"`
	Done bool   `json:"done"`
}

// Earlier is a verdict that another one replaced.
type Earlier struct {
	Cause   cause.Cause `json:"cause"`
	Summary string      `json:"summary"`
	At      time.Time   `json:"at"`
	Until   time.Time   `json:"until"`
}

// Decision is a click on a remedy and what became of it.
type Decision struct {
	Remedy   string     `json:"remedy"`
	Title    string     `json:"title"`
	PlanHash string     `json:"planHash"`
	Needed   int        `json:"needed"` // approvals
	Granted  []Approval `json:"granted,omitempty"`
	Expires  time.Time  `json:"expires"`
	Started  *time.Time `json:"started,omitempty"` // when the change began: it is never begun twice
	// Plan is what was approved, as it was: the plans that are offered are made
	// anew meanwhile. It is dropped once another decision takes over.
	Plan *runbook.Plan `json:"plan,omitempty"`
	// Begun counts the actions whose wave has begun: none is ever begun again.
	Begun    int               `json:"begun,omitempty"`
	Receipts []runbook.Receipt `json:"receipts,omitempty"`
	Halted   string            `json:"halted,omitempty"`  // why the rest is not carried out
	Refused  string            `json:"refused,omitempty"` // why nothing was done
}

// Approval is a click that was checked and counts. Its MAC is under a key that
// is not in the store, so that an edited journal approves nothing.
type Approval struct {
	Person   Person    `json:"person"`
	At       time.Time `json:"at"`
	Remedy   string    `json:"remedy"`
	PlanHash string    `json:"planHash"`
	Rule     string    `json:"rule"`
	Enough   int       `json:"enough"` // how many approvals it takes, as worked out at this click
	// BrokeGlass is why this person approved alone what takes more people.
	BrokeGlass string `json:"brokeGlass,omitempty"`
	MAC        string `json:"mac"`
}

// Ending is how an incident ended.
type Ending struct {
	At         time.Time `json:"at"`
	By         Person    `json:"by,omitzero"` // zero: pullfix itself, by proof
	Resolution string    `json:"resolution"`
	Proof      []string  `json:"proof,omitempty"`
	// HandedOver says what still goes wrong after the pull, and where its runbook
	// is.
	HandedOver string `json:"handedOver,omitempty"`
	Elsewhere  int    `json:"elsewhere"` // pods that still fail elsewhere, -1 when it is not known
}

// Entry is one line of the timeline.
type Entry struct {
	At   time.Time `json:"at"`
	By   Person    `json:"by,omitzero"`
	What string    `json:"what"`
}
