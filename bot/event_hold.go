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
	before := c.Acknowledged
	if before != nil && *before == p.Person {
		c.whisper(p, "You have taken it already.")
		return
	}
	line, text := "acknowledged, and takes it", "Taken by "+mention(p.Person)
	if before != nil {
		line += " over from " + mention(*before)
		text = fmt.Sprintf("Taken over by %s from %s", mention(p.Person), mention(*before))
	}
	c.note(p.Person, line)
	c.tell(text+". Nobody is called again until there is news; the incident stays open.", false)
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
	case c.Acknowledged != nil:
		c.whisper(p, "It is taken by "+mention(*c.Acknowledged)+", so nobody is called again until there is news. There is nothing to snooze.")
		return
	}
	c.Snoozed = &Snoozed{Until: c.now.Add(d), By: p.Person, Reason: reason}
	until := clock(c.Snoozed.Until)
	c.note(p.Person, fmt.Sprintf("snoozed until %s: %s", until, reason))
	c.tell(fmt.Sprintf("Snoozed until %s by %s: %s", until, mention(p.Person), reason), false)
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
