package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// happen applies an event and saves; what follows is started only then. When
// somebody else has changed the document, it is read and the event applied anew.
// Calling people is the exception: that comes before the record, and a store
// that fails does not hold it up.
func (a *attendant) happen(ctx context.Context, event Event) error {
	for range 5 {
		next, effects, err := a.incident.Apply(event, a.clock.now())
		if err != nil {
			return err
		}
		if callsPeople(event) {
			a.desk.saved(a.incident, next)
			a.take(ctx, next, effects)
			a.unsaved = true
			a.store(ctx)
			return nil
		}
		version, missed, err := a.save(ctx, next)
		if errors.Is(err, ErrConflict) {
			if err := a.reload(ctx); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			a.doubtful = true
			a.catchUp(ctx, missed)
			return fmt.Errorf("saving incident %s: %w", a.id, err)
		}
		a.desk.saved(a.incident, next)
		a.version, a.unsaved = version, false
		a.take(ctx, next, effects)
		a.catchUp(ctx, missed)
		return nil
	}
	return fmt.Errorf("saving incident %s: %w", a.id, ErrConflict)
}

// callsPeople tells which events run ahead of the store: those that call people,
// and what came of it.
func callsPeople(event Event) bool {
	switch event.(type) {
	case Overdue, Raised, Paged:
		return true
	}
	return false
}

// take makes next the incident's state and starts what follows.
func (a *attendant) take(ctx context.Context, next Incident, effects []Effect) {
	if next.State == Changing || a.incident.State.Over() && !next.State.Over() {
		a.clear = time.Time{} // recovery has to last after that
	}
	a.incident = next
	a.publish()
	for _, e := range effects {
		a.start(ctx, e)
	}
}

// store saves a state that ran ahead; when that does not work it is tried again.
func (a *attendant) store(ctx context.Context) {
	version, missed, err := a.save(ctx, a.incident)
	switch {
	case err == nil:
		a.version, a.unsaved = version, false
	case errors.Is(err, ErrConflict):
		err = a.reload(ctx)
		fallthrough
	default:
		a.saveAt = a.clock.now().Add(retryAfter)
		if err != nil && ctx.Err() == nil {
			a.desk.Log.Error("recording an escalation", "incident", a.id, "err", err)
		}
	}
	a.catchUp(ctx, missed)
}

// reload reads what somebody else wrote. People who were called already must not
// be forgotten: who was called is carried over, and told if it is over.
func (a *attendant) reload(ctx context.Context) error {
	stored, version, err := a.desk.Store.Load(ctx, a.id)
	if err != nil {
		return fmt.Errorf("reading incident %s: %w", a.id, err)
	}
	if a.unsaved {
		stored = stored.clone()
		stored.adopt(a.incident)
	}
	a.incident, a.version, a.stale = stored, version, true
	a.publish()
	if a.unsaved && stored.State.Over() {
		if next, effects, err := stored.Apply(hungUp{}, a.clock.now()); err == nil {
			a.take(ctx, next, effects)
		}
	}
	return nil
}

// adopt takes over the escalations that another state has made since. Whom they
// called is told nothing older any more.
func (i *Incident) adopt(ahead Incident) {
	if len(ahead.Escalated) < len(i.Escalated) {
		return
	}
	for _, made := range ahead.Escalated[len(i.Escalated):] {
		i.Outbox = slices.DeleteFunc(i.Outbox, callsAny(made.Targets))
	}
	i.Escalated, i.Deadline, i.Sequence = ahead.Escalated, ahead.Deadline, max(i.Sequence, ahead.Sequence)
	i.Reached = union(i.Reached, ahead.Reached)
	for _, e := range ahead.Outbox {
		known := func(o Effect) bool { return o.Kind == e.Kind && o.Target == e.Target && o.Step == e.Step }
		if e.Kind == DoPage && !slices.ContainsFunc(i.Outbox, known) {
			i.Outbox = append(i.Outbox, e)
		}
	}
}

// hungUp ends the pages of an incident that somebody else ended.
type hungUp struct{}

func (hungUp) apply(c *change) error {
	c.hangUp()
	return nil
}

// saved is what became of writing a document.
type saved struct {
	version Version
	err     error
}

// save writes next. While the store is slow, or stuck, deadlines come all the
// same: people are called, and the moments are returned, for the state that
// counts afterwards.
func (a *attendant) save(ctx context.Context, next Incident) (Version, []time.Time, error) {
	done, expected := make(chan saved, 1), a.version
	a.desk.work.Go(func() {
		version, err := a.desk.Store.Save(ctx, next, expected)
		done <- saved{version, err}
	})
	var missed []time.Time
	state := next // runs ahead of what is written
	for {
		timer := time.NewTimer(a.untilDue(state))
		select {
		case s := <-done:
			timer.Stop()
			return s.version, missed, s.err
		case <-timer.C:
			now := a.clock.now()
			ahead, effects, err := state.Apply(Overdue{Policy: &a.desk.Policy}, now)
			if err != nil {
				continue
			}
			state, missed = ahead, append(missed, now)
			a.callAhead(ctx, state, effects)
		}
	}
}

func (a *attendant) untilDue(i Incident) time.Duration {
	if i.State.Over() || i.Deadline.IsZero() {
		return longestSleep
	}
	return min(max(i.Deadline.Sub(a.clock.now()), 0), longestSleep)
}

// callAhead calls people, and does nothing else that the effects ask for.
func (a *attendant) callAhead(ctx context.Context, i Incident, effects []Effect) {
	for _, e := range effects {
		if e.Kind == DoPage {
			a.call(ctx, i, e)
		}
	}
}

// catchUp brings the state to where the calls are that were made while the store
// did not answer: at the same moments the same follows.
func (a *attendant) catchUp(ctx context.Context, moments []time.Time) {
	for _, at := range moments {
		next, effects, err := a.incident.Apply(Overdue{Policy: &a.desk.Policy}, at)
		if err != nil {
			continue
		}
		a.take(ctx, next, effects)
		a.unsaved, a.saveAt = true, at
	}
}

// steady is a clock that is never set back: a deadline is not held up by a wrong
// clock that is put right. One that is put forward brings it nearer.
type steady struct{ began time.Time }

func (s steady) now() time.Time {
	now := time.Now()
	return s.at(now.Round(0), now.Sub(s.began))
}

// at is the wall's time, or how late it must be by the time that passed.
func (s steady) at(wall time.Time, passed time.Duration) time.Time {
	if by := s.began.Round(0).Add(passed); wall.Before(by) {
		return by
	}
	return wall
}
