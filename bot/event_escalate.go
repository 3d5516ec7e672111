package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// Escalated is one escalation: why, what was said, and who was reached.
type Escalated struct {
	At        time.Time `json:"at"`
	Condition Condition `json:"condition,omitempty"`
	Level     int       `json:"level,omitempty"`
	Folded    bool      `json:"folded,omitempty"` // long ago: only when and which condition are kept
	Why       string    `json:"why,omitempty"`
	By        Person    `json:"by,omitzero"`
	Severity  string    `json:"severity,omitempty"`
	Route     string    `json:"route,omitempty"` // names
	Text      string    `json:"text,omitempty"`
	Details   []string  `json:"details,omitempty"`
	Targets   []string  `json:"targets,omitempty"`  // that are called
	Fallback  []string  `json:"fallback,omitempty"` // that are called as well once none of Targets could be reached
	Told      []string  `json:"told,omitempty"`     // which targets confirmed
	Failed    []string  `json:"failed,omitempty"`   // which did not, and why
	Key       string    `json:"key,omitempty"`      // dedup key
}

// Overdue says that the deadline has passed: it is escalated for the first time,
// to the next level, or once more.
type Overdue struct{ Policy *Policy }

func (e Overdue) apply(c *change) error {
	if c.State.Over() || c.Deadline.IsZero() || c.now.Before(c.Deadline) {
		return ErrTooLate
	}
	if held := c.held(); held != nil {
		c.Deadline = *held // somebody steered who knew no policy
		return nil
	}
	why, last := WhenOverdue, c.lastEscalated()
	if last != nil && c.now.Before(e.Policy.base(*c.Incident).Add(e.Policy.After)) {
		why = last.Condition // it did not wait for its time
	}
	c.Snoozed = nil
	c.escalate(e.Policy, why, Person{})
	c.show()
	return nil
}

// held is until when nobody is called, zero for until there is news; nil when
// nothing holds it up.
func (c *change) held() *time.Time {
	switch {
	case c.Acknowledged != nil:
		return &time.Time{}
	case c.Snoozed != nil && c.now.Before(c.Snoozed.Until):
		return &c.Snoozed.Until
	}
	return nil
}

// Raised says that a condition holds that does not wait.
type Raised struct {
	Policy    *Policy
	Condition Condition
}

func (e Raised) apply(c *change) error {
	if c.State.Over() {
		return ErrTooLate
	}
	if c.raised(e.Condition) {
		return ErrSeen
	}
	c.escalate(e.Policy, e.Condition, Person{})
	c.show()
	return nil
}

// escalate calls people. A condition that they were not told of needs somebody
// to acknowledge anew. Whoever was reached stands there later: here it is only
// recorded who is called with what.
func (c *change) escalate(p *Policy, why Condition, by Person) {
	if !c.raised(why) {
		c.Acknowledged = nil
	}
	e := Escalated{At: c.now, Condition: why, By: by, Key: PageKey(c.ID), Level: p.level(*c.Incident, c.now), Severity: severityOf(*c.Incident)}
	e.Why = reason(why, *c.Incident, e)
	telling := p.telling(*c.Incident, by, c.now)
	if why == WhenDown && c.Down != nil {
		telling.Since = clock(c.Down.Since) // the registry; else it is since when pods wait
	}
	e.Text, e.Details = p.texts().fill(why, telling)
	var routes []string
	routes, e.Targets, e.Fallback = p.whom(*c.Incident, why, e.Level)
	e.Route = strings.Join(routes, ", ")
	c.Escalated = append(c.Escalated, e)
	c.note(by, "escalated: "+e.Why)
	c.call(e.Targets)
	if len(e.Targets) == 0 {
		c.tell("▲ "+e.Text+". Nobody will be paged: no target is configured for this.", true)
	}
	c.Deadline = p.due(*c.Incident)
}

// reason is why in the words of a timeline.
func reason(why Condition, i Incident, e Escalated) string {
	again := i.raised(why)
	switch {
	case why == WhenDown:
		return "the registry appears to be down"
	case why == WhenSpreading:
		return "the scope is expanding"
	case why == WhenCompromised:
		return "security incident"
	case why == WhenAsked && e.By != (Person{}):
		return "asked for by a person"
	case again && e.Level > 1:
		return fmt.Sprintf("still not acknowledged, level %d", e.Level)
	case again:
		return "still not acknowledged"
	}
	return "not resolved in " + roundly(e.At.Sub(i.Opened))
}

// call pages targets of the newest escalation. What still pends for them from an
// earlier one is superseded: the key is the same, and the newest says it all.
func (c *change) call(targets []string) {
	step := len(c.Escalated)
	older := callsAny(targets)
	c.Outbox, c.due = slices.DeleteFunc(c.Outbox, older), slices.DeleteFunc(c.due, older)
	for _, target := range targets {
		c.follow(Effect{Kind: DoPage, Target: target, Step: step})
	}
}

// callsAny finds what one of these targets is to be told.
func callsAny(targets []string) func(Effect) bool {
	return func(e Effect) bool { return e.calls() && slices.Contains(targets, e.Target) }
}

// Paged brings what a target answered: to the escalation of that number, or,
// when Step is 0 or below, to the end of the page.
type Paged struct {
	Target string
	Step   int
	Err    string // "" means that it confirmed
	Final  bool   // it is not tried again
	Place  Place  // of a call in the chat
}

func (e Paged) apply(c *change) error {
	if e.Err == "" || e.Final {
		answered := func(o Effect) bool {
			return o.calls() && o.Target == e.Target && o.Step == e.Step
		}
		c.Outbox = slices.DeleteFunc(c.Outbox, answered)
	}
	if e.Place.Message != "" && !slices.Contains(c.Calls, e.Place) {
		c.Calls = append(c.Calls, e.Place)
	}
	if e.Step < 1 || e.Step > len(c.Escalated) {
		return nil
	}
	at := &c.Escalated[e.Step-1]
	own := func(s string) bool { return strings.HasPrefix(s, e.Target+": ") }
	at.Failed = slices.DeleteFunc(slices.Clone(at.Failed), own)
	if e.Err != "" {
		at.Failed = append(at.Failed, e.Target+": "+e.Err)
		c.fallBack(at)
	} else if !slices.Contains(at.Told, e.Target) {
		at.Told = append(slices.Clone(at.Told), e.Target)
	}
	c.show()
	return nil
}

// fallBack calls the targets of the other route once none could be reached.
func (c *change) fallBack(at *Escalated) {
	if len(at.Told) > 0 || len(at.Failed) < len(at.Targets) || len(at.Fallback) == 0 || c.State.Over() || at != &c.Escalated[len(c.Escalated)-1] {
		return
	}
	targets := at.Fallback
	at.Targets, at.Fallback = append(slices.Clone(at.Targets), targets...), nil
	c.note(Person{}, "no target could be reached; falling back")
	c.call(targets)
}

// hangUp ends the page of an incident that is over: every target that was called
// is told, whether or not it was heard that it was reached. What still pends, also
// of an end before it was reopened, is superseded.
func (c *change) hangUp() {
	c.Outbox, c.due = slices.DeleteFunc(c.Outbox, Effect.calls), slices.DeleteFunc(c.due, Effect.calls)
	c.Deadline, c.Snoozed = time.Time{}, nil
	var targets []string
	for _, e := range c.Escalated {
		targets = append(targets, e.Targets...)
	}
	for _, target := range union(c.Reached, targets) {
		c.follow(Effect{Kind: DoResolve, Target: target, Step: -len(c.Escalated)})
	}
}

// Page is what the targets of an escalation are sent: of the one with that
// number, or, when it is 0 or below, that it is over.
func (i *Incident) page(step int, link string) Page {
	p := Page{
		Action: PageTrigger, Key: PageKey(i.ID), Incident: i.ID, Severity: severityOf(*i), Cluster: i.Target.Cluster, Namespace: i.Target.Namespace, Link: link,
	}
	if v := i.fault(); v != nil {
		p.Cause, p.Registry = string(v.Cause), v.Registry
	}
	if step >= 1 && step <= len(i.Escalated) {
		e := i.Escalated[step-1]
		p.Condition, p.Level, p.Severity, p.Text, p.Details, p.At = e.Condition, e.Level, orText(e.Severity, p.Severity), orText(e.Text, "not resolved, and still not acknowledged"), e.Details, e.At
		return p
	}
	p.Action, p.Text = PageResolve, "Over"
	if n := len(i.Escalated); n > 0 {
		p.Condition, p.Level = i.Escalated[n-1].Condition, i.Escalated[n-1].Level
	}
	if i.Ending != nil {
		p.At, p.Text = i.Ending.At, i.Ending.Resolution
	}
	return p
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func severityOf(i Incident) string {
	if v := i.fault(); v != nil && v.Severity != "" {
		return v.Severity
	}
	return runbook.P1
}
