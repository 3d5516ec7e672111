package bot

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// carry makes the change that was approved: exactly the plan, action after
// action, and nothing after the first that is refused. That it begins is
// recorded already; it is called once for an approval.
func (d *Desk) carry(ctx context.Context, e Effect, i Incident) Event {
	if !d.slot(ctx) {
		return nil
	}
	defer d.free()
	plan, ok := i.plan(i.Decision.Remedy)
	if !ok || len(i.Decision.Receipts) > 0 {
		return Overtaken{Effect: e.ID, Why: "the plan is no longer there"}
	}
	approved, err := d.verified(i, plan)
	if err != nil {
		return Overtaken{Effect: e.ID, Why: err.Error()}
	}
	// A change that has begun is finished even when pullfix is told to stop.
	ctx = context.WithoutCancel(ctx)
	actor := runbook.Actor{Incident: i.ID, Approved: approved}
	receipts, err := runbook.CarryAll(ctx, d.Changer, plan.Actions, actor)
	if overtaken, ok := errors.AsType[*runbook.OvertakenError](err); ok {
		return Overtaken{Effect: e.ID, Why: overtaken.What}
	}
	return Carried{Effect: e.ID, Receipts: receipts}
}

// verified checks, from the sealed records alone, that this plan may be carried
// out now: an edited journal approves nothing. What the document says of itself
// (how many are needed, until when, what the plan does) is worked out anew.
func (d *Desk) verified(i Incident, plan runbook.Plan) ([]string, error) {
	rule, _, found := d.Rules.approval(i.Target.Cluster, i.Target.Namespace, family(plan.Remedy.ID))
	if !found {
		return nil, errors.New("no rule allows it any more")
	}
	hash := runbook.PlanHash(plan.Actions)
	people, needed := []string{}, math.MaxInt
	for _, a := range i.Decision.Granted {
		if err := d.Seal.Verify(i.ID, a); err != nil {
			d.Log.Error("an approval does not verify", "incident", i.ID, "person", a.Person.ID, "err", err)
			return nil, errors.New("the record of an approval does not verify")
		}
		switch {
		case a.PlanHash != hash || a.Remedy != plan.Remedy.ID:
			return nil, errors.New("an approval is for another plan")
		case rule.Expires > 0 && time.Since(a.At) > rule.Expires:
			return nil, errors.New("an approval has expired")
		}
		needed = min(needed, max(a.Enough, 1))
		if !slices.Contains(people, a.Person.ID) {
			people = append(people, a.Person.ID)
		}
	}
	if len(people) < needed {
		return nil, errors.New("approvals are missing")
	}
	return people, nil
}

// look counts the incident's pods, and proves recovery or finds a new cause.
func (a *attendant) look(ctx context.Context) {
	if a.busy[DoWatch] {
		return
	}
	a.busy[DoWatch] = true
	i := a.incident
	a.desk.work.Go(func() { a.report(ctx, settled{kind: DoWatch, event: a.watch(ctx, i)}) })
}

// judgeAgain is how long after a verdict a watched incident that still fails is
// diagnosed again: a new cause shows then.
const judgeAgain = time.Minute

func (a *attendant) watch(ctx context.Context, i Incident) Event {
	r, over, err := a.desk.Engine.Recovery(ctx, i)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return Unwatchable{Why: err.Error()}
	}
	return looked{Recovering{Recovery: r}, over}
}

// looked is a look at the pods; the attendant decides what it means.
type looked struct {
	Recovering
	over bool
}

// saw handles a look: recovery counts only when it lasts for the settling
// window, and pods that go on failing are diagnosed again.
func (a *attendant) saw(ctx context.Context, l looked) {
	now := time.Now()
	a.came(ctx, l.Recovering)
	switch {
	case !l.over:
		a.clear = time.Time{}
		if a.incident.State == Watching && l.Recovery.Waiting > 0 && now.Sub(a.judged) >= judgeAgain && !a.busy[DoDiagnose] {
			a.judged = now
			a.came(ctx, Rejudge{})
		}
	case a.clear.IsZero():
		a.clear = now
		if a.desk.Settle > 0 {
			return
		}
		fallthrough
	case now.Sub(a.clear) >= a.desk.Settle:
		a.came(ctx, Recovered{Proof: l.Recovery.Proof, Elsewhere: -1})
	}
}

// Rejudge asks for another diagnosis.
type Rejudge struct{}

func (Rejudge) apply(c *change) error {
	if c.State.Over() {
		return ErrTooLate
	}
	c.follow(Effect{Kind: DoDiagnose})
	return nil
}

// page reaches out: the pager of the route, and whatever else is configured.
// One that confirms is enough for it to count as sent.
func (d *Desk) page(ctx context.Context, e Effect, i Incident) Event {
	p := Page{Action: PageTrigger, Key: i.ID, Incident: i.ID, Text: escalationText(i, e.Why), At: e.Made}
	if i.Verdict != nil {
		p.Severity, p.Details = i.Verdict.Severity, i.Verdict.Details
	}
	paged := Paged{Effect: e.ID}
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		for name, pager := range d.Pagers {
			if err := pager.Page(ctx, p); err != nil {
				paged.Failed = append(paged.Failed, name+": "+err.Error())
				continue
			}
			paged.Told = append(paged.Told, name)
		}
		if len(paged.Told) > 0 || len(d.Pagers) == 0 {
			return paged
		}
		if !sleep(ctx, pause) {
			return nil
		}
		paged.Failed = nil
	}
}

func severityOf(i Incident) string {
	if i.Verdict == nil || i.Verdict.Severity == "" {
		return runbook.P1
	}
	return i.Verdict.Severity
}
