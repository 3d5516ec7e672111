package bot

import "time"

// Feedback is one person's answer to "were these steps right?".
type Feedback struct {
	At      time.Time `json:"at"`
	By      Person    `json:"by"`
	Helpful bool      `json:"helpful"`
	Text    string    `json:"text,omitempty"` // what was wrong or missing
}

// mostFeedback bounds the answers that are kept.
const mostFeedback = 100

// feedback keeps an answer; a person who answers again changes their mind.
func (c *change) feedback(p Press) {
	said := Feedback{At: c.now, By: p.Person, Helpful: p.Button == Helpful, Text: p.Reason}
	for n := range c.Feedback {
		if c.Feedback[n].By == p.Person {
			c.Feedback[n] = said
			return
		}
	}
	if len(c.Feedback) < mostFeedback {
		c.Feedback = append(c.Feedback, said)
	}
}

// takePostmortem makes the person the one who writes the postmortem. The first
// one stays, so that two clicks at once do not undo each other.
func (c *change) takePostmortem(p Press) {
	switch {
	case c.PostmortemOwner == nil:
		owner := p.Person
		c.PostmortemOwner = &owner
		c.note(p.Person, "takes the postmortem")
	case *c.PostmortemOwner == p.Person:
		c.whisper(p, "You have taken the postmortem already.")
	default:
		c.whisper(p, mention(*c.PostmortemOwner)+" has taken the postmortem already.")
	}
}
