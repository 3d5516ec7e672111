package bot

import (
	"context"
	"maps"
	"slices"
)

// takeUp starts what pends in a document that was read anew and that nobody has
// started: a save may take effect and still be answered with an error. A change
// among it is not begun, since it is not known whether it was.
func (a *attendant) takeUp(ctx context.Context) {
	if len(a.begun) > mostBegun {
		a.forgetDone()
	}
	if !a.stale {
		return
	}
	a.stale = false
	for _, e := range slices.Clone(a.incident.Outbox) {
		switch {
		case a.begun[e.ID]:
		case e.Kind == DoCarry:
			a.begun[e.ID] = true
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
	maps.DeleteFunc(a.begun, func(id string, _ bool) bool {
		return !slices.ContainsFunc(a.incident.Outbox, func(e Effect) bool { return e.ID == id })
	})
}
