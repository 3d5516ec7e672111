package bot

import (
	"fmt"
	"slices"
	"time"
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
	if what := fmt.Sprintf("%s refused: %s", e.Press.Button, e.Why); !c.repeats(e.Press.Person, what) {
		c.note(e.Press.Person, what)
	}
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
	// Policy says who is called.
	Policy *Policy
}

func (e Granted) apply(c *change) error {
	if e.Effect != "" && !slices.ContainsFunc(c.Outbox, func(o Effect) bool { return o.ID == e.Effect }) {
		return ErrSeen // it was applied before: a save that was said to have failed
	}
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
	case Helpful, Unhelpful:
		c.feedback(e.Press)
	case TakePostmortem:
		c.takePostmortem(e.Press)
	case WriteReport:
		c.follow(Effect{Kind: DoTell, Notice: &Notice{Key: e.Press.Key, Report: true}})
	default:
		e.steer(c)
	}
	c.show()
	return nil
}

// mention is how a person stands in a text; the chat adapter resolves it.
func mention(p Person) string {
	if p.FromTerminal() {
		return p.ID + " in the terminal"
	}
	return "<@" + p.ID + ">"
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
		c.tellTimeline()
	}
}
