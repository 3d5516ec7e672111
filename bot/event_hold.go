package bot

import (
	"fmt"
	"strings"
	"time"
)

// Snoozed says until when nobody is called again. What cannot wait is told all
// the same.
type Snoozed struct {
	Until  time.Time `json:"until"`
	By     Person    `json:"by"`
	Reason string    `json:"reason"`
}

// steer does what a press says about who is called, and about the end.
func (e Granted) steer(c *change) {
	switch e.Press.Button {
	case EscalateNow:
		if c.State.Over() {
			c.whisper(e.Press, "This incident is over.")
			return
		}
		c.escalate(e.Policy, WhenAsked, e.Press.Person)
	case Acknowledge:
		c.acknowledge(e.Press, e.Policy)
	case Snooze:
		c.snooze(e.Press, e.For, e.Policy)
	case Compromise:
		c.compromise(e.Press, e.Policy)
	case CloseIt:
		c.closeBy(e.Press)
	case Reopen:
		c.reopen(e.Press)
	}
}

// acknowledge stops repetitions and further levels of what was told so far; the
// incident stays open, and what is new is told.
func (c *change) acknowledge(p Press, policy *Policy) {
	if c.State.Over() {
		c.whisper(p, "This incident is over.")
		return
	}
	c.note(p.Person, "acknowledged")
	c.Acknowledged, c.Snoozed = &p.Person, nil
	c.postpone(policy)
}

// snooze moves the next call. It needs a reason: whoever reads the timeline has
// to understand why nobody was called.
func (c *change) snooze(p Press, d time.Duration, policy *Policy) {
	reason := strings.TrimSpace(p.Reason)
	switch {
	case c.State.Over():
		c.whisper(p, "This incident is over.")
		return
	case reason == "":
		c.whisper(p, "A snooze needs a reason.")
		return
	}
	c.Snoozed = &Snoozed{Until: c.now.Add(d), By: p.Person, Reason: reason}
	c.note(p.Person, fmt.Sprintf("snoozed for %s: %s", roundly(d), reason))
	c.postpone(policy)
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

// postpone works out the deadline anew. Who steers without a desk knows no
// policy: then the deadline stands, and when it comes it is worked out.
func (c *change) postpone(policy *Policy) {
	switch {
	case policy != nil:
		c.Deadline = policy.due(*c.Incident)
	case c.Snoozed != nil && c.Deadline.Before(c.Snoozed.Until):
		c.Deadline = c.Snoozed.Until
	}
}

// reopenedFor is how long a reopened incident has until it escalates: people
// have waited once already.
const reopenedFor = 10 * time.Minute

// Reopened says when an incident was opened again, and how long it had from then
// until it escalates: conditions and levels count anew.
type Reopened struct {
	At    time.Time     `json:"at"`
	After time.Duration `json:"after"`
}
