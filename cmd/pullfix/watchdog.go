package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/cmd/pullfix/metrics"
)

// watched is what the watchdog asks: the stored incidents, past the goroutines
// that attend to them, and whether the desk still answers.
type watched interface {
	Current(ctx context.Context) ([]bot.Incident, error)
	Ping(ctx context.Context) error
}

// watchdog looks whether deadlines are acted on. It trusts nobody: it reads the
// store and the clock.
type watchdog struct {
	desk    watched
	metrics *metrics.Metrics
	log     *slog.Logger
	every   time.Duration
	last    atomic.Pointer[sighting]
}

// sighting is what the watchdog saw last.
type sighting struct {
	at       time.Time
	troubles []string
}

// The patience of the watchdog. A deadline is acted on within milliseconds; a
// page is confirmed within seconds unless its target is down.
const (
	lookEvery     = 15 * time.Second
	lookTime      = 10 * time.Second
	mostOverdue   = time.Minute
	mostUnheard   = 5 * time.Minute
	staleAfter    = time.Minute // the watchdog itself is stuck
	namedTroubles = 5
)

// run looks until ctx ends.
func (w *watchdog) run(ctx context.Context) {
	for {
		w.look(ctx)
		timer := time.NewTimer(w.every)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

func (w *watchdog) look(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	now := time.Now()
	seen := metrics.Look{At: now}
	var troubles []string
	if err := w.desk.Ping(limited); err != nil {
		troubles = append(troubles, "the desk does not answer: "+err.Error())
	}
	current, err := w.desk.Current(limited)
	if ctx.Err() != nil {
		return // pullfix is told to stop
	}
	if err != nil {
		troubles = append(troubles, "the incidents cannot be read: "+err.Error())
	}
	seen.Current = current
	for _, i := range current {
		overdue, unheard := neglected(i, now)
		seen.Overdue, seen.Unconfirmed = max(seen.Overdue, overdue), max(seen.Unconfirmed, unheard)
		if overdue > mostOverdue {
			troubles = append(troubles, fmt.Sprintf("incident %s is overdue for %s and was not escalated", i.ID, overdue.Round(time.Second)))
		}
		if unheard > mostUnheard {
			troubles = append(troubles, fmt.Sprintf("incident %s: no target has confirmed its page for %s", i.ID, unheard.Round(time.Second)))
		}
	}
	seen.Content = len(troubles) == 0
	w.metrics.Looked(seen)
	w.tell(sighting{at: now, troubles: troubles})
}

// neglected is for how long the deadline of an incident has passed, and for how
// long it has called people without anybody confirming that they were reached.
func neglected(i bot.Incident, now time.Time) (overdue, unheard time.Duration) {
	if i.State.Over() {
		return 0, 0
	}
	if !i.Deadline.IsZero() {
		overdue = max(0, now.Sub(i.Deadline))
	}
	for _, e := range slices.Backward(i.Escalated) {
		if len(e.Told) > 0 || len(e.Targets) == 0 {
			break
		}
		unheard = now.Sub(e.At)
	}
	return overdue, unheard
}

// tell keeps the sighting, and logs what is new about it.
func (w *watchdog) tell(now sighting) {
	before := w.last.Swap(&now)
	switch {
	case len(now.troubles) > 0 && (before == nil || len(before.troubles) == 0):
		w.log.Error("the watchdog is not content; no heartbeat is sent", "why", strings.Join(now.troubles[:min(len(now.troubles), namedTroubles)], "; "))
	case len(now.troubles) == 0 && before != nil && len(before.troubles) > 0:
		w.log.Info("the watchdog is content again")
	}
}

// troubles are what stands in the way of calling people, none when all is well.
func (w *watchdog) troubles(now time.Time) []string {
	last := w.last.Load()
	switch {
	case last == nil:
		return []string{"the watchdog has not looked yet"}
	case now.Sub(last.at) > staleAfter:
		return []string{"the watchdog has not looked since " + last.at.UTC().Format(time.RFC3339)}
	}
	return slices.Clone(last.troubles)
}
