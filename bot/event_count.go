package bot

import (
	"context"
	"errors"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// Spread is how far a root cause reaches: pods whose containers wait, and their
// namespaces, counted by complete looks at the cluster. What tenants can write
// (events, messages, labels, alerts) is not counted.
type Spread struct {
	First   runbook.Scope `json:"first"`
	FirstAt time.Time     `json:"firstAt"`
	Now     runbook.Scope `json:"now"`
	At      time.Time     `json:"at"`
}

// Counted brings the pods and namespaces of this root cause, as a complete look
// at the cluster sees them. A partial look counts nothing.
type Counted struct{ Scope runbook.Scope }

func (e Counted) apply(c *change) error {
	switch {
	case c.State.Over():
		return ErrTooLate
	case c.Spread == nil:
		c.Spread = &Spread{First: e.Scope, FirstAt: c.now, Now: e.Scope, At: c.now}
	case c.Spread.Now == e.Scope:
		return ErrSeen
	default:
		c.Spread = &Spread{First: c.Spread.First, FirstAt: c.Spread.FirstAt, Now: e.Scope, At: c.now}
	}
	return nil
}

// Count hands the scope of a root cause to the open incident that stands for it;
// ErrNoIncident when there is none. It may be told as often as somebody looks.
func (d *Desk) Count(ctx context.Context, key string, scope runbook.Scope) error {
	_, err := d.post(ctx, letter{key: key, event: Counted{Scope: scope}})
	if errors.Is(err, ErrSeen) || errors.Is(err, ErrTooLate) {
		return nil
	}
	return err
}
