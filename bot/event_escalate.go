package bot

import (
	"fmt"
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
)

// Overdue says that the deadline has passed.
type Overdue struct{ Repeat time.Duration }

func (e Overdue) apply(c *change) error {
	if c.State.Over() || c.now.Before(c.Deadline) {
		return ErrTooLate
	}
	c.Deadline = c.now.Add(e.Repeat)
	if c.Acknowledged != nil {
		return nil
	}
	c.escalate(Person{}, "not resolved in time")
	c.show()
	return nil
}

func (c *change) escalate(by Person, why string) {
	c.note(by, "escalated: "+why)
	c.Escalated = append(c.Escalated, Escalated{At: c.now, Why: why, By: by, Key: c.ID})
	c.follow(Effect{Kind: DoPage, Why: why})
}

// Paged brings the result of an escalation.
type Paged struct {
	Effect string
	Told   []string
	Failed []string
}

func (e Paged) apply(c *change) error {
	if len(c.Escalated) > 0 {
		last := &c.Escalated[len(c.Escalated)-1]
		last.Told, last.Failed = e.Told, e.Failed
	}
	c.show()
	return Done{Effect: e.Effect}.apply(c)
}

// escalationText is the first row of the escalation table.
func escalationText(i Incident, why string) string {
	text := fmt.Sprintf("%s: Container registry pull failure blocking deployments in %s", severityOf(i), i.Target.Namespace)
	if i.Verdict != nil && i.Verdict.Cause != cause.None {
		text += ": " + i.Verdict.Summary
	}
	return text + " (" + why + ")"
}
