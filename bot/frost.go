package bot

import (
	"context"
	"fmt"
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
	by map[string]string // fingerprint to incident
}

// keep takes the incident as it is now: it freezes its credentials while a
// compromise is declared and it is not over.
func (f *frost) keep(i Incident) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by == nil {
		f.by = map[string]string{}
	}
	if i.Compromised == nil || i.State.Over() {
		for print, holder := range f.by {
			if holder == i.ID {
				delete(f.by, print)
			}
		}
		return
	}
	for _, print := range i.Fingerprints() {
		f.by[print] = i.ID
	}
}

// over returns the incident that freezes this one; "" when none does.
func (f *frost) over(i Incident) string {
	if i.Compromised != nil {
		return i.ID
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, print := range i.fingerprints() {
		if holder, ok := f.by[print]; ok {
			return holder
		}
	}
	return ""
}

// frozen returns the incident whose declared compromise forbids to change
// anything for this one; "" when none does.
func (a *attendant) frozen() string { return a.desk.frost.over(*a.current.Load()) }

// Carry makes the change unless a compromise was declared meanwhile.
func (f frozenChanges) Carry(ctx context.Context, action runbook.Action, by runbook.Actor) (runbook.Receipt, error) {
	if incident := f.frozen(); incident != "" {
		return runbook.Receipt{}, frozenError(incident)
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
		err := d.Freezer.Forget(ctx, i)
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
