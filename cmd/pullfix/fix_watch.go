package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// carry makes the change as the desk does: the first namespace, and what is left
// in waves once that has recovered; then it watches until all has.
func (w *workshop) carry(ctx context.Context, plan runbook.Plan) error {
	w.answer.take(plan)
	by, began := w.actor(), time.Now()
	for from := 0; from < len(plan.Actions); {
		to := runbook.WaveEnd(plan.Actions, from)
		// What has begun is finished, whatever is pressed.
		receipts, err := runbook.CarryAll(context.WithoutCancel(ctx), w.engine, plan.Actions[from:to], by)
		if err != nil && from == 0 {
			return orderly(plan, err)
		}
		w.answer.Receipts = append(w.answer.Receipts, receipts...)
		if stop := stopped(plan, w.answer.Receipts, err); stop != nil {
			return stop
		}
		if from == 0 && to < len(plan.Actions) {
			w.note(fmt.Sprintf("%d of %d done; the rest follows once %s has recovered", to, len(plan.Actions), plan.Actions[0].Namespace))
			if err := w.watched(ctx, began, bot.Incident{State: bot.Watching, Decision: &bot.Decision{Plan: &plan, Started: &began, Begun: to}}); err != nil {
				return err
			}
		}
		from = to
	}
	if err := w.watched(ctx, began, bot.Incident{State: bot.Watching, Grounds: bot.GroundsOf(plan, w.target.Cluster)}); err != nil {
		return err
	}
	w.answer.Outcome = outcomeRecovered
	return nil
}

// stopped is the end of a change that did not go through: a refusal, a result of
// which nobody is sure, or a later wave whose state was gone.
func stopped(plan runbook.Plan, receipts []runbook.Receipt, overtaken error) error {
	done, why := 0, ""
	for _, r := range receipts {
		if r.Done {
			done++
			continue
		}
		why = fmt.Sprintf("%s %s/%s: %s", r.Action.Verb, r.Action.Namespace, r.Action.Name, r.Detail)
		if r.Unsure {
			return unsure(fmt.Errorf("%d of %d done; it is not known whether the next was: %s", done, len(plan.Actions), why), "look at the object before anything is repeated")
		}
	}
	if overtaken != nil {
		why = overtaken.Error()
	}
	if why == "" {
		return nil
	}
	return refused(fmt.Errorf("%d of %d done, and no more: %s", done, len(plan.Actions), why), "run it again: what is left is planned anew")
}

// watched looks until recovery is proven and lasts; an error says that it did
// not come. Pods that go on failing are diagnosed again: a new cause ends it.
func (w *workshop) watched(ctx context.Context, began time.Time, i bot.Incident) error {
	i.Target, i.Case, i.Verdict = w.kase.Facts.Target, &w.kase, &w.verdict
	ctx, cancel := context.WithDeadline(ctx, began.Add(w.watch))
	defer cancel()
	show, clear := w.pulling()
	defer clear()
	var since time.Time
	judged := time.Now()
	for {
		r, over, err := w.engine.Recovery(ctx, i)
		switch {
		case ctx.Err() != nil:
			return w.tooLate(ctx)
		case err != nil:
			since, w.answer.Trouble = time.Time{}, err.Error()
		default:
			w.answer.Recovery, w.answer.Trouble = &r, ""
			show(r)
			if !over {
				since = time.Time{}
			} else if since.IsZero() {
				since = time.Now()
			}
		}
		if !since.IsZero() && time.Since(since) >= w.patience.settle {
			return nil
		}
		if r.Waiting > 0 && time.Since(judged) >= fixAgain {
			judged = time.Now()
			if err := w.otherwise(ctx); err != nil {
				return err
			}
		}
		pause(ctx, w.patience.poll)
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// otherwise tells that the pods fail for another reason by now.
func (w *workshop) otherwise(ctx context.Context) error {
	before := w.verdict
	target := w.target
	if before.Workload != nil && target.Kind == "Pod" {
		target.Kind, target.Name = before.Workload.Kind, before.Workload.Name
	}
	_, v, err := w.engine.Diagnose(ctx, target, nil)
	if err != nil || v.Mended() || (v.Cause == before.Cause && v.Image == before.Image) {
		return nil // what cannot be told now is no new cause
	}
	switch v.Cause {
	case cause.None, cause.BackOffOnly, cause.Unknown:
		return nil
	}
	w.answer.Now = &v
	w.answer.Outcome = outcomeFailing
	return errFound
}

// tooLate ends a watch whose time is over, or that was interrupted. What could
// not be read is not known to fail.
func (w *workshop) tooLate(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		w.note("no longer watched; the change stays as it is")
		return ctx.Err()
	}
	if w.answer.Trouble != "" {
		w.answer.Outcome = outcomeUnknown
		return unsure(fmt.Errorf("the change is made, but recovery could not be watched: %s", w.answer.Trouble))
	}
	w.answer.Outcome = outcomeFailing
	return errFound
}

// note says something beside the answer.
func (w *workshop) note(text string) {
	if !w.json() {
		w.say(text)
	}
}

// pulling draws the pods on their way back, where there is a terminal.
func (w *workshop) pulling() (show func(runbook.Recovery), clear func()) {
	width := w.columns(w.stderr)
	if width == 0 || w.getenv("TERM") == "dumb" {
		return func(runbook.Recovery) {}, func() {}
	}
	write := func(text string) { _, _ = fmt.Fprint(w.stderr, "\r\x1b[K"+cut(text, width-1)) } // only a drawing
	return func(r runbook.Recovery) { write(barOf(r)) }, func() { write("") }
}

// barOf is how far the pods are: waiting, pulling, pulled, ready.
func barOf(r runbook.Recovery) string {
	if r.Wanted <= 0 {
		return "waiting for the workload"
	}
	const width = 12
	pulled := min(max(r.Pulled, 0), r.Wanted)
	full := pulled * width / r.Wanted
	return fmt.Sprintf("pulled %d/%d %s%s  waiting %d, pulling %d, ready %d",
		pulled, r.Wanted, strings.Repeat("▓", full), strings.Repeat("░", width-full), r.Waiting, r.Pulling, r.Ready)
}
