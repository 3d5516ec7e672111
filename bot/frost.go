package bot

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// frost is what is frozen: the fingerprints of credentials that may be in other
// hands, and the open incident that says so. Changes look at it at the last
// moment, from goroutines of their own, so a lock guards it.
type frost struct {
	mu sync.Mutex
	by map[string]map[string]bool // fingerprint to incidents
}

// keep takes the incident as it is now: it freezes its credentials while a
// compromise is declared and it is not over.
func (f *frost) keep(i Incident) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by == nil {
		f.by = map[string]map[string]bool{}
	}
	for print, holders := range f.by {
		if delete(holders, i.ID); len(holders) == 0 {
			delete(f.by, print)
		}
	}
	if i.Compromised == nil || i.State.Over() {
		return
	}
	for _, print := range i.Fingerprints() {
		if f.by[print] == nil {
			f.by[print] = map[string]bool{}
		}
		f.by[print][i.ID] = true
	}
}

// over returns the incident that freezes this one; "" when none does.
func (f *frost) over(i Incident) string {
	if i.Compromised != nil {
		return i.ID
	}
	return f.on(i.fingerprints())
}

// on returns an incident that freezes one of the credentials; "" when none does.
func (f *frost) on(prints []string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, print := range prints {
		if holders := slices.Sorted(maps.Keys(f.by[print])); len(holders) > 0 {
			return holders[0]
		}
	}
	return ""
}

// onActions returns an incident that freezes a credential that the actions would
// write, or write over; "" when none does.
func (f *frost) onActions(actions []runbook.Action) string {
	var prints []string
	for _, a := range actions {
		if a.Entry != nil {
			prints = append(prints, a.Entry.Was, a.Entry.Becomes)
		}
	}
	return f.on(prints)
}

// unfrozen are the plans that write no credential that is frozen.
func (f *frost) unfrozen(plans []runbook.Plan) []runbook.Plan {
	return slices.DeleteFunc(plans, func(p runbook.Plan) bool { return f.onActions(p.Actions) != "" })
}

// frozen returns the incident whose declared compromise forbids to change
// anything for this one; "" when none does.
func (a *attendant) frozen() string { return a.desk.frost.over(*a.current.Load()) }

// frozenFor is frozen, for actions that are about to be carried out.
func (a *attendant) frozenFor(actions []runbook.Action) string {
	if incident := a.frozen(); incident != "" {
		return incident
	}
	return a.desk.frost.onActions(actions)
}

// Carry makes the change unless a compromise was declared meanwhile.
func (f frozenChanges) Carry(ctx context.Context, action runbook.Action, by runbook.Actor) (runbook.Receipt, error) {
	by.Halt = func() error {
		if incident := f.frozen([]runbook.Action{action}); incident != "" {
			return frozenError(incident)
		}
		return nil
	}
	if err := by.Halt(); err != nil {
		return runbook.Receipt{}, err
	}
	return f.Changer.Carry(ctx, action, by)
}

// frozenAnswer is what an approver hears.
func frozenAnswer(incident string) string {
	return fmt.Sprintf("A security incident is declared about this credential (incident %s): pullfix changes nothing until it is closed.", incident)
}

// forget has the undo copies removed, for as long as it takes.
func (d *Desk) forget(ctx context.Context, e Effect, i Incident) Event {
	for pause := firstPause; d.Freezer != nil; pause = min(2*pause, longPause) {
		err := d.Freezer.Forget(ctx, i, d.remembered(ctx))
		if err == nil {
			break
		}
		d.Log.Error("removing undo copies of a credential that may be compromised", "incident", i.ID, "err", err)
		if !sleep(ctx, pause) {
			return nil
		}
	}
	return Forgotten{Effect: e.ID}
}

// keptAtMost is for how long a copy of a former entry may be kept, and a day more.
const keptAtMost = 48 * time.Hour

// remembered are the incidents that may know of copies: the open ones, and those
// that ended lately.
func (d *Desk) remembered(ctx context.Context) []Incident {
	all, err := d.Current(ctx)
	if err != nil {
		d.Log.Warn("reading the open incidents, for the copies that they keep", "err", err)
	}
	if d.Archive == nil {
		return all
	}
	ended, err := d.Archive.EndedSince(ctx, time.Now().Add(-keptAtMost))
	if err != nil {
		d.Log.Warn("reading what ended lately, for the copies that it keeps", "err", err)
	}
	return append(all, ended...)
}

// mostLooks bounds how often the cluster is asked where a credential stands
// before people are told without it.
const mostLooks = 5

// share tells the security channel where the credential stands, and nobody else.
func (d *Desk) share(ctx context.Context, e Effect, i Incident) Event {
	route, ok := d.Policy.SecurityRoute(i)
	if !ok || route.Channel == "" || d.Caller == nil {
		return Shared{Effect: e.ID}
	}
	call := Call{Key: i.ID + "-sharing", Channel: route.Channel, Text: "Where the credential of incident " + i.ID + " stands"}
	call.Details = append(call.Details, "Declared by "+mention(i.Compromised.By)+": "+i.Compromised.Reason)
	call.Details = append(call.Details, d.sharing(ctx, i)...)
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		place, err := d.Caller.Call(ctx, i, call)
		if err == nil {
			return Shared{Effect: e.ID, Told: true, Place: place}
		}
		d.Log.Warn("telling the security channel", "incident", i.ID, "err", err)
		if !sleep(ctx, pause) {
			return nil
		}
	}
}

// sharing are the Secrets with the credential, as far as pullfix can see them.
func (d *Desk) sharing(ctx context.Context, i Incident) []string {
	if d.Freezer == nil {
		return []string{"pullfix cannot look for it here."}
	}
	var names []string
	var err error
	for try := 1; try <= mostLooks; try++ {
		if names, err = d.Freezer.Sharing(ctx, i); err == nil || len(names) > 0 || !sleep(ctx, time.Duration(try)*firstPause) {
			break
		}
	}
	slices.Sort(names)
	var lines []string
	if len(names) > 0 {
		lines = append(lines, "The same credential stands in "+counted(len(names), "Secret")+": "+strings.Join(names, ", "))
	} else {
		lines = append(lines, "No Secret that pullfix may read holds it.")
	}
	if err != nil {
		lines = append(lines, "Not everything could be read: "+err.Error())
	}
	return lines
}
