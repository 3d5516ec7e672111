package bot

import (
	"context"
	"slices"
	"time"
)

// longestSleep bounds how long an attendant waits without looking at the clock:
// a machine that slept, or whose clock was put forward, is noticed within it.
const longestSleep = 30 * time.Second

// next is when the attendant has to do something by itself.
func (a *attendant) next() time.Time {
	moments := []time.Time{a.clock.now().Add(time.Hour)}
	if a.unsaved {
		moments = append(moments, a.saveAt)
	}
	if !a.incident.State.Over() {
		if !a.incident.Deadline.IsZero() {
			moments = append(moments, a.incident.Deadline)
		}
		if again := a.measureAgain(); !again.IsZero() {
			moments = append(moments, a.rested(again))
		}
		if again := a.askAgain(); !again.IsZero() {
			moments = append(moments, a.rested(again))
		}
		if a.watches() {
			moments = append(moments, a.rested(a.looked.Add(a.desk.Poll)))
		}
	}
	if at, event := a.incident.due(); event != nil {
		moments = append(moments, a.rested(at))
	}
	return slices.MinFunc(moments, time.Time.Compare)
}

// rested is a moment, or later while the store fails. Nobody waits for that who
// has to be called.
func (a *attendant) rested(at time.Time) time.Time {
	if at.Before(a.pause) {
		return a.pause
	}
	return at
}

// tick does what its time has come for. Calling people comes first, and waits
// for nothing.
func (a *attendant) tick(ctx context.Context) {
	now := a.clock.now()
	if due := a.incident.Deadline; !a.incident.State.Over() && !due.IsZero() && !now.Before(due) {
		a.came(ctx, Overdue{Policy: &a.desk.Policy})
	}
	if a.unsaved && !now.Before(a.saveAt) {
		a.store(ctx)
	}
	if now.Before(a.pause) {
		return
	}
	if at, event := a.incident.due(); event != nil && !now.Before(at) {
		a.came(ctx, event)
	}
	if again := a.measureAgain(); !again.IsZero() && !now.Before(again) {
		a.measured = now
		a.came(ctx, Rejudge{})
	}
	if again := a.askAgain(); !again.IsZero() && !now.Before(again) {
		a.judged = now
		a.came(ctx, Rejudge{})
	}
	if a.watches() && !now.Before(a.looked.Add(a.desk.Poll)) {
		a.looked = now
		a.look(ctx)
	}
}

// raise calls people for what does not wait for a deadline.
func (a *attendant) raise(ctx context.Context) {
	for _, why := range a.desk.Policy.raises(a.incident) {
		a.came(ctx, Raised{Policy: &a.desk.Policy, Condition: why})
	}
}

// measureAgain is when the registry has to be measured again: one failure of the
// network is no outage. Zero means not at all.
func (a *attendant) measureAgain() time.Time {
	again := a.desk.Policy.measureAgain(a.incident)
	if again.IsZero() || a.busy[DoDiagnose] {
		return time.Time{}
	}
	if earliest := a.measured.Add(a.desk.Policy.Down.Lasting); again.Before(earliest) {
		return earliest
	}
	return again
}

// askAgain is when an incident is diagnosed again of which nothing is known,
// since the cluster could not be asked. Zero means not at all.
func (a *attendant) askAgain() time.Time {
	i := a.incident
	if i.Verdict != nil || i.State != Open || i.Trouble == "" || a.busy[DoDiagnose] {
		return time.Time{}
	}
	return a.judged.Add(judgeAgain)
}

// hangUp ends the lines: nobody has to be told any more.
func (a *attendant) hangUp() {
	for _, l := range a.lines {
		close(l.wanted)
	}
}
