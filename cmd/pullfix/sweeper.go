package main

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// sweeps deletes the kept copies of former entries of pull secrets.
type sweeps interface {
	Sweep(ctx context.Context, now time.Time, known []runbook.Undo) (deleted int, err error)
	SweepAll(ctx context.Context, fingerprint string, known []runbook.Undo) (deleted int, err error)
}

// sweeper sweeps every cluster when the bot starts, and then again and again: a
// copy lives for a day, and not longer because nobody looked.
type sweeper struct {
	clusters  []namedCluster
	incidents func(ctx context.Context) ([]bot.Incident, error) // that may have kept copies
	log       *slog.Logger
}

// sweepEvery is how long a copy may outlive its day.
const sweepEvery = 10 * time.Minute

func (s sweeper) run(ctx context.Context) {
	next := time.NewTicker(sweepEvery)
	defer next.Stop()
	for {
		s.sweep(ctx)
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
	}
}

func (s sweeper) sweep(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, sweepEvery/2)
	defer cancel()
	incidents, err := s.incidents(ctx)
	if err != nil {
		s.log.WarnContext(ctx, "looking for kept copies of entries", "err", err)
	}
	for _, c := range s.clusters {
		broom, ok := c.writes.(sweeps)
		if !ok {
			continue // read-only: nothing is kept either
		}
		if n, err := broom.Sweep(ctx, time.Now(), kept(incidents, c.name)); err != nil {
			s.log.WarnContext(ctx, "sweeping kept copies of entries", "cluster", c.name, "deleted", n, "err", err)
		}
	}
}

// kept are the copies in a cluster that incidents know of.
func kept(incidents []bot.Incident, cluster string) []runbook.Undo {
	var known []runbook.Undo
	for _, i := range incidents {
		decisions := i.Past
		if i.Decision != nil {
			decisions = append(slices.Clone(decisions), *i.Decision)
		}
		for _, d := range decisions {
			for _, r := range d.Receipts {
				if r.Undo != nil && r.Action.Cluster == cluster {
					known = append(known, *r.Undo)
				}
			}
		}
	}
	return known
}
