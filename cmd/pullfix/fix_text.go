package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// The outcomes of fix.
const (
	outcomeFine      = "nothing-wrong"
	outcomePreview   = "preview" // nothing was asked for, or it was not confirmed
	outcomeRecovered = "recovered"
	outcomeFailing   = "still-failing"
	outcomeUnknown   = "unknown"
	outcomeRefused   = "refused"
)

// fixAnswer is what fix -o json prints; its keys are a fixed surface.
type fixAnswer struct {
	Outcome   string            `json:"outcome"`
	Verdict   runbook.Verdict   `json:"verdict"`
	Plans     []fixPlan         `json:"plans"`
	Remedy    string            `json:"remedy,omitempty"`
	Source    string            `json:"source,omitempty"`
	Receipts  []runbook.Receipt `json:"receipts"`
	Recovery  *runbook.Recovery `json:"recovery,omitempty"`
	Trouble   string            `json:"trouble,omitempty"`
	Now       *runbook.Verdict  `json:"now,omitempty"` // the new cause, where it fails for another one
	Elsewhere *int              `json:"elsewhere,omitempty"`
}

// fixPlan is one plan as people and programs see it.
type fixPlan struct {
	Remedy   string   `json:"remedy"`
	Source   string   `json:"source,omitempty"`
	Title    string   `json:"title"`
	Shows    []string `json:"shows"`
	Risk     string   `json:"risk,omitempty"`
	Missing  string   `json:"missing,omitempty"`
	Offered  bool     `json:"offered"`
	Objects  int      `json:"objects"`
	PlanHash string   `json:"planHash"`
}

func (a *fixAnswer) take(p runbook.Plan) { a.Remedy, a.Source = p.Remedy.ID, p.Choice }

// end prints the answer and sorts out what the run means. An answer in JSON is
// printed whatever happened, once something is known.
func (w *workshop) end(ctx context.Context, err error) error {
	if w.answer.Outcome == outcomeRecovered {
		if n, err := w.engine.Elsewhere(ctx, bot.Incident{Target: w.kase.Facts.Target}); err == nil {
			w.answer.Elsewhere = &n
		}
	}
	if f, ok := errors.AsType[*failure](err); ok && w.answer.Outcome == "" {
		w.answer.Outcome = map[int]string{exitRefused: outcomeRefused, exitUnsure: outcomeUnknown}[f.code]
	}
	if printed := w.print(err); printed != nil {
		return printed
	}
	if err != nil {
		return err
	}
	if w.answer.Outcome == outcomePreview {
		return errFound
	}
	return nil
}

func (w *workshop) print(err error) error {
	w.answer.Verdict = w.verdict
	for _, p := range w.plans {
		w.answer.Plans = append(w.answer.Plans, fixPlan{
			Remedy: p.Remedy.ID, Source: p.Choice, Title: p.Remedy.Title, Shows: orEmpty(p.Shows), Risk: p.Remedy.Risk, Missing: p.Missing,
			Offered: p.Remedy.Approvable && p.Missing == "", Objects: len(p.Actions), PlanHash: p.Hash,
		})
	}
	w.answer.Plans, w.answer.Receipts = orEmpty(w.answer.Plans), orEmpty(w.answer.Receipts)
	if w.json() {
		if err != nil && w.answer.Outcome == "" {
			return nil
		}
		return w.printJSON(w.answer)
	}
	return w.tell(w.result)
}

// tell prints a part of the answer for people at once; programs get one answer
// at the end.
func (w *workshop) tell(part func(*page)) error {
	if w.json() {
		return nil
	}
	p := w.newPage()
	part(p)
	return p.writeTo(w.stdout)
}

func (w *workshop) showVerdict() error {
	return w.tell(func(p *page) { p.verdict(w.verdict, view{now: w.kase.Facts.ObservedAt, verbose: w.verbose}) })
}

// showOffered lists what can be done, with a number each, and why the rest
// cannot.
func (w *workshop) showOffered(offered []runbook.Plan) error {
	return w.tell(func(p *page) {
		p.line("")
		for n, o := range offered {
			p.row(label{strconv.Itoa(n + 1), bold}, oneLine(titleOf(o)))
		}
		for _, plan := range w.plans {
			switch {
			case plan.Missing != "":
				p.row(label{"not offered", dim}, oneLine(titleOf(plan)+": your account lacks a right: "+plan.Missing))
			case !plan.Remedy.Approvable:
				p.row(label{"not offered", dim}, oneLine(titleOf(plan)+": "+strings.Join(plan.Shows, " ")))
			}
		}
	})
}

// showPlan lays out what exactly would change.
func (w *workshop) showPlan(plan runbook.Plan) error {
	return w.tell(func(p *page) {
		p.line("")
		p.row(label{"This changes", bold}, oneLine(titleOf(plan)))
		for _, s := range plan.Shows {
			p.row(label{}, oneLine(s))
		}
		if plan.Remedy.Risk != "" {
			p.row(label{"Risk", plain}, oneLine(plan.Remedy.Risk))
		}
		p.line("")
	})
}

func titleOf(p runbook.Plan) string {
	title := p.Remedy.Title + " (" + p.Remedy.ID + ")"
	if p.Choice != "" {
		title += ", from " + p.Choice
	}
	return title
}

// result lays out how it ended.
func (w *workshop) result(p *page) {
	a := w.answer
	for _, r := range a.Receipts {
		p.row(label{markOfReceipt(r), plain}, oneLine(detailed(r)))
		if r.Undo != nil {
			p.row(label{}, fmt.Sprintf("the former entry is kept in secret %s until %s", r.Undo.Name, r.Undo.Until.UTC().Format("2006-01-02 15:04 UTC")))
		}
	}
	switch a.Outcome {
	case outcomePreview:
		p.line("")
		p.line("Nothing was changed.")
	case outcomeRecovered:
		w.recovered(p)
	case outcomeFailing:
		w.failing(p)
	}
}

func (w *workshop) recovered(p *page) {
	a := w.answer
	if r := a.Recovery; r != nil && r.Wanted > 0 {
		p.row(label{"✓ recovered", good}, fmt.Sprintf("%d of %d pods pulled", min(r.Pulled, r.Wanted), r.Wanted))
	} else {
		p.row(label{"✓ recovered", good}, "no pod waits for the image any more")
	}
	for _, s := range a.Recovery.Proof {
		p.row(label{}, oneLine(s))
	}
	for _, s := range a.Recovery.After {
		p.row(label{"! after", doubtful}, oneLine(s+": that is another runbook's matter"))
	}
	switch {
	case a.Elsewhere == nil:
		p.row(label{"? elsewhere", dim}, "whether other pods of the cluster wait for an image is not known")
	case *a.Elsewhere > 0:
		p.row(label{"! elsewhere", doubtful}, strconv.Itoa(*a.Elsewhere)+" pods elsewhere still wait for an image: pullfix scan")
	default:
		p.row(label{"✓ elsewhere", good}, "no other pod of the cluster waits for an image")
	}
}

func (w *workshop) failing(p *page) {
	a := w.answer
	if a.Now != nil {
		p.row(label{"✗ failing", bad}, oneLine("still failing, for another reason: "+a.Now.Summary))
		p.remedies(a.Now.Remedies, "", w.verbose)
		return
	}
	text := "not recovered within " + w.watch.String()
	if a.Recovery != nil {
		text += ": " + barOf(*a.Recovery)
	}
	p.row(label{"✗ failing", bad}, text)
}

// detailed is what was done to one object, and what there is to say about it.
func detailed(r runbook.Receipt) string {
	text := r.Action.Verb + " " + r.Action.Namespace + "/" + r.Action.Name
	if r.Detail == "" || r.Detail == "done" {
		return text
	}
	return text + ": " + r.Detail
}

func markOfReceipt(r runbook.Receipt) string {
	switch {
	case r.Done:
		return "✓ done"
	case r.Unsure:
		return "? unsure"
	}
	return "✗ not done"
}
