package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// Reminder is something that has to be said at a moment, whatever has become of
// the incident until then.
type Reminder struct {
	At   time.Time `json:"at"`
	Ends time.Time `json:"ends"` // the new credential
	Text string    `json:"text"`
}

// A credential that lives for less than shortLived will need a new one before
// anybody thinks of it; people are told remindBefore it ends.
const (
	shortLived   = 48 * time.Hour
	remindBefore = time.Hour
)

// remind sets the reminder that a change of a pull secret asks for.
func (c *change) remind() {
	d := c.Decision
	if d.Plan == nil {
		return
	}
	if d.Plan.Remedy.Kind == runbook.UndoSecret {
		c.Reminder = nil
		return
	}
	ends := d.Plan.Expires
	if ends == nil || ends.Sub(c.now) > shortLived || !slices.ContainsFunc(d.Receipts, func(r runbook.Receipt) bool { return r.Done && r.Action.Entry != nil }) {
		return
	}
	c.Reminder = &Reminder{At: ends.Add(-remindBefore), Ends: *ends, Text: fmt.Sprintf(
		"The credential in %s ends at %s. Pulls fail again then, unless it is renewed: replace it now, and automate it.", secretsOf(d.Receipts), moment(*ends))}
}

// secretsOf names the secrets that were written.
func secretsOf(receipts []runbook.Receipt) string {
	var names []string
	for _, r := range receipts {
		if name := r.Action.Namespace + "/" + r.Action.Name; r.Done && r.Action.Entry != nil && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	switch {
	case len(names) == 1:
		return "secret " + names[0]
	case len(names) > 3:
		return fmt.Sprintf("secrets %s and %d more", strings.Join(names[:3], ", "), len(names)-3)
	}
	return "secrets " + strings.Join(names, ", ")
}

// moment is an absolute time as people say it.
func moment(t time.Time) string { return t.UTC().Format("15:04 UTC on 2 January") }

// Reminded says that the moment of the reminder has come.
type Reminded struct{}

func (Reminded) apply(c *change) error {
	if c.Reminder == nil || c.now.Before(c.Reminder.At) {
		return ErrTooLate
	}
	c.note(Person{}, c.Reminder.Text)
	c.tell(c.Reminder.Text, true)
	c.Reminder = nil
	return nil
}

// Pends tells that something has still to be done or said for the incident.
func (i Incident) Pends() bool { return !i.State.Over() || len(i.Outbox) > 0 || i.Reminder != nil }

// due is the next moment at which something happens to the incident by itself,
// besides its escalation.
func (i Incident) due() (time.Time, Event) {
	var at time.Time
	var event Event
	if i.Reminder != nil {
		at, event = i.Reminder.At, Reminded{}
	}
	if i.State == Asking && i.Decision != nil && (event == nil || i.Decision.Expires.Before(at)) {
		at, event = i.Decision.Expires, Lapsed{}
	}
	return at, event
}

// undo is the plan that puts back what was replaced, as long as copies are kept.
func (i Incident) undo(now time.Time) []runbook.Plan {
	if i.Compromised != nil {
		return nil
	}
	if p, ok := runbook.UndoPlan(i.receipts(), now); ok {
		return []runbook.Plan{p}
	}
	return nil
}

// undoable tells that an undo is still what it was when it was offered.
func (c *change) undoable(p runbook.Plan) bool {
	return slices.ContainsFunc(c.undo(c.now), func(now runbook.Plan) bool { return now.Hash == p.Hash })
}
