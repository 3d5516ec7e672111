package bot

import (
	"fmt"
	"slices"

	"github.com/pullfix/pullfix/runbook"
)

// approve counts an approval. The one that completes them begins the change,
// and records that before it begins: it can never begin twice.
func (e Granted) approve(c *change) {
	plan, ok := c.plan(e.Press.Remedy, e.Press.PlanHash)
	if !ok || e.Approval.PlanHash != plan.Hash {
		c.gone(e.Press)
		return
	}
	if why := c.unapprovable(plan); why != "" {
		c.whisper(e.Press, why)
		return
	}
	if c.State.Over() {
		c.revive(reopenedFor)
	}
	if !c.continues(plan) {
		c.keepDecision()
		c.Decision = &Decision{Remedy: plan.Remedy.ID, Title: TitleOf(plan), PlanHash: plan.Hash, Needed: max(e.Needed, 1), Expires: c.now.Add(e.Expires)}
	}
	c.Decision.Plan = &plan
	if c.Decision.has(e.Press.Person) {
		c.whisper(e.Press, "You have approved this already; it needs one more person.")
		return
	}
	c.Decision.Granted = append(c.Decision.Granted, e.Approval)
	c.note(e.Press.Person, "approved: "+c.Decision.Title)
	if e.Approval.BrokeGlass != "" {
		c.Decision.Needed = max(e.Needed, len(c.Decision.Granted))
		c.breakGlass(e.Approval)
	} else {
		c.Decision.Needed = max(c.Decision.Needed, e.Needed)
	}
	if missing := c.Decision.Needed - len(c.Decision.Granted); missing > 0 {
		c.State = Asking
		c.tell(fmt.Sprintf("%s needs %d more approval.", c.Decision.Title, missing), true)
		return
	}
	at := c.now
	c.Decision.Started = &at
	c.reach(plan)
	c.beginWave()
}

// plan finds what can be approved: there may be several plans for one remedy.
func (i Incident) plan(remedy, hash string) (runbook.Plan, bool) {
	n := slices.IndexFunc(i.Plans, func(p runbook.Plan) bool { return p.Remedy.ID == remedy && p.Hash == hash })
	if n < 0 {
		return runbook.Plan{}, false
	}
	return i.Plans[n], true
}

// gone answers an approval of a plan that is not offered any more.
func (c *change) gone(p Press) {
	switch {
	case c.State.Over():
		c.whisper(p, "This incident is over.")
	case c.State == Changing || c.carriedOut(p.PlanHash):
		c.whisper(p, c.decidedAlready())
	default:
		c.whisper(p, "The situation has changed since you saw this plan. Look at the message again.")
		c.follow(Effect{Kind: DoDiagnose})
	}
}

// carriedOut tells that the last decision was about this plan, and had its turn.
func (c *change) carriedOut(hash string) bool {
	return c.Decision != nil && c.Decision.PlanHash == hash && c.Decision.Started != nil && c.Decision.Refused == ""
}

// Takes tells whether the incident's state lets an offered plan be approved.
// While a change is watched another one may follow: a faster way, or back; but
// not while the rest of it is still to come. An undo is taken even after the
// end, since the mistake often shows only then; the incident counts again, so
// that what the undo breaks is seen.
func (i Incident) Takes(p runbook.Plan) bool {
	switch {
	case i.State.Over():
		return i.State == Resolved && p.Remedy.Kind == runbook.UndoSecret
	case i.State == Changing || i.State == Diagnosing:
		return false
	}
	return !i.Canary()
}

// unapprovable says why an offered plan cannot be approved now; "" when it can.
func (c *change) unapprovable(plan runbook.Plan) string {
	switch {
	case c.Compromised != nil:
		return frozenAnswer(c.ID)
	case c.Canary():
		return fmt.Sprintf("The rest of %q follows once the first namespace has recovered. Reject it first to do something else.", c.Decision.Title)
	case !c.Takes(plan) && c.State.Over():
		return "This incident is over."
	case !c.Takes(plan):
		return c.decidedAlready()
	case !plan.Remedy.Approvable || plan.Missing != "":
		return "pullfix cannot carry this out here. " + plan.Missing
	case plan.Remedy.Kind == runbook.UndoSecret && !c.undoable(plan):
		return "The copy of the former entry is not there any more."
	}
	return ""
}

// continues tells that the decision that is open is about this very plan and
// still counts.
func (c *change) continues(plan runbook.Plan) bool {
	d := c.Decision
	return d != nil && c.State == Asking && d.Remedy == plan.Remedy.ID && d.PlanHash == plan.Hash && c.now.Before(d.Expires)
}

func (d *Decision) has(p Person) bool {
	return slices.ContainsFunc(d.Granted, func(a Approval) bool { return a.Person == p })
}

func (c *change) decidedAlready() string {
	if c.Decision == nil || len(c.Decision.Granted) == 0 {
		return "This is decided already."
	}
	return fmt.Sprintf("Already decided: %s approved %q.", mention(c.Decision.Granted[0].Person), c.Decision.Title)
}

// withdraw forgets a decision that was not carried out; what the one before it
// changed is looked after again.
func (c *change) withdraw() {
	c.State, c.Decision = Open, nil
	n := len(c.Past) - 1
	if n < 0 || len(c.Past[n].Receipts) == 0 {
		return
	}
	last := c.Past[n]
	c.Decision, c.Past = &last, c.Past[:n]
	if c.now.Sub(c.watchingFrom()) <= kubeletRetries {
		c.State = Watching
	}
}

// reject turns the proposal down, or stops what has not begun yet of a change
// that is made in waves.
func (c *change) reject(p Press) {
	text := mention(p.Person) + " rejected the proposal"
	if p.Reason != "" {
		text += ": " + p.Reason
	}
	switch {
	case c.Canary():
		c.halt(text)
		return
	case c.State == Asking:
		c.withdraw()
	case c.State != Open:
		c.whisper(p, c.decidedAlready())
		return
	}
	c.note(p.Person, text)
	c.tell(text, false)
}

// Lapsed says that approvals which were not enough count no longer.
type Lapsed struct{}

func (Lapsed) apply(c *change) error {
	if c.State != Asking || c.now.Before(c.Decision.Expires) {
		return ErrTooLate
	}
	text := fmt.Sprintf("%s was not approved by enough people in time; nothing was changed.", c.Decision.Title)
	c.withdraw()
	c.note(Person{}, text)
	c.tell(text, false)
	c.show()
	return nil
}
