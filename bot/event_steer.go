package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// terminalTeam is the team of people who act from a terminal. No team of a chat
// has a name in small letters, so nobody there can be taken for one of them.
const terminalTeam = "terminal"

// InTerminal is the person who is known to the operating system by that name.
func InTerminal(name string) Person { return Person{Team: terminalTeam, ID: name} }

// FromTerminal tells that a person acts from a terminal, where the operating
// system vouches for them.
func (p Person) FromTerminal() bool { return p.Team == terminalTeam }

// Steering is what somebody does to an incident without the chat. The right to
// do it is the operating system's: who may reach the desk this way may steer.
type Steering struct {
	Key      string // business key, against double delivery
	By       Person // in the terminal
	Incident string // id
	Button   Button // Acknowledge, Snooze or CloseIt
	Reason   string
}

// Steer carries out a steering; when it returns without an error, it is
// recorded. A *DeclinedError says why it does not apply. It needs no chat.
func (d *Desk) Steer(ctx context.Context, s Steering) error {
	_, err := d.post(ctx, letter{id: s.Incident, event: Steered{Steering: s, Policy: &d.Policy}})
	return err
}

// DeclinedError says why something is not done that somebody asked for.
type DeclinedError struct{ Why string }

func (e *DeclinedError) Error() string { return e.Why }

// Steered records what somebody in a terminal did. Their right to it is proven
// before: there is no message in which it could have been pressed.
type Steered struct {
	Steering Steering
	Policy   *Policy // nil without a desk
}

func (e Steered) apply(c *change) error {
	s := e.Steering
	if !s.By.FromTerminal() || !steers(s.Button) {
		return &DeclinedError{Why: fmt.Sprintf("%q cannot be done from the terminal", s.Button)}
	}
	if err := c.once(s.Key); err != nil {
		return err
	}
	if c.State.Over() {
		return &DeclinedError{Why: "this incident is over already"}
	}
	press := Press{Key: s.Key, Person: s.By, Place: c.Place, Incident: c.ID, Button: s.Button, Reason: s.Reason}
	if err := (Granted{Press: press, For: snoozeFor, Policy: e.Policy}).apply(c); err != nil {
		return err
	}
	// What a clicker would be told where they clicked is told here, and then
	// nothing has happened.
	for _, due := range c.due {
		if due.Kind == DoWhisper {
			return &DeclinedError{Why: lowerFirst(due.Whisper.Text)}
		}
	}
	return nil
}

func steers(b Button) bool { return slices.Contains([]Button{Acknowledge, Snooze, CloseIt}, b) }

func lowerFirst(sentence string) string {
	sentence = strings.TrimSuffix(sentence, ".")
	if sentence == "" {
		return sentence
	}
	return strings.ToLower(sentence[:1]) + sentence[1:]
}
