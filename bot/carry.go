package bot

import (
	"context"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

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
		if a.frozen() != "" {
			return // a person decides when it is over
		}
		a.settled(ctx, l.Recovery)
	}
}

// settled is what a lasting recovery means: the rest of a plan may follow, or
// all is over once the rest of the cluster was looked at.
func (a *attendant) settled(ctx context.Context, r runbook.Recovery) {
	if a.incident.Canary() {
		a.clear = time.Time{}
		a.came(ctx, CanaryProven{Proof: r.Proof})
		return
	}
	if a.busy[doSurvey] {
		return
	}
	a.busy[doSurvey] = true
	i, d := a.incident, a.desk
	d.work.Go(func() {
		end := Recovered{Proof: r.Proof, After: r.After, Elsewhere: d.elsewhere(ctx, i)}
		if len(r.After) > 0 {
			end.Runbook = d.CrashLoop
		}
		a.report(ctx, settled{kind: doSurvey, event: proven{end}})
	})
}

// doSurvey is the last look at the rest of the cluster.
const doSurvey EffectKind = "survey"

// proven is the end of an incident, unless its pods fail again meanwhile.
type proven struct{ Recovered }

// surveyWithin bounds the look at the rest of the cluster: an incident ends
// without it, too.
const surveyWithin = 30 * time.Second

func (d *Desk) elsewhere(ctx context.Context, i Incident) int {
	if d.Lookout == nil {
		return -1
	}
	ctx, cancel := context.WithTimeout(ctx, surveyWithin)
	defer cancel()
	n, err := d.Lookout.Elsewhere(ctx, i)
	if err != nil {
		d.Log.Warn("looking at the rest of the cluster", "incident", i.ID, "err", err)
		return -1
	}
	return n
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
