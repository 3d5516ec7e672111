package bot

import (
	"context"
	"errors"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// Noticed is a group of pods that wait for an image, which pullfix found by
// itself. One of them is diagnosed for all.
type Noticed struct {
	// Key is what they have in common as far as the kubelets' words tell. The
	// incident answers to it besides its proven root causes.
	Key    string
	Target runbook.Target // the one that is diagnosed
	Since  time.Time      // when the newest of them began to wait
	Reason string         // for the timeline
}

// ErrLeftAlone says that what was noticed is known and over: a person closed it
// and nothing new fails, or a moment ago nothing was wrong.
var ErrLeftAlone = errors.New("known, and left alone")

// Notice opens an incident for what pullfix found by itself, unless an open one
// stands for it already, and returns its id once that is safe. One that ended
// within the hour goes on in its thread. It may be told as often as somebody
// looks. Nobody asked, so nobody is admitted, and four eyes are two approvers.
func (d *Desk) Notice(ctx context.Context, n Noticed) (string, error) {
	return d.post(ctx, letter{notice: &n})
}

// Digest is what failed already when pullfix first looked at a cluster. It never
// pages, and nothing follows from it.
type Digest struct {
	ID    string // the same for the same cluster, so that it is told once
	Place Place
	Text  string
}

// Digest tells it, unless it was told before.
func (d *Desk) Digest(ctx context.Context, g Digest) error {
	switch _, err := d.Find(ctx, g.ID); {
	case err == nil:
		return nil
	case !errors.Is(err, ErrNoIncident):
		return err
	}
	_, err := d.post(ctx, letter{digest: &g})
	return err
}

// beginDigest is an incident that is over: it is there to be drawn, and to be
// found by who reads the message.
func beginDigest(g Digest, now time.Time) Incident {
	i := Incident{
		Version: DocumentVersion, ID: g.ID, State: Closed, Opened: now, Deadline: now, Place: g.Place,
		Ending: &Ending{At: now, Resolution: g.Text, Elsewhere: -1},
	}
	c := &change{Incident: &i, now: now}
	c.note(Person{}, g.Text)
	c.show()
	i.Outbox = append(i.Outbox, c.due...)
	return i
}

// Returned says that a root cause is back whose incident was over.
type Returned struct {
	Target runbook.Target // that fails now
	After  time.Duration  // until it escalates
}

func (e Returned) apply(c *change) error {
	if !c.State.Over() {
		return ErrTooLate
	}
	text := "It is back"
	if c.Ending != nil {
		text += ", " + roundly(c.now.Sub(c.Ending.At)) + " after it was over"
	}
	text += ": the same root cause. The incident goes on."
	c.revive(c.left(e.After))
	c.Target = e.Target
	c.note(Person{}, text)
	c.tell(text, true)
	c.follow(Effect{Kind: DoDiagnose})
	c.show()
	return nil
}

// left is what a root cause that comes and goes still has until it escalates: the
// time that it failed before counts, but for a quarter, so that it is not called
// for at once.
func (c *change) left(after time.Duration) time.Duration {
	from := c.Opened
	if c.Reopened != nil {
		from = c.Reopened.At
	}
	if c.Ending != nil {
		c.Spent += max(c.Ending.At.Sub(from), 0)
	}
	return max(after-c.Spent, after/4)
}

// revive opens an incident again that was over, with that long until it
// escalates. What was changed before stays on record.
func (c *change) revive(after time.Duration) {
	c.keepDecision()
	c.State, c.Ending, c.Decision, c.Recovery, c.Acknowledged, c.Spread = Open, nil, nil, nil, nil, nil
	if c.Verdict == nil {
		c.State = Diagnosing
	}
	c.Trouble = ""
	c.Snoozed, c.Down, c.Reopened = nil, nil, &Reopened{At: c.now, After: after}
	c.Deadline = c.now.Add(after)
}

// mostPast bounds the decisions that are kept.
const mostPast = 50

// keepDecision puts a change that was begun on record before another decision
// takes its place. What was approved in it is spent, so the plan is dropped.
func (c *change) keepDecision() {
	if c.Decision != nil && c.Decision.Started != nil && len(c.Past) < mostPast {
		past := *c.Decision
		past.Plan = nil
		c.Past = append(c.Past, past)
	}
}

// Adopted gives keys to an incident: another one joined it, and what was noticed
// as the other's is its own now.
type Adopted struct{ Keys []string }

func (e Adopted) apply(c *change) error {
	if c.State.Over() {
		return ErrTooLate
	}
	return c.addKeys(e.Keys)
}
