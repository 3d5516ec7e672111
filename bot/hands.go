package bot

import (
	"context"
	"errors"

	"github.com/pullfix/pullfix/runbook"
)

// carry makes the wave of the change that has begun: exactly its actions, one
// after another, and nothing after the first that is refused. That it begins is
// recorded already; it is called once for a wave. What writes logs each write.
func (d *Desk) carry(ctx context.Context, e Effect, i Incident, by frozenChanges) Event {
	if !d.slot(ctx) {
		return nil
	}
	defer d.free()
	wave := i.Decision.begun()
	if i.Decision.Plan == nil || i.Decision.Halted != "" || len(wave) == 0 {
		return Overtaken{Effect: e.ID, Why: "the plan is no longer there"}
	}
	log := d.Log.With("incident", i.ID, "remedy", i.Decision.Remedy, "plan", i.Decision.PlanHash)
	approved, err := d.verified(ctx, i, *i.Decision.Plan)
	if err != nil {
		log.Warn("not carried out", "why", err)
		return Overtaken{Effect: e.ID, Why: err.Error()}
	}
	// A change that has begun is finished even when pullfix is told to stop.
	ctx = context.WithoutCancel(ctx)
	log.Info("carrying out", "approved", approved, "actions", len(wave), "of", len(i.Decision.Plan.Actions))
	receipts, err := runbook.CarryAll(ctx, by, wave, runbook.Actor{Incident: i.ID, Approved: approved})
	if overtaken, ok := errors.AsType[*runbook.OvertakenError](err); ok {
		log.Warn("overtaken, nothing was changed", "approved", approved, "why", overtaken.What)
		return Overtaken{Effect: e.ID, Why: overtaken.What}
	}
	return Carried{Effect: e.ID, Receipts: receipts, Frozen: by.frozen(wave) != ""}
}
