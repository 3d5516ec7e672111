package bot

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Event is something that happened to an incident.
type Event interface {
	apply(c *change) error
}

// The ways in which an event can be out of place. None of them is a fault of
// the program: people click twice, and Slack delivers at least once.
var (
	ErrSeen    = errors.New("already applied")
	ErrTooLate = errors.New("already decided")
)

// change is an incident while an event is applied to it.
type change struct {
	*Incident
	now time.Time
	due []Effect
}

// Apply returns the incident as it is after the event, and the effects that
// follow. It is pure: the effects also pend in the outbox of the document, to
// be done once it is saved.
func (i Incident) Apply(event Event, now time.Time) (Incident, []Effect, error) {
	next := i.clone()
	c := &change{Incident: &next, now: now}
	if err := event.apply(c); err != nil {
		return i, nil, err
	}
	next.Outbox = append(next.Outbox, c.due...)
	next.bound()
	return next, c.due, nil
}

// clone copies what events write to; verdicts, cases and plans are replaced,
// never written to.
func (i Incident) clone() Incident {
	i.Keys, i.Timeline, i.Outbox = slices.Clone(i.Keys), slices.Clone(i.Timeline), slices.Clone(i.Outbox)
	i.Seen, i.Earlier, i.Escalated = slices.Clone(i.Seen), slices.Clone(i.Earlier), slices.Clone(i.Escalated)
	i.Feedback, i.Past = slices.Clone(i.Feedback), slices.Clone(i.Past)
	i.Grounds = slices.Clone(i.Grounds)
	i.Calls = slices.Clone(i.Calls)
	if i.Decision != nil {
		d := *i.Decision
		d.Granted, d.Receipts = slices.Clone(d.Granted), slices.Clone(d.Receipts)
		i.Decision = &d
	}
	return i
}

// follow adds an effect. Redraws coalesce: the drawing is of the whole state.
func (c *change) follow(e Effect) {
	if e.Kind == DoShow && slices.ContainsFunc(append(slices.Clone(c.Outbox), c.due...), func(o Effect) bool { return o.Kind == DoShow }) {
		return
	}
	if (e.Kind == DoShow || e.Kind == DoTell) && c.Place.Channel == "" && c.Asked == (Person{}) {
		return // nobody asked, and it has no place (yet)
	}
	c.Sequence++
	e.ID, e.Made = fmt.Sprintf("e%d", c.Sequence), c.now
	c.due = append(c.due, e)
}

func (c *change) show() {
	c.Drawing++
	c.follow(Effect{Kind: DoShow})
}

// tell says something in the thread; what needs people is broadcast.
func (c *change) tell(text string, broadcast bool) {
	c.follow(Effect{Kind: DoTell, Notice: &Notice{Key: fmt.Sprintf("%s-%d", c.ID, c.Sequence+1), Text: text, Broadcast: broadcast}})
}

// tellTimeline says in the thread what happened, now that it is over.
func (c *change) tellTimeline() {
	c.follow(Effect{Kind: DoTell, Notice: &Notice{Key: fmt.Sprintf("%s-%d", c.ID, c.Sequence+1), Text: "Timeline", Timeline: true}})
}

func (c *change) whisper(p Press, text string) {
	c.follow(Effect{Kind: DoWhisper, Whisper: &Whisper{To: p.Person, Place: p.Place, Text: text}})
}

func (c *change) note(by Person, what string) {
	c.Timeline = append(c.Timeline, Entry{At: c.now, By: by, What: cut(what, longestLine)})
}

// mostSeen bounds the keys that are remembered; ten minutes of an eager crowd
// are far fewer.
const mostSeen = 200

// once refuses a key that is applied already.
func (c *change) once(key string) error {
	if slices.Contains(c.Seen, key) {
		return ErrSeen
	}
	c.Seen = append(c.Seen, key)
	if len(c.Seen) > mostSeen {
		c.Seen = c.Seen[len(c.Seen)-mostSeen:]
	}
	return nil
}

// Done takes an effect out of the outbox.
type Done struct{ Effect string }

func (e Done) apply(c *change) error {
	c.Outbox = slices.DeleteFunc(c.Outbox, func(o Effect) bool { return o.ID == e.Effect })
	return nil
}

// Shown records where the incident's message stands. The drawing may have begun
// before the newest change; then it is drawn once more.
type Shown struct {
	Effect  string
	Place   Place
	Drawing int // of the state that was drawn
}

func (e Shown) apply(c *change) error {
	if c.Place.Message == "" {
		c.Place = e.Place
	}
	if err := (Done{Effect: e.Effect}).apply(c); err != nil {
		return err
	}
	if e.Drawing < c.Drawing {
		c.follow(Effect{Kind: DoShow})
	}
	return nil
}
