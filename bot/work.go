package bot

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// settled is the end of work of one kind, with the event that it results in.
type settled struct {
	kind  EffectKind
	event Event
}

func (settled) apply(*change) error { return nil }

// start begins what an effect asks for. What goes to the chat goes in order;
// everything else side by side, so that a slow chat delays nothing else.
func (a *attendant) start(ctx context.Context, e Effect) {
	a.begun[started(e)] = true
	switch e.Kind {
	case DoShow, DoTell, DoWhisper:
		a.say(e)
	case DoPage, DoResolve:
		a.call(ctx, a.incident, e)
	case DoWatch:
		a.looked = time.Time{}
		a.came(ctx, Done{Effect: e.ID})
	default:
		a.busy[e.Kind] = true
		i := a.incident
		a.desk.work.Go(func() { a.report(ctx, settled{kind: e.Kind, event: a.perform(ctx, e, i)}) })
	}
}

// perform does the work of an effect on the incident as it was when the effect
// was recorded, and returns what came of it.
func (a *attendant) perform(ctx context.Context, e Effect, i Incident) Event {
	switch e.Kind {
	case DoAdmit:
		return a.desk.admit(ctx, e, i)
	case DoCheck:
		return a.desk.check(ctx, e, i)
	case DoDiagnose:
		return a.diagnose(ctx, e, i)
	case DoCarry:
		return a.desk.carry(ctx, e, i, frozenChanges{a.desk.Changer, a.frozenFor})
	case DoForget:
		return a.desk.forget(ctx, e, i)
	case DoShare:
		return a.desk.share(ctx, e, i)
	case DoAlarm:
		return a.desk.alarm(ctx, e, i)
	}
	return Done{Effect: e.ID}
}

// slot waits for one of the workers; false when ctx ends first.
func (d *Desk) slot(ctx context.Context) bool {
	select {
	case d.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (d *Desk) free() { <-d.slots }

// slotFor is a slot for a diagnosis. First ones of incidents that nobody asked
// for have few: a cluster that breaks at once must not keep people waiting.
func (d *Desk) slotFor(ctx context.Context, i Incident) (free func(), ok bool) {
	if i.Asked != (Person{}) || i.Verdict != nil {
		return d.free, d.slot(ctx)
	}
	select {
	case d.spare <- struct{}{}:
	case <-ctx.Done():
		return nil, false
	}
	if !d.slot(ctx) {
		<-d.spare
		return nil, false
	}
	return func() { d.free(); <-d.spare }, true
}

// room is where an incident is shown that nobody asked for.
func (d *Desk) room(i Incident, v runbook.Verdict) Place {
	if i.Place.Channel != "" || d.Rooms == nil || i.Asked != (Person{}) {
		return Place{}
	}
	return d.Rooms.Room(i.Target, v)
}

func (a *attendant) diagnose(ctx context.Context, e Effect, i Incident) Event {
	d := a.desk
	free, ok := d.slotFor(ctx, i)
	if !ok {
		return nil
	}
	defer free()
	c, v, err := d.Engine.Diagnose(ctx, i.Target, a.ticks(i))
	var missing *runbook.NotFoundError
	if workload, ok := i.workload(); ok && errors.As(err, &missing) {
		c, v, err = d.Engine.Diagnose(ctx, workload, nil)
	}
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.As(err, &missing):
		return NotDiagnosed{Effect: e.ID, Why: d.noSuchObject(ctx, i, missing), Final: i.Verdict == nil, Place: d.room(i, runbook.Verdict{})}
	case err != nil:
		return NotDiagnosed{Effect: e.ID, Why: err.Error(), Place: d.room(i, runbook.Verdict{})}
	}
	found := Diagnosed{Effect: e.ID, Case: c, Verdict: v, Keys: rootCauseKeys(v), Place: d.room(i, v)}
	if holder := d.claim(ctx, i.ID, append(noticedKeys(i), found.Keys...)); holder != "" && i.Verdict == nil && !d.graver(ctx, v, holder) {
		found.Joins = holder
	}
	if d.Changer != nil && !d.Rules.ReadOnly && d.frost.over(Incident{Case: &c}) == "" {
		if found.Plans, err = d.Engine.Plan(ctx, c, v); err != nil {
			d.Log.Warn("planning remedies", "incident", i.ID, "err", err)
		}
		found.Plans = d.frost.unfrozen(found.Plans)
	}
	return found
}

// workload is what made the incident's pod, where that is known: once the pod is
// gone, those that were made since are looked at.
func (i Incident) workload() (runbook.Target, bool) {
	t := i.Target
	if i.Case == nil || i.Case.Facts.Workload == nil || !strings.EqualFold(orPod(t.Kind), "pod") {
		return t, false
	}
	t.Kind, t.Name = i.Case.Facts.Workload.Kind, i.Case.Facts.Workload.Name
	switch t.Kind {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob":
		return t, true
	}
	return i.Target, false
}

// graver tells that a verdict needs people more than the incident that stands
// for its root cause: joined to that one it would be told as less than it is.
func (d *Desk) graver(ctx context.Context, v runbook.Verdict, holder string) bool {
	other, err := d.Find(ctx, holder)
	if err != nil || other.Verdict == nil {
		return false
	}
	return v.Severity == runbook.P1 && other.Verdict.Severity != runbook.P1
}

func (d *Desk) claim(ctx context.Context, id string, keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	holder, err := d.post(ctx, letter{id: id, claim: keys})
	if err != nil {
		return ""
	}
	return holder
}

// ticks passes the steps of the first diagnosis on to the drawing. Nothing is
// recorded, and nothing waits for it.
func (a *attendant) ticks(i Incident) runbook.Progress {
	if i.Verdict != nil {
		return nil
	}
	return func(t runbook.Tick) {
		select {
		case a.steps <- t:
		default:
		}
	}
}

// step draws a step of the running diagnosis.
func (a *attendant) step(t runbook.Tick) {
	if a.incident.Verdict != nil {
		return
	}
	a.incident.Progress = withTick(slices.Clone(a.incident.Progress), t)
	a.publish()
	if a.incident.Place.Message != "" && a.drawing.CompareAndSwap(false, true) {
		a.say(Effect{Kind: DoShow})
	}
}

func withTick(progress []Progress, t runbook.Tick) []Progress {
	for n := range progress {
		if progress[n].Step == t.Step {
			progress[n].Done = progress[n].Done || t.Done
			return progress
		}
	}
	return append(progress, Progress{Step: t.Step, Note: t.Note, Done: t.Done})
}
