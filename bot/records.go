package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Records are the stored incidents, read and steered without a desk.
type Records struct{ Store Store }

// Find returns an incident as it is stored.
func (r Records) Find(ctx context.Context, id string) (Incident, error) {
	i, _, err := r.Store.Load(ctx, id)
	if err != nil {
		return Incident{}, fmt.Errorf("reading incident %s: %w", id, err)
	}
	return i, nil
}

// Current returns the incidents that are not over, oldest first.
func (r Records) Current(ctx context.Context) ([]Incident, error) {
	ids, err := r.Store.Unfinished(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading unfinished incidents: %w", err)
	}
	var current []Incident
	for _, id := range ids {
		i, err := r.Find(ctx, id)
		switch {
		case errors.Is(err, ErrNoIncident):
		case err != nil:
			return nil, err
		case !i.State.Over():
			current = append(current, i)
		}
	}
	slices.SortFunc(current, func(a, b Incident) int { return a.Opened.Compare(b.Opened) })
	return current, nil
}

// Steer carries out a steering while no desk runs: the event is applied to the
// stored incident, and what follows pends until a desk takes it up.
func (r Records) Steer(ctx context.Context, s Steering) error {
	i, version, err := r.Store.Load(ctx, s.Incident)
	if err != nil {
		return fmt.Errorf("reading incident %s: %w", s.Incident, err)
	}
	next, _, err := i.Apply(Steered{Steering: s}, time.Now())
	if err != nil {
		return err
	}
	if _, err := r.Store.Save(ctx, next, version); err != nil {
		return fmt.Errorf("saving incident %s: %w", s.Incident, err)
	}
	return nil
}
