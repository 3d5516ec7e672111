package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Options are what a Desk needs. All are required but Changer, Freezer, Caller
// and Pagers: without a Changer nothing can be approved.
type Options struct {
	Store     Store
	Announcer Announcer
	Engine    Engine
	Changer   Changer
	Archive   Archive // nil: what ended before a restart is not remembered
	Rooms     Rooms   // nil: what nobody asked for is shown nowhere
	Lookout   Lookout // nil where the rest of the cluster is not looked at
	Freezer   Freezer // nil where nothing but the incident itself can be frozen
	Directory Directory
	Caller    Caller           // calls people in the chat; nil where nobody can
	Pagers    map[string]Pager // by the name of the target
	Policy    Policy
	Rules     Rules
	Seal      *Seal
	Observer  Observer // nil when nobody looks
	NewID     func() string
	Log       *slog.Logger
	Poll      time.Duration // between looks at the pods of an open incident
	Settle    time.Duration // for which nothing may fail before recovery counts
	Workers   int           // diagnoses and changes at the same time
	CrashLoop string        // link to the runbook for pods that crash after the pull
}

func (o Options) validate() error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, errors.New(what+" is missing"))
		}
	}
	need(o.Store != nil, "store")
	need(o.Announcer != nil, "announcer")
	need(o.Engine != nil, "engine")
	need(o.Directory != nil, "directory")
	need(o.Seal != nil, "seal")
	need(o.NewID != nil, "source of ids")
	need(o.Log != nil, "log")
	need(o.Poll > 0 && o.Settle >= 0, "a duration")
	need(o.Workers > 0, "number of workers")
	if err := o.Policy.validate(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Desk keeps all incidents going: one goroutine and one timer for each. What is
// shared between them is owned by the goroutine of Run alone.
type Desk struct {
	Options
	mail  chan letter
	idle  chan *attendant
	slots chan struct{}
	spare chan struct{} // of the slots, those for what nobody asked for
	work  sync.WaitGroup
	frost frost
}

// New makes a desk; Run brings it to life.
func New(o Options) (*Desk, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("the desk: %w", err)
	}
	return &Desk{Options: o, mail: make(chan letter), idle: make(chan *attendant), slots: make(chan struct{}, o.Workers), spare: make(chan struct{}, max(o.Workers/4, 1))}, nil
}

// letter is something for the desk: an ask, or an event for an incident.
type letter struct {
	ask    *Ask
	notice *Noticed
	digest *Digest
	id     string
	event  Event
	claim  []string // root-cause keys that the incident id wants to stand for
	ping   bool     // asks for nothing but a reply
	key    string   // a root-cause key, for the open incident that has it, in place of an id
	reply  chan reply
}

type reply struct {
	id  string
	err error
}

// Ask records that somebody wants a diagnosis, and returns the id of its
// incident once that is safe. The same ask again returns the same incident.
func (d *Desk) Ask(ctx context.Context, a Ask) (string, error) {
	return d.post(ctx, letter{ask: &a})
}

// Press records a press of a button; when it returns without an error the press
// is safe, and what follows comes later. ErrSeen means that it was recorded
// before.
func (d *Desk) Press(ctx context.Context, p Press) error {
	_, err := d.post(ctx, letter{id: p.Incident, event: Pressed{Press: p}})
	return err
}

func (d *Desk) post(ctx context.Context, l letter) (string, error) {
	l.reply = make(chan reply, 1)
	select {
	case d.mail <- l:
	case <-ctx.Done():
		return "", fmt.Errorf("handing it to the desk: %w", ctx.Err())
	}
	select {
	case r := <-l.reply:
		return r.id, r.err
	case <-ctx.Done():
		return "", fmt.Errorf("waiting for the desk: %w", ctx.Err())
	}
}

// Run resumes what was unfinished and keeps all incidents going until ctx ends;
// then it waits for what is being done.
func (d *Desk) Run(ctx context.Context) error {
	unfinished, err := d.Store.Unfinished(ctx)
	if err != nil {
		return fmt.Errorf("reading unfinished incidents: %w", err)
	}
	b := board{desk: d, attendants: make(map[string]*attendant), asked: make(map[string]string), holders: make(map[string]string), ended: make(map[string]ended)}
	for _, id := range unfinished {
		if i, _, err := d.Store.Load(ctx, id); err == nil { // the attendant reports what cannot be read
			b.recall(i)
			d.frost.keep(i)
		}
		b.attendant(ctx, id, nil)
	}
	for _, i := range d.endedLately(ctx) {
		b.bury(i)
	}
	for {
		select {
		case l := <-d.mail:
			b.deliver(ctx, l)
		case a := <-d.idle:
			b.retire(a)
		case <-ctx.Done():
			d.work.Wait()
			return nil
		}
	}
}

// endedLately are the incidents whose root cause may be back.
func (d *Desk) endedLately(ctx context.Context) []Incident {
	if d.Archive == nil {
		return nil
	}
	list, err := d.Archive.EndedSince(ctx, time.Now().Add(-returnsWithin))
	if err != nil {
		d.Log.Warn("reading what ended lately; what returns will be a new incident", "err", err)
	}
	return list
}

// Find returns an incident as it is stored.
func (d *Desk) Find(ctx context.Context, id string) (Incident, error) {
	return Records{Store: d.Store}.Find(ctx, id)
}

// Current returns the incidents that are not over, oldest first.
func (d *Desk) Current(ctx context.Context) ([]Incident, error) {
	return Records{Store: d.Store}.Current(ctx)
}
