package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pullfix/pullfix/bot"
)

// Unfinished returns the ids of all incidents that are not over or have
// something in their outbox, sorted; also of those that cannot be read now,
// because nobody knows whether they are over. Corrupt ones are not among them.
// It reads no document.
func (j *Journal) Unfinished(ctx context.Context) ([]string, error) {
	entries, err := j.keeper.List(ctx, false)
	if err != nil {
		return nil, fmt.Errorf("listing incidents: %w", err)
	}
	ids := make([]string, 0, len(entries))
	for _, e := range entries {
		ids = append(ids, e.name)
	}
	slices.Sort(ids)
	return ids, nil
}

// Recent returns up to n incidents: first the unfinished ones, the one opened
// last first, then the finished ones, the one that ended last first. Those that
// cannot be read are left out and logged.
func (j *Journal) Recent(ctx context.Context, n int) ([]bot.Incident, error) {
	open, err := j.keeper.List(ctx, false)
	if err != nil {
		return nil, fmt.Errorf("listing incidents: %w", err)
	}
	done, err := j.keeper.List(ctx, true)
	if err != nil {
		return nil, fmt.Errorf("listing finished incidents: %w", err)
	}
	// When an incident was opened stands inside of it; when it ended, outside.
	recent, err := j.load(ctx, open, len(open))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(recent, func(a, b bot.Incident) int {
		return cmp.Or(b.Opened.Compare(a.Opened), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(done, func(a, b entry) int {
		return cmp.Or(b.finished.Compare(a.finished), cmp.Compare(a.name, b.name))
	})
	ended, err := j.load(ctx, done, n-len(recent))
	if err != nil {
		return nil, err
	}
	recent = append(recent, ended...)
	return recent[:max(0, min(n, len(recent)))], nil
}

// EndedSince returns the finished incidents that ended at that moment or later,
// the one that ended last first. Those that cannot be read are left out and
// logged.
func (j *Journal) EndedSince(ctx context.Context, moment time.Time) ([]bot.Incident, error) {
	done, err := j.keeper.List(ctx, true)
	if err != nil {
		return nil, fmt.Errorf("listing finished incidents: %w", err)
	}
	moment = moment.Truncate(time.Second) // so exact are the names
	done = slices.DeleteFunc(done, func(e entry) bool { return e.finished.Before(moment) })
	slices.SortFunc(done, func(a, b entry) int {
		return cmp.Or(b.finished.Compare(a.finished), cmp.Compare(a.name, b.name))
	})
	return j.load(ctx, done, len(done))
}

// load reads documents until it has so many.
func (j *Journal) load(ctx context.Context, entries []entry, most int) ([]bot.Incident, error) {
	var incidents []bot.Incident
	for _, e := range entries {
		if len(incidents) >= most {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		i, _, err := j.Load(ctx, e.name)
		if err != nil {
			j.log.Warn("leaving out an incident", "incident", e.name, "err", err)
			continue
		}
		incidents = append(incidents, i)
	}
	return incidents, nil
}

// Prune deletes the incidents that were finished longer ago than they are to be
// kept, and returns how many. Open does it once; whoever runs for long calls it
// once a day.
func (j *Journal) Prune(ctx context.Context, now time.Time) (int, error) {
	entries, err := j.keeper.List(ctx, true)
	if err != nil {
		return 0, fmt.Errorf("listing finished incidents: %w", err)
	}
	var deleted int
	for _, e := range entries {
		if !e.finished.Before(now.Add(-j.keep)) {
			continue
		}
		err := j.cleaner.Delete(ctx, e)
		if errors.Is(err, errMoved) {
			continue // reopened meanwhile
		}
		if err != nil {
			return deleted, fmt.Errorf("deleting incident %s: %w", e.name, err)
		}
		deleted++
	}
	return deleted, nil
}
