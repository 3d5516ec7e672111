// Package control lets people steer incidents from a terminal on the machine
// where pullfix runs, for when the chat is down. It speaks over a socket beside
// the incidents; who may use it is the operating system's word.
package control

import (
	"context"
	"errors"
	"time"

	"github.com/pullfix/pullfix/bot"
)

// socketName is the socket's file, in the directory of the incidents.
const socketName = "control.sock"

// Bounds of what is said over the socket.
const (
	mostLine    = 8 << 10 // bytes of a request or an answer
	mostReason  = 500     // characters
	mostCallers = 8       // at the same time
	mostCurrent = 20      // incidents named in an answer
	lineTime    = 5 * time.Second
	answerTime  = 10 * time.Second
)

// Desk is where incidents are steered: a [bot.Desk], or [bot.Records] while none
// runs.
type Desk interface {
	Find(ctx context.Context, id string) (bot.Incident, error)
	Current(ctx context.Context) ([]bot.Incident, error)
	Steer(ctx context.Context, s bot.Steering) error
}

// Request is one steering, as it goes over the socket: one line of JSON.
type Request struct {
	Key      string     `json:"key"` // business key, against double delivery
	Do       bot.Button `json:"do"`
	Incident string     `json:"incident"`
	Reason   string     `json:"reason,omitempty"`
	For      string     `json:"for,omitempty"` // whom root says it acts for
}

// Outcome is the answer: one line of JSON.
type Outcome struct {
	By       string    `json:"by"`
	State    bot.State `json:"state,omitempty"`
	Deadline time.Time `json:"deadline,omitzero"`
	Fault    Fault     `json:"fault,omitempty"`
	Why      string    `json:"why,omitempty"`
	// Current names open incidents, when the one that was asked for is unknown.
	Current []Row `json:"current,omitempty"`
}

// Row is one open incident.
type Row struct {
	Incident string `json:"incident"`
	What     string `json:"what"`
}

// Fault is the kind of thing that stood in the way.
type Fault string

// The faults.
const (
	Unknown Fault = "unknown" // no such incident
	Refused Fault = "refused" // it does not apply, or the caller may not
	Trouble Fault = "trouble" // it could not be done
)

// Carry steers an incident by the word of a person in the terminal.
func Carry(ctx context.Context, desk Desk, r Request, by string) Outcome {
	said := Outcome{By: by}
	if len([]rune(r.Reason)) > mostReason {
		return said.failed(Refused, "the reason is longer than 500 characters")
	}
	_, err := desk.Find(ctx, r.Incident)
	if errors.Is(err, bot.ErrNoIncident) {
		return said.unknown(ctx, desk)
	}
	if err == nil {
		err = desk.Steer(ctx, bot.Steering{Key: r.Key, By: bot.InTerminal(by), Incident: r.Incident, Button: r.Do, Reason: r.Reason})
	}
	if refused, ok := errors.AsType[*bot.DeclinedError](err); ok {
		return said.failed(Refused, refused.Why)
	}
	if err != nil && !errors.Is(err, bot.ErrSeen) {
		return said.failed(Trouble, err.Error())
	}
	// It is recorded; how the incident stands now is only told.
	if i, err := desk.Find(ctx, r.Incident); err == nil {
		said.State, said.Deadline = i.State, i.Deadline
	}
	return said
}

func (o Outcome) failed(f Fault, why string) Outcome {
	o.Fault, o.Why = f, why
	return o
}

func (o Outcome) unknown(ctx context.Context, desk Desk) Outcome {
	o.Fault, o.Why = Unknown, "no such incident"
	current, err := desk.Current(ctx)
	if err != nil {
		return o // the incident is unknown all the same
	}
	for _, i := range current[:min(len(current), mostCurrent)] {
		o.Current = append(o.Current, Row{Incident: i.ID, What: i.Target.Namespace + "/" + i.Target.Name})
	}
	return o
}
