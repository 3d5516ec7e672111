package bot

import (
	"context"
	"maps"
	"slices"
	"time"
)

// started names an effect for as long as the process lives. A state that was
// saved, and said not to be, may have another effect of the same number.
func started(e Effect) string {
	return e.ID + " " + string(e.Kind) + " " + e.Made.UTC().Format(time.RFC3339Nano)
}

// takeUp starts what pends in a document that was read anew and that nobody has
// started: a save may take effect and still be answered with an error. A change
// among it is not begun, since it is not known whether it was.
func (a *attendant) takeUp(ctx context.Context) {
	if len(a.begun) > mostBegun {
		a.forgetDone()
	}
	if a.doubtful && a.reload(ctx) == nil {
		a.doubtful = false
	}
	if !a.stale {
		return
	}
	a.stale = false
	for _, e := range slices.Clone(a.incident.Outbox) {
		switch {
		case a.begun[started(e)]:
		case e.Kind == DoCarry:
			a.begun[started(e)] = true
			a.came(ctx, Interrupted{Effect: e.ID})
		default:
			a.start(ctx, e)
		}
	}
}

// mostBegun is how many started effects are remembered before those that do not
// pend any more are forgotten.
const mostBegun = 1000

func (a *attendant) forgetDone() {
	maps.DeleteFunc(a.begun, func(name string, _ bool) bool {
		return !slices.ContainsFunc(a.incident.Outbox, func(e Effect) bool { return started(e) == name })
	})
}
