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
	// Wide is since when it is over a threshold, without a break; Confirmed that
	// a later look saw that, too.
	Wide      time.Time `json:"wide,omitzero"`
	Confirmed bool      `json:"confirmed,omitempty"`
}

// Counted brings the pods and namespaces of this root cause, as a complete look
// at the cluster sees them. A partial look counts nothing.
type Counted struct {
	Scope runbook.Scope
	Sign  SpreadSign // when that is too wide; the desk fills it in
}

func (e Counted) apply(c *change) error {
	if c.State.Over() {
		return ErrTooLate
	}
	before := c.Spread
	next := Spread{First: e.Scope, FirstAt: c.now, Now: e.Scope, At: c.now}
	if before != nil {
		next.First, next.FirstAt, next.Wide = before.First, before.FirstAt, before.Wide
	}
	switch {
	case !e.Sign.exceeded(next.First, e.Scope):
		next.Wide = time.Time{}
	case next.Wide.IsZero():
		next.Wide = c.now
	default:
		next.Confirmed = c.now.Sub(next.Wide) >= e.Sign.Lasting
	}
	if before != nil && before.Now == next.Now && before.Wide.Equal(next.Wide) && before.Confirmed == next.Confirmed {
		return ErrSeen
	}
	c.Spread = &next
	return nil
}

// Count hands the scope of a root cause to the open incident that stands for it;
// ErrNoIncident when there is none. It may be told as often as somebody looks.
func (d *Desk) Count(ctx context.Context, key string, scope runbook.Scope) error {
	_, err := d.post(ctx, letter{key: key, event: Counted{Scope: scope, Sign: d.Policy.Spreading}})
	if errors.Is(err, ErrSeen) || errors.Is(err, ErrTooLate) {
		return nil
	}
	return err
}
