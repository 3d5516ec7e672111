package bot

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// attendant attends to one incident: only its goroutine reads and writes the
// incident, so no lock guards it.
type attendant struct {
	desk  *Desk
	id    string
	inbox chan letter
	back  chan Event  // results of the work it started
	lane  chan Effect // what goes to the chat, in order
	leave chan bool   // the board's answer to being idle
	steps chan runbook.Tick

	current atomic.Pointer[Incident] // what the chat draws: the newest state
	drawing atomic.Bool              // a drawing of a step is on its way

	incident Incident
	version  Version
	busy     map[EffectKind]bool // work that is under way
	pause    time.Time           // until when nothing is begun by itself: the store failed
	looked   time.Time           // when its pods were last looked at
	judged   time.Time           // when it was last diagnosed
	clear    time.Time           // since when recovery is seen, without a break
}

var errBusy = errors.New("too much is happening to this incident at once; try again in a minute")

// attend runs until the incident is over and idle, or ctx ends.
func (a *attendant) attend(ctx context.Context, o *Opening) {
	if err := a.begin(ctx, o); err != nil {
		a.refuseAll(ctx, err)
		return
	}
	a.publish()
	a.desk.work.Go(func() { a.chat(ctx) })
	a.resume(ctx)
	for {
		timer := time.NewTimer(time.Until(a.next()))
		select {
		case l := <-a.inbox:
			err := a.happen(ctx, l.event)
			l.reply <- reply{id: a.id, err: err}
		case event := <-a.back:
			a.came(ctx, event)
		case t := <-a.steps:
			a.step(t)
		case <-timer.C:
			a.tick(ctx)
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
		if a.finished() && a.mayLeave(ctx) {
			return
		}
	}
}

// begin loads the incident, or opens it.
func (a *attendant) begin(ctx context.Context, o *Opening) error {
	if o == nil {
		i, v, err := a.desk.Store.Load(ctx, a.id)
		a.incident, a.version = i, v
		if err != nil {
			return fmt.Errorf("reading incident %s: %w", a.id, err)
		}
		return nil
	}
	o.After = a.desk.After
	i, _ := Begin(*o, time.Now())
	version, err := a.desk.Store.Save(ctx, i, "")
	if err != nil {
		return fmt.Errorf("opening incident %s: %w", a.id, err)
	}
	a.incident, a.version = i, version
	a.desk.saved(Incident{}, i)
	l := <-a.inbox
	l.reply <- reply{id: a.id}
	return nil
}

// refuseAll answers what waits for an incident that cannot be attended to, and
// leaves.
func (a *attendant) refuseAll(ctx context.Context, err error) {
	a.desk.Log.Error("attending", "incident", a.id, "err", err)
	for {
		select {
		case l := <-a.inbox:
			l.reply <- reply{err: err}
		case a.desk.idle <- a:
			if <-a.leave {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// resume takes up what pended when pullfix stopped. A change that had begun is
// never repeated: pullfix looks what became of it.
func (a *attendant) resume(ctx context.Context) {
	for _, e := range a.incident.Outbox {
		if e.Kind == DoCarry {
			a.came(ctx, Interrupted{Effect: e.ID})
			continue
		}
		a.start(ctx, e)
	}
	if a.incident.Canary() {
		a.came(ctx, Resumed{})
	}
}

// happen applies an event and saves; what follows is started only then. When
// somebody else has changed the document, it is read and the event applied anew.
func (a *attendant) happen(ctx context.Context, event Event) error {
	for range 5 {
		next, effects, err := a.incident.Apply(event, time.Now())
		if err != nil {
			return err
		}
		version, err := a.desk.Store.Save(ctx, next, a.version)
		if errors.Is(err, ErrConflict) {
			if a.incident, a.version, err = a.desk.Store.Load(ctx, a.id); err != nil {
				return fmt.Errorf("reading incident %s: %w", a.id, err)
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("saving incident %s: %w", a.id, err)
		}
		a.desk.saved(a.incident, next)
		a.incident, a.version = next, version
		a.publish()
		for _, e := range effects {
			a.start(ctx, e)
		}
		return nil
	}
	return fmt.Errorf("saving incident %s: %w", a.id, ErrConflict)
}

// came applies the result of work that pullfix itself began.
func (a *attendant) came(ctx context.Context, event Event) {
	if s, ok := event.(settled); ok {
		a.busy[s.kind] = false
		event = s.event
	}
	switch e := event.(type) {
	case looked:
		a.saw(ctx, e)
		return
	case proven:
		if a.clear.IsZero() {
			return // its pods fail again
		}
		event = e.Recovered
	}
	if _, ok := event.(Diagnosed); ok {
		a.judged = time.Now()
	}
	if event == nil {
		return
	}
	err := a.happen(ctx, event)
	if err != nil && !errors.Is(err, ErrSeen) && !errors.Is(err, ErrTooLate) && ctx.Err() == nil {
		a.desk.Log.Error("applying what happened", "incident", a.id, "event", fmt.Sprintf("%T", event), "err", err)
		a.pause = time.Now().Add(retryAfter)
		a.retry(ctx, event)
	}
}

// retryAfter is the pause before a result that could not be saved is applied
// again: the store may be full or slow, and nothing may be lost.
const retryAfter = 2 * time.Second

func (a *attendant) retry(ctx context.Context, event Event) {
	a.desk.work.Go(func() {
		if sleep(ctx, retryAfter) {
			a.report(ctx, event)
		}
	})
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// report hands an event of its own work to the attendant.
func (a *attendant) report(ctx context.Context, event Event) {
	select {
	case a.back <- event:
	case <-ctx.Done():
	}
}

// next is when the attendant has to do something by itself.
func (a *attendant) next() time.Time {
	next := a.incident.Deadline
	if a.incident.State.Over() {
		next = time.Now().Add(time.Hour)
	}
	if at, event := a.incident.due(); event != nil && at.Before(next) {
		next = at
	}
	if look := a.looked.Add(a.desk.Poll); a.watches() && look.Before(next) {
		next = look
	}
	if next.Before(a.pause) {
		return a.pause
	}
	return next
}

// watches tells that the pods are worth looking at: there is a verdict.
func (a *attendant) watches() bool {
	return a.incident.Verdict != nil && (a.incident.State == Open || a.incident.State == Asking || a.incident.State == Watching)
}

func (a *attendant) tick(ctx context.Context) {
	now := time.Now()
	if !a.incident.State.Over() && !now.Before(a.incident.Deadline) {
		a.came(ctx, Overdue{Repeat: a.desk.Repeat})
	}
	if at, event := a.incident.due(); event != nil && !now.Before(at) {
		a.came(ctx, event)
	}
	if a.watches() && !now.Before(a.looked.Add(a.desk.Poll)) {
		a.looked = now
		a.look(ctx)
	}
}

func (a *attendant) finished() bool {
	if a.incident.Pends() || len(a.back) > 0 {
		return false
	}
	for _, b := range a.busy {
		if b {
			return false
		}
	}
	return true
}

// mayLeave asks the board, which alone knows that nothing is on its way.
func (a *attendant) mayLeave(ctx context.Context) bool {
	for {
		select {
		case a.desk.idle <- a:
			if <-a.leave {
				close(a.lane)
				return true
			}
			return false
		case l := <-a.inbox:
			err := a.happen(ctx, l.event)
			l.reply <- reply{id: a.id, err: err}
			return false
		case <-ctx.Done():
			return true
		}
	}
}

// publish lets the chat see the newest state.
func (a *attendant) publish() {
	i := a.incident
	a.current.Store(&i)
}

func newAttendant(d *Desk, id string) *attendant {
	return &attendant{
		desk: d, id: id, inbox: make(chan letter, 64), back: make(chan Event, 64), lane: make(chan Effect, 1024),
		leave: make(chan bool), steps: make(chan runbook.Tick, 64), busy: make(map[EffectKind]bool),
	}
}
