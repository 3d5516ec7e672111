package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/cmd/pullfix/metrics"
)

// ledger is the store, counted: whether it works is asked of what it did last.
type ledger struct {
	bot.Store
	metrics *metrics.Metrics

	mu      sync.Mutex
	failing error // of the newest write, nil when it worked
	since   time.Time
}

// Load counts a read.
func (l *ledger) Load(ctx context.Context, id string) (bot.Incident, bot.Version, error) {
	i, v, err := l.Store.Load(ctx, id)
	l.metrics.Stored("load", unless(err, bot.ErrNoIncident))
	return i, v, err
}

// Save counts a write. A conflict is no failure: somebody was faster.
func (l *ledger) Save(ctx context.Context, i bot.Incident, expected bot.Version) (bot.Version, error) {
	v, err := l.Store.Save(ctx, i, expected)
	wrong := unless(err, bot.ErrConflict)
	l.metrics.Stored("save", wrong)
	l.mu.Lock()
	defer l.mu.Unlock()
	if wrong != nil && l.failing == nil {
		l.since = time.Now()
	}
	l.failing = wrong
	return v, err
}

// Unfinished counts a listing.
func (l *ledger) Unfinished(ctx context.Context) ([]string, error) {
	ids, err := l.Store.Unfinished(ctx)
	l.metrics.Stored("list", err)
	return ids, err
}

// trouble is why the newest write did not work, and since when none does.
func (l *ledger) trouble() (since time.Time, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.since, l.failing
}

func unless(err, harmless error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}
