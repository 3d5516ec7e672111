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
	unsaved  bool      // the incident ran ahead of the store, since people are called first
	saveAt   time.Time // when it is tried again to save it
	clock    steady
	lines    map[string]*line    // to those who are called
	rung     map[ring]*Paged     // what they were told, with the answer once it is final
	busy     map[EffectKind]bool // work that is under way
	begun    map[string]bool     // effects that this process has started, of those that pend
	doubtful bool                // a save failed, and may have taken effect all the same
	stale    bool                // the document was read anew: it may hold effects that nobody started
	pause    time.Time           // until when nothing is begun by itself: the store failed
	looked   time.Time           // when its pods were last looked at
	judged   time.Time           // when it was last diagnosed
	measured time.Time           // when a registry that seems down was last measured again
	clear    time.Time           // since when recovery is seen, without a break
}

var errBusy = errors.New("too much is happening to this incident at once; try again in a minute")

// attend runs until the incident is over and idle, or ctx ends.
func (a *attendant) attend(ctx context.Context, o *Opening) {
	for err := a.begin(ctx, o); err != nil; err = a.begin(ctx, nil) {
		if o != nil || errors.Is(err, ErrNoIncident) {
			a.refuseAll(ctx, err)
			return
		}
		if !a.refuse(ctx, err) {
			return
		}
	}
	a.publish()
	defer a.hangUp()
	a.desk.work.Go(func() { a.chat(ctx) })
	a.resume(ctx)
	for {
		timer := time.NewTimer(min(a.next().Sub(a.clock.now()), longestSleep))
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
		a.raise(ctx)
		a.takeUp(ctx)
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
	o.After = a.desk.Policy.After
	i, _ := Begin(*o, time.Now())
	version, err := a.desk.Store.Save(ctx, i, "")
	if err != nil { // it may be saved all the same
		if stored, v, readErr := a.desk.Store.Load(ctx, i.ID); readErr == nil {
			i, version, err = stored, v, nil
		}
	}
	if err != nil {
		return fmt.Errorf("opening incident %s: %w", a.id, err)
	}
	a.incident, a.version = i, version
	a.desk.saved(Incident{}, i)
	l := <-a.inbox
	l.reply <- reply{id: a.id}
	return nil
}

// refuse answers what comes for an incident that cannot be read for the moment,
// for a while: its deadline counts, so it has to be read in the end.
func (a *attendant) refuse(ctx context.Context, err error) bool {
	a.desk.Log.Error("attending", "incident", a.id, "err", err)
	timer := time.NewTimer(readAgain)
	defer timer.Stop()
	for {
		select {
		case l := <-a.inbox:
			l.reply <- reply{err: err}
		case <-timer.C:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// readAgain is the pause before a document is read again that could not be.
const readAgain = 5 * time.Second

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
		if a.clear.IsZero() || a.frozen() != "" {
			return // its pods fail again, or a person decides when it is over
		}
		event = e.Recovered
	}
	a.mark(event)
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

// mark keeps what the attendant itself has to remember of an event.
func (a *attendant) mark(event Event) {
	switch e := event.(type) {
	case Diagnosed, NotDiagnosed:
		a.judged = time.Now()
	case Unwatchable:
		a.clear = time.Time{} // what nobody saw did not last
	case Paged:
		if e.Err == "" || e.Final {
			a.rung[ring{e.Target, e.Step}] = &e
		}
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

// watches tells that the pods are worth looking at: there is a verdict.
func (a *attendant) watches() bool {
	return a.incident.Verdict != nil && (a.incident.State == Open || a.incident.State == Asking || a.incident.State == Watching)
}

func (a *attendant) finished() bool {
	if a.incident.Pends() || len(a.back) > 0 || a.unsaved {
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

// publish lets the chat see the newest state, and changes what is frozen.
func (a *attendant) publish() {
	i := a.incident
	a.current.Store(&i)
	a.desk.frost.keep(i)
}

func newAttendant(d *Desk, id string) *attendant {
	return &attendant{
		desk: d, id: id, inbox: make(chan letter, 64), back: make(chan Event, 64), lane: make(chan Effect, 1024),
		leave: make(chan bool), steps: make(chan runbook.Tick, 64), busy: make(map[EffectKind]bool), begun: make(map[string]bool),
		clock: steady{began: time.Now()}, lines: make(map[string]*line), rung: make(map[ring]*Paged),
	}
}
