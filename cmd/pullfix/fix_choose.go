package main

import (
	"bufio"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pullfix/pullfix/runbook"
)

// choose finds the plan that is to be carried out: the one that --yes names, or
// the one that is confirmed; nil when nothing is to be done.
func (w *workshop) choose() (*runbook.Plan, error) {
	if w.yes != "" {
		plan, err := w.named()
		if err != nil {
			return nil, err
		}
		return plan, w.showPlan(*plan)
	}
	w.answer.Outcome = outcomePreview
	offered := w.offered(func(runbook.Plan) bool { return true })
	if err := w.showOffered(offered); err != nil || w.json() || len(offered) == 0 {
		return nil, err
	}
	plan := offered[0]
	if len(offered) > 1 {
		n, ok := w.asked.number("Which one? ", len(offered))
		if !ok {
			return nil, nil
		}
		plan = offered[n-1]
	}
	if err := w.showPlan(plan); err != nil {
		return nil, err
	}
	if word := confirmWord(plan); !w.asked.typed(fmt.Sprintf("Type %s to do this: ", word), word) {
		return nil, nil
	}
	w.answer.Outcome = ""
	return &plan, nil
}

// offered are the plans that can be carried out, of the source that is asked
// for.
func (w *workshop) offered(wanted func(runbook.Plan) bool) []runbook.Plan {
	return slices.DeleteFunc(slices.Clone(w.plans), func(p runbook.Plan) bool {
		return !p.Remedy.Approvable || p.Missing != "" || !wanted(p) || (w.source != "" && p.Choice != w.source)
	})
}

// named finds the one plan that --yes and --source mean, or says why there is
// none.
func (w *workshop) named() (*runbook.Plan, error) {
	of := func(p runbook.Plan) bool { return p.Remedy.ID == w.yes }
	offered := w.offered(of)
	switch len(offered) {
	case 1:
		return &offered[0], nil
	case 0:
		return nil, w.whyNot(of)
	}
	var choices []string
	for _, p := range offered {
		choices = append(choices, p.Choice)
	}
	return nil, usage(fmt.Errorf("there are %d ways to do %s", len(offered), w.yes), "choose with --source: "+orList(choices))
}

// whyNot says why the remedy cannot be carried out.
func (w *workshop) whyNot(of func(runbook.Plan) bool) error {
	for _, p := range w.plans {
		switch {
		case !of(p):
		case p.Missing != "":
			return refused(fmt.Errorf("%s: your account lacks a right: %s", p.Remedy.ID, p.Missing))
		case !p.Remedy.Approvable:
			return refused(fmt.Errorf("%s: %s", p.Remedy.ID, strings.Join(p.Shows, " ")))
		case w.source != "":
			return usage(fmt.Errorf("no source %q for %s", w.source, w.yes), "pullfix fix without --yes shows what there is")
		}
	}
	var ids []string
	for _, r := range w.verdict.Remedies {
		if r.ID == w.yes {
			return refused(fmt.Errorf("%s is for people: pullfix cannot carry it out here", r.ID), "this does it: "+r.Command)
		}
		ids = append(ids, r.ID)
	}
	hints := nearHint(near(w.yes, ids))
	if hints == nil {
		hints = []string{"the remedies here are " + andList(ids)}
	}
	return usage(fmt.Errorf("no remedy %q for this failure", w.yes), hints...)
}

// confirmWord is what has to be typed: the name of what is changed first, so
// that it is looked at.
func confirmWord(p runbook.Plan) string {
	if len(p.Actions) == 0 {
		return p.Remedy.ID
	}
	return p.Actions[0].Name
}

// questions are asked on stderr and answered on stdin, so that stdout has the
// answer only.
type questions struct {
	env
	in *bufio.Scanner
}

func newQuestions(t *tool) *questions { return &questions{env: t.env, in: bufio.NewScanner(t.stdin)} }

func (q *questions) ask(text string) (string, bool) {
	if _, err := fmt.Fprint(q.stderr, text); err != nil {
		return "", false
	}
	if !q.in.Scan() {
		_, _ = fmt.Fprintln(q.stderr) // nobody answered, and nobody may be there to read
		return "", false
	}
	return strings.TrimSpace(q.in.Text()), true
}

// typed wants exactly that word.
func (q *questions) typed(text, word string) bool {
	answer, ok := q.ask(text)
	return ok && answer == word
}

var errNoNumber = errors.New("not one of the numbers")

// number wants a number from 1 to most; it asks again a few times.
func (q *questions) number(text string, most int) (int, bool) {
	for range 3 {
		answer, ok := q.ask(text)
		if !ok || answer == "" {
			return 0, false
		}
		if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= most {
			return n, true
		}
		q.say("pullfix: " + errNoNumber.Error())
	}
	return 0, false
}
