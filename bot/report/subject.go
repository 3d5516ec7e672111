package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// subject is an incident with the verdict that its report is about: the one that
// names what was wrong before it was cured. A later one says what the cure left.
type subject struct {
	bot.Incident
	verdict runbook.Verdict
	end     time.Time
}

func subjectOf(i bot.Incident, now time.Time) subject {
	s := subject{Incident: i, end: now}
	if v := i.Cured(); v != nil {
		s.verdict = *v
	}
	if i.Ending != nil {
		s.end = i.Ending.At
	}
	if s.end.Before(i.Opened) {
		s.end = i.Opened
	}
	return s
}

// wrong tells that something failed at all.
func (s subject) wrong() bool { return s.verdict.Cause != cause.None && s.verdict.Cause != "" }

func (s subject) workload() string {
	if w := s.verdict.Workload; w != nil {
		return said(w.Kind + "/" + w.Name)
	}
	return said(s.Target.Kind + "/" + s.Target.Name)
}

func (s subject) title() string {
	switch {
	case s.verdict.Summary != "":
		return said(s.verdict.Summary)
	case s.Ending != nil:
		return said(s.Ending.Resolution)
	}
	return "Diagnosis of " + said(s.Target.Namespace+"/"+s.Target.Name)
}

// place is where it was, in words.
func (s subject) place() string {
	where := "namespace " + said(s.Target.Namespace)
	if s.Target.Cluster != "" {
		where += " on " + said(s.Target.Cluster)
	}
	return where
}

func (s subject) summary(i Impact) []string {
	if !s.wrong() {
		return []string{s.title() + "."}
	}
	list := []string{said(strings.TrimSuffix(s.verdict.Summary, ".")) + "."}
	where := "of " + s.workload() + " in " + s.place()
	if i.Namespaces > 1 {
		where = fmt.Sprintf("in %d namespaces (first seen: %s in %s)", i.Namespaces, s.workload(), s.place())
	}
	list = append(list, fmt.Sprintf("That kept %s %s from starting, %s.", count(i.Pods, "pod"), where, s.lasted(i)))
	switch n := len(s.earlier()); n {
	case 0:
	case 1:
		list = append(list, "Another cause was found and dealt with before; it is below.")
	default:
		list = append(list, fmt.Sprintf("%d other causes were found and dealt with before; they are below.", n))
	}
	return append(list, s.outcome())
}

func (s subject) lasted(i Impact) string {
	if s.Ending == nil {
		return fmt.Sprintf("for %s so far (since %s)", count(i.Minutes, "minute"), clock(i.From))
	}
	return fmt.Sprintf("for %s (%s, from the first pod that waited)", count(i.Minutes, "minute"), span(i.From, i.Until))
}

// outcome is how it ended, or how it stands.
func (s subject) outcome() string {
	e := s.Ending
	switch {
	case e == nil:
		return "It is not over: " + stateWord(s.State) + "."
	case s.State == bot.Resolved:
		return "It is over, as the pods prove: " + said(e.Resolution) + "."
	case e.By != (bot.Person{}):
		return fmt.Sprintf("%s closed it: %s.", who(e.By), said(strings.TrimSuffix(e.Resolution, ".")))
	}
	return "It was closed: " + said(strings.TrimSuffix(e.Resolution, ".")) + "."
}

func stateWord(s bot.State) string {
	switch s {
	case bot.Diagnosing:
		return "the diagnosis runs"
	case bot.Asking:
		return "a remedy waits for one more approval"
	case bot.Changing:
		return "a remedy is being carried out"
	case bot.Watching:
		return "a remedy is done or the pods no longer wait, and the recovery is being proven"
	}
	return "the cause is known or sought, and something is to be done"
}

func (s subject) impact() Impact {
	i := Impact{From: s.Opened.UTC(), Until: s.end.UTC(), Notes: []string{}}
	if since := s.verdict.Since; since != nil && !since.IsZero() && since.Before(i.From) {
		i.From = since.UTC()
	}
	if !s.wrong() {
		return i
	}
	i.Pods, i.Namespaces = max(s.verdict.Scope.Pods, 1), max(s.verdict.Scope.Namespaces, 1)
	if s.Spread != nil {
		i.Pods = max(i.Pods, s.Spread.First.Pods, s.Spread.Now.Pods)
		i.Namespaces = max(i.Namespaces, s.Spread.First.Namespaces, s.Spread.Now.Namespaces)
	}
	if s.Recovery != nil { // those that are wanted need not all have waited
		i.Pods = max(i.Pods, s.Recovery.Waiting)
	}
	i.Minutes = byTheClock(i.From, i.Until)
	i.Notes = s.impactNotes(i)
	return i
}

// byTheClock counts the minutes between two moments as they are shown, so that
// nobody comes to another number; whatever took time took one.
func byTheClock(from, until time.Time) int {
	shown := until.Truncate(time.Minute).Sub(from.Truncate(time.Minute))
	if shown == 0 && until.After(from) {
		return 1
	}
	return int(shown / time.Minute)
}

// minutes counts begun ones.
func minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }

func (s subject) impactNotes(i Impact) []string {
	notes := []string{}
	if s.verdict.Severity == runbook.P1 {
		notes = append(notes, "P1: it blocked a rollout, or cost a workload its availability.")
	}
	if s.Ending != nil && i.From.Before(s.Opened) {
		notes = append(notes, fmt.Sprintf("The incident was open from %s, which is from when “resolved after” counts.", clock(s.Opened)))
	}
	if s.Case != nil && s.Case.Facts.Workload != nil && s.wrong() && s.seenFailing() {
		w := s.Case.Facts.Workload
		switch {
		case w.Desired > 0 && w.Available == 0:
			notes = append(notes, fmt.Sprintf("No pod of %s/%s was available when it was looked at; %d were wanted.", said(w.Kind), said(w.Name), w.Desired))
		case w.Available > 0:
			notes = append(notes, fmt.Sprintf("%d of %d pods of %s/%s were available all the same when it was looked at.", w.Available, w.Desired, said(w.Kind), said(w.Name)))
		}
	}
	if e := s.Ending; e != nil && e.Elsewhere > 0 {
		notes = append(notes, fmt.Sprintf("%s elsewhere in the cluster still failed to pull at the end.", count(e.Elsewhere, "pod")))
	}
	return notes
}

// seenFailing tells that the newest look was made before anything was changed.
func (s subject) seenFailing() bool {
	if s.Fault == nil {
		return true
	}
	started := s.Decision
	if len(s.Past) > 0 {
		started = &s.Past[0]
	}
	return started != nil && started.Started != nil && s.Case.Facts.ObservedAt.Before(*started.Started) && s.Verdict.Cause != cause.None
}

func (s subject) rootCause() RootCause {
	v := s.verdict
	c := RootCause{
		Cause: said(string(v.Cause)), Certainty: said(string(v.Certainty)), Where: said(v.Vantage), Summary: said(v.Summary),
		Image: said(v.Image), Registry: said(v.Registry), Proof: allSaid(v.Details), Evidence: []Evidence{}, Further: []string{}, Unread: []string{},
	}
	c.Meaning = meaning(v.Cause)
	for _, step := range v.Steps {
		if step.Status == runbook.StatusSkipped {
			continue
		}
		c.Evidence = append(c.Evidence, Evidence{
			Row: said(step.Row), Title: said(step.Title), Status: said(step.Status), Summary: said(step.Summary), Quotes: allSaid(step.Evidence), Command: said(step.Command),
		})
	}
	for _, f := range v.Failures {
		c.Further = append(c.Further, said(f.Summary))
	}
	for _, g := range v.Gaps {
		c.Unread = append(c.Unread, gapSaid(g))
	}
	return c
}

func gapSaid(g runbook.Gap) string {
	text := g.What + ": " + g.Why
	if g.Grant != "" {
		text += " (the right to " + g.Grant + ")"
	}
	return said(text)
}

// alertQuality are the questions of R9 about the alert, with what is known.
func (s subject) alertQuality() []string {
	list := []string{}
	if !s.wrong() {
		return list
	}
	if s.Asked == (bot.Person{}) {
		list = append(list, "pullfix noticed this by itself. Did people hear of it from pullfix first, or from a customer?")
	} else {
		list = append(list, fmt.Sprintf("%s asked before anything alarmed. Is an alert missing, or was it too slow?", who(s.Asked)))
	}
	if since := s.verdict.Since; since != nil && s.Opened.Sub(*since) >= time.Minute {
		list = append(list, fmt.Sprintf("Pods had waited for %s when the incident was opened. Is that soon enough?", count(minutes(s.Opened.Sub(*since)), "minute")))
	}
	switch n := len(s.Escalated); {
	case n == 0 && s.Ending != nil && s.end.Sub(s.Opened) > longUnescalated:
		list = append(list, fmt.Sprintf("It took %s and nobody was called. Should somebody have been?", count(minutes(s.end.Sub(s.Opened)), "minute")))
	case n > 1:
		list = append(list, fmt.Sprintf("People were called %d times. Was each call needed?", n))
	case n == 1:
		list = append(list, "People were called once. Did the call reach somebody who could act?")
	}
	return append(list, "Was anything reported that needed no person (noise), or did something stay unreported?")
}

// longUnescalated is the runbook's expected time to resolve.
const longUnescalated = 30 * time.Minute
