package bot

import (
	"fmt"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// Opening is how an incident begins: somebody asks, or pullfix notices.
type Opening struct {
	ID     string
	Ask    Ask
	After  time.Duration // until it escalates
	Reason string        // for the timeline
}

// Open begins an incident.
func Begin(o Opening, now time.Time) (Incident, []Effect) {
	i := Incident{
		Version: DocumentVersion, ID: o.ID, Target: o.Ask.Target, Asked: o.Ask.Person, Place: o.Ask.Place,
		State: Diagnosing, Opened: now, Deadline: now.Add(o.After),
	}
	c := &change{Incident: &i, now: now}
	c.note(o.Ask.Person, o.Reason)
	c.show()
	c.follow(Effect{Kind: DoDiagnose})
	i.Outbox = append(i.Outbox, c.due...)
	return i, c.due
}

// DocumentVersion is the version of the stored form of an Incident.
const DocumentVersion = 1

// Diagnosed brings a verdict, with the plans that can be approved on it.
type Diagnosed struct {
	Effect  string
	Case    runbook.Case
	Verdict runbook.Verdict
	Plans   []Plan
	Keys    []string
	// Joins is the open incident that already stands for this root cause, with
	// a link to it; "" when there is none.
	Joins string
}

func (e Diagnosed) apply(c *change) error {
	if err := (Done{Effect: e.Effect}).apply(c); err != nil {
		return err
	}
	if c.State.Over() {
		return nil
	}
	before := c.Verdict
	c.replaceVerdict(e)
	switch {
	case e.Joins != "":
		c.end(Person{}, "joins "+e.Joins)
	case e.Verdict.Cause == cause.None && before == nil:
		c.end(Person{}, e.Verdict.Summary)
	case e.Verdict.Cause == cause.None:
		c.toWatching("the pods no longer fail to pull")
	case before == nil:
		c.State = Open
		c.note(Person{}, "verdict: "+e.Verdict.Summary)
		c.follow(Effect{Kind: DoTell, Notice: &Notice{Key: c.ID + "-details", Text: e.Verdict.Summary, Details: true}})
		c.follow(Effect{Kind: DoWatch})
	default:
		c.again(*before, e.Verdict)
	}
	c.show()
	return nil
}

// replaceVerdict keeps the one before in Earlier when the cause is another.
func (c *change) replaceVerdict(e Diagnosed) {
	if c.Verdict != nil && c.Verdict.Cause != e.Verdict.Cause {
		c.Earlier = append(c.Earlier, Earlier{Cause: c.Verdict.Cause, Summary: c.Verdict.Summary, At: c.Opened, Until: c.now})
	}
	c.Case, c.Verdict, c.Plans, c.Progress = &e.Case, &e.Verdict, e.Plans, nil
	for _, key := range e.Keys {
		if !contains(c.Keys, key) {
			c.Keys = append(c.Keys, key)
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// again is a verdict after an earlier one: the same cause is only refreshed, a
// new one needs people.
func (c *change) again(before, now runbook.Verdict) {
	c.State = Open
	if before.Cause == now.Cause && before.Image == now.Image {
		return
	}
	text := fmt.Sprintf("Still failing, for another reason: %s (before: %s)", now.Summary, before.Summary)
	c.note(Person{}, text)
	c.tell(text, true)
}

func (c *change) toWatching(why string) {
	if c.State != Watching {
		c.State = Watching
		c.note(Person{}, why)
		c.follow(Effect{Kind: DoWatch})
	}
}

func (c *change) end(by Person, resolution string) {
	c.State = Closed
	c.Plans = nil
	c.Ending = &Ending{At: c.now, By: by, Resolution: resolution, Elsewhere: -1}
	c.note(by, resolution)
}

// NotDiagnosed says that the diagnosis itself did not work.
type NotDiagnosed struct {
	Effect string
	Why    string
	// Final means that the question was wrong: no such pod, or not to be asked.
	Final bool
}

func (e NotDiagnosed) apply(c *change) error {
	if err := (Done{Effect: e.Effect}).apply(c); err != nil {
		return err
	}
	c.Progress = nil
	if e.Final {
		c.end(Person{}, e.Why)
		c.show()
		return nil
	}
	c.Trouble = e.Why
	if c.State == Diagnosing {
		c.State = Open
	}
	c.note(Person{}, "cannot tell: "+e.Why)
	c.show()
	return nil
}
