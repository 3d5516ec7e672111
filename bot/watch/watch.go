// Package watch notices pods that wait for an image before anybody asks: it
// looks at a cluster again and again, groups what fails by root cause, and hands
// one of each group to the desk once the failure has settled. It asks the
// cluster little, and holds what fails, never the cluster.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// Cluster is what is looked at. It only reads.
type Cluster interface {
	// Look finds the pods that wait for an image: those that never ran, and, with
	// events, also those that kubelets' events lead to. Found is never called
	// twice at once. The error is for a look that saw nothing.
	Look(ctx context.Context, events bool, found func([]runbook.FailingPull)) (Seen, error)
	// Ignored tells whether a workload (KIND/NAME) or its namespace asks not to be
	// noticed.
	Ignored(ctx context.Context, namespace, workload string) (bool, error)
}

// Seen says how much a look saw. A look that is not complete proves nothing gone.
type Seen struct {
	Complete bool
	Gaps     []runbook.Gap
}

// Desk is what is told of what was noticed.
type Desk interface {
	Notice(ctx context.Context, n bot.Noticed) (string, error)
	Count(ctx context.Context, key string, scope runbook.Scope) error
	Digest(ctx context.Context, g bot.Digest) error
}

// Options are what a Watch needs. All are required but Room and Name.
type Options struct {
	Name    string // of the cluster, as people call it
	Cluster Cluster
	Desk    Desk
	Log     *slog.Logger
	// First is when pullfix first looked at the cluster. What waits since before
	// that is told once, in Room, and never pages.
	First time.Time
	Room  bot.Place
	// Pods is the pause between looks at pods that never ran, Events that between
	// looks that also follow kubelets' events.
	Pods, Events time.Duration
	// Settle is for how long a failure has to last, and be seen at least twice.
	Settle time.Duration
	// PerMinute bounds how many diagnoses are begun in a minute.
	PerMinute int
}

func (o Options) validate() error {
	switch {
	case o.Cluster == nil || o.Desk == nil || o.Log == nil:
		return errors.New("cluster, desk or log is missing")
	case o.Pods <= 0 || o.Events < o.Pods || o.Settle < 0:
		return errors.New("a pause makes no sense")
	case o.PerMinute <= 0:
		return errors.New("no diagnosis may be begun")
	}
	return nil
}

// Health says how the newest look went.
type Health struct {
	Cluster string
	Looked  time.Time // when the newest look ended that saw anything; zero before the first
	Failing int       // pods that wait for an image, as that look saw them
	Trouble string    // why the cluster cannot be read; "" when it can
	Since   time.Time // of the trouble
}

// Watch looks at one cluster. Only Run's goroutine touches what it remembers.
type Watch struct {
	Options
	health   atomic.Pointer[Health]
	memory   memory
	ignored  ignorance
	begun    []time.Time // diagnoses of the last minute
	followed time.Time   // when events were last followed
	said     map[string]bool
	digested bool
}

// New makes a watch; Run brings it to life.
func New(o Options) (*Watch, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("watching cluster %q: %w", o.Name, err)
	}
	o.First = o.First.Truncate(time.Second) // as exact as the cluster's own times
	w := &Watch{Options: o, memory: newMemory(), ignored: make(ignorance), said: make(map[string]bool)}
	w.health.Store(&Health{Cluster: o.Name})
	return w, nil
}

// Health tells how the newest look went. It is safe to be called at any time.
func (w *Watch) Health() Health { return *w.health.Load() }

// Run looks until ctx ends.
func (w *Watch) Run(ctx context.Context) error {
	for {
		w.look(ctx)
		timer := time.NewTimer(w.Pods)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// patience bounds one look; a cluster that answers more slowly cannot be read.
const patience = 2 * time.Minute

// look takes one look, and tells the desk what follows from it.
func (w *Watch) look(ctx context.Context) {
	events := w.followed.IsZero() || time.Since(w.followed) >= w.Events
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s := newSight(events)
	seen, err := w.Cluster.Look(within, events, s.add)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		w.troubled(ctx, err)
		return
	}
	if events {
		w.followed = time.Now()
	}
	complete := seen.Complete && !s.cut
	w.told(ctx, seen.Gaps)
	failing := w.memory.take(s, w.First, complete)
	w.readable(ctx, failing)
	w.tell(ctx, complete)
	w.digest(ctx, complete)
}

// troubled notes that the cluster cannot be read: nothing is known then, and
// nothing is concluded. It is said once.
func (w *Watch) troubled(ctx context.Context, err error) {
	h := w.Health()
	if h.Trouble == "" {
		h.Since = time.Now()
		w.Log.WarnContext(ctx, "a cluster cannot be read; nothing is noticed there", "cluster", w.Name, "err", err)
	}
	h.Trouble = err.Error()
	w.health.Store(&h)
}

func (w *Watch) readable(ctx context.Context, failing int) {
	if h := w.Health(); h.Trouble != "" {
		w.Log.InfoContext(ctx, "a cluster can be read again", "cluster", w.Name, "unread", time.Since(h.Since).Round(time.Second).String())
	}
	w.health.Store(&Health{Cluster: w.Name, Looked: time.Now(), Failing: failing})
}

// mostSaid bounds the memory of what was said.
const mostSaid = 200

// told says once what a look could not see.
func (w *Watch) told(ctx context.Context, gaps []runbook.Gap) {
	for _, g := range gaps {
		w.once(g.What+g.Why, func() {
			w.Log.WarnContext(ctx, "a part of a cluster cannot be seen", "cluster", w.Name, "what", g.What, "why", g.Why, "right", g.Grant)
		})
	}
}

// once does something the first time that it is asked for by this name.
func (w *Watch) once(name string, do func()) {
	if !w.said[name] && len(w.said) < mostSaid {
		w.said[name] = true
		do()
	}
}
