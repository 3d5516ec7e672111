package bot

import (
	"fmt"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// Pressed records a click, before it is acknowledged to the chat and before
// anything follows from it. Who may press is checked afterwards, on the server.
type Pressed struct{ Press Press }

func (e Pressed) apply(c *change) error {
	if err := c.once(e.Press.Key); err != nil {
		return err
	}
	p := e.Press
	c.follow(Effect{Kind: DoCheck, Press: &p})
	return nil
}

// Denied answers a click that does not count, to the clicker alone.
type Denied struct {
	Effect string
	Press  Press
	Why    string
}

func (e Denied) apply(c *change) error {
	c.note(e.Press.Person, fmt.Sprintf("%s refused: %s", e.Press.Button, e.Why))
	c.whisper(e.Press, e.Why)
	return Done{Effect: e.Effect}.apply(c)
}

// Granted says that the clicker may do what they pressed.
type Granted struct {
	Effect string
	Press  Press
	// For an approval: the record, how many are needed, and how long it counts.
	Approval Approval
	Needed   int
	Expires  time.Duration
	// For a snooze: how long.
	For time.Duration
}

func (e Granted) apply(c *change) error {
	if err := (Done{Effect: e.Effect}).apply(c); err != nil {
		return err
	}
	switch e.Press.Button {
	case Approve:
		e.approve(c)
	case Reject:
		c.reject(e.Press)
	case Again:
		c.note(e.Press.Person, "asked to diagnose again")
		c.follow(Effect{Kind: DoDiagnose})
	case EscalateNow:
		c.escalate(e.Press.Person, "asked for by a person")
	case Acknowledge:
		c.note(e.Press.Person, "acknowledged")
		c.Acknowledged = &e.Press.Person
	case Snooze:
		c.Deadline = c.now.Add(e.For)
		c.note(e.Press.Person, fmt.Sprintf("snoozed for %s: %s", e.For, e.Press.Reason))
	case CloseIt:
		c.closeBy(e.Press)
	case Reopen:
		c.reopen(e.Press)
	case Helpful, Unhelpful:
		c.feedback(e.Press)
	case TakePostmortem:
		c.takePostmortem(e.Press)
	case WriteReport:
		c.follow(Effect{Kind: DoTell, Notice: &Notice{Key: e.Press.Key, Report: true}})
	}
	c.show()
	return nil
}

// approve counts an approval. The one that completes them begins the change,
// and records that before it begins: it can never begin twice.
func (e Granted) approve(c *change) {
	plan, ok := c.plan(e.Press.Remedy)
	switch {
	case c.State.Over():
		c.whisper(e.Press, "This incident is over.")
		return
	case c.State != Open && c.State != Asking:
		c.whisper(e.Press, c.decidedAlready())
		return
	case ok && (!plan.Remedy.Approvable || plan.Missing != ""):
		c.whisper(e.Press, "pullfix cannot carry this out here. "+plan.Missing)
		return
	case !ok || plan.Hash != e.Press.PlanHash:
		c.whisper(e.Press, "The situation has changed since you saw this plan. Look at the message again.")
		c.follow(Effect{Kind: DoDiagnose})
		return
	}
	if !c.continues(plan) {
		c.keepDecision()
		c.Decision = &Decision{Remedy: plan.Remedy.ID, Title: plan.Remedy.Title, PlanHash: plan.Hash, Needed: max(e.Needed, 1), Expires: c.now.Add(e.Expires)}
	}
	if c.Decision.has(e.Press.Person) {
		c.whisper(e.Press, "You have approved this already; it needs one more person.")
		return
	}
	c.Decision.Granted = append(c.Decision.Granted, e.Approval)
	c.note(e.Press.Person, "approved: "+plan.Remedy.Title)
	if missing := c.Decision.Needed - len(c.Decision.Granted); missing > 0 {
		c.State = Asking
		c.tell(fmt.Sprintf("%s needs %d more approval.", plan.Remedy.Title, missing), true)
		return
	}
	c.State = Changing
	at := c.now
	c.Decision.Started = &at
	c.follow(Effect{Kind: DoCarry})
}

// continues tells that the decision that is open is about this very plan and
// still counts.
func (c *change) continues(plan runbook.Plan) bool {
	d := c.Decision
	return d != nil && c.State == Asking && d.PlanHash == plan.Hash && c.now.Before(d.Expires)
}

func (d *Decision) has(p Person) bool {
	for _, a := range d.Granted {
		if a.Person == p {
			return true
		}
	}
	return false
}

func (c *change) decidedAlready() string {
	if c.Decision == nil || len(c.Decision.Granted) == 0 {
		return "This is decided already."
	}
	return fmt.Sprintf("Already decided: %s approved %q.", mention(c.Decision.Granted[0].Person), c.Decision.Title)
}

// mention is how a person stands in a text; the chat adapter resolves it.
func mention(p Person) string {
	if p.FromTerminal() {
		return p.ID + " in the terminal"
	}
	return "<@" + p.ID + ">"
}

// plan finds what can be approved under this id.
func (i *Incident) plan(remedy string) (runbook.Plan, bool) {
	for _, p := range i.Plans {
		if p.Remedy.ID == remedy {
			return p, true
		}
	}
	return runbook.Plan{}, false
}

func (c *change) reject(p Press) {
	if c.State != Open && c.State != Asking {
		c.whisper(p, c.decidedAlready())
		return
	}
	c.keepDecision()
	c.State, c.Decision = Open, nil
	text := mention(p.Person) + " rejected the proposal"
	if p.Reason != "" {
		text += ": " + p.Reason
	}
	c.note(p.Person, text)
	c.tell(text, false)
}

func (c *change) closeBy(p Press) {
	switch c.State {
	case Changing:
		c.whisper(p, "A change is being made; close it when that is done.")
	case Resolved, Closed:
		c.whisper(p, "This incident is over already.")
	default:
		resolution := p.Reason
		if resolution == "" {
			resolution = "closed by hand"
		}
		c.end(p.Person, resolution)
	}
}

func (c *change) reopen(p Press) {
	if !c.State.Over() {
		c.whisper(p, "This incident is open.")
		return
	}
	c.revive(reopenedFor)
	c.note(p.Person, "reopened")
	c.follow(Effect{Kind: DoDiagnose})
}

// reopenedFor is how long a reopened incident has until it escalates: people
// have waited once already.
const reopenedFor = 10 * time.Minute
