package slackbot

import (
	"fmt"
	"strings"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// drawing is an incident with what its message needs besides.
type drawing struct {
	incident bot.Incident
	route    Route
	joined   string // a link to the message of the incident that it joined
}

// Route is who is told when an incident escalates.
type Route struct {
	// Mention is the id of the user group that is named, "" for none.
	Mention string
	// Pages says that somebody is paged.
	Pages bool
}

// root is the incident's own message, which is redrawn in place.
func (d drawing) root() message {
	i := d.incident
	switch i.State {
	case bot.Diagnosing:
		return d.running()
	case bot.Resolved:
		return d.resolved()
	case bot.Closed:
		return d.closed()
	}
	return d.open()
}

// running shows the steps of the first diagnosis.
func (d drawing) running() message {
	i := d.incident
	line := "◌ *Diagnosing* " + code(objectOf(i.Target), roomName)
	if i.Target.Cluster != "" {
		line += " · " + quote(i.Target.Cluster, roomName)
	}
	if i.Asked != (bot.Person{}) {
		line += " · asked by " + mention(i.Asked)
	}
	m := message{text: "Diagnosing " + quote(objectOf(i.Target), roomName)}
	m.section(line)
	m.small(d.ticks())
	return m
}

// objectOf is what was asked about, as people type it.
func objectOf(t runbook.Target) string {
	if t.Kind == "" || t.Kind == "Pod" {
		return t.Namespace + "/" + t.Name
	}
	return t.Namespace + " " + strings.ToLower(t.Kind) + "/" + t.Name
}

func (d drawing) ticks() markup {
	var parts []markup
	for _, s := range runbook.Steps() {
		part := "· " + markup(s.Title)
		for _, p := range d.incident.Progress {
			switch {
			case p.Step != s.ID:
			case p.Done:
				part = "✓ " + markup(s.Title)
			default:
				part = "… " + quote(capital(orWord(p.Note, s.Title)), 80)
			}
		}
		parts = append(parts, part)
	}
	return join("   ", roomText, parts)
}

func orWord(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// open is the message while there is something to do.
func (d drawing) open() message {
	i := d.incident
	head := d.head()
	m := message{text: quote(head, roomHeader) + "\n" + d.where()}
	m.header(head)
	m.section(d.compromised())
	m.section(d.before())
	m.section(d.where())
	m.section(d.escalated())
	m.section(d.decision())
	m.section(d.proof())
	m.small(d.steps())
	m.section(d.advice())
	m.small(d.remarks())
	m.actions(actionsBlock, buttons(i))
	m.small(d.foot())
	return m
}

// head is the first line: the cause in one sentence.
func (d drawing) head() string {
	i := d.incident
	mark := "●"
	switch {
	case i.Compromised != nil:
		mark = "▲"
	case i.State == bot.Changing || i.State == bot.Watching || i.State == bot.Asking:
		mark = "◐"
	}
	v := i.Verdict
	switch {
	case i.State == bot.Diagnosing:
		return "◌ Diagnosing " + objectOf(i.Target)
	case v == nil || v.Certainty == cause.CertaintyUnknown:
		head := mark + " Cannot tell yet why " + subject(i) + " fails to pull"
		if v != nil && v.Severity != "" {
			head = mark + " " + v.Severity + " · Cannot tell yet why " + subject(i) + " fails to pull"
		}
		return head
	case v.Severity == "":
		return mark + " " + v.Summary
	}
	return mark + " " + v.Severity + " · " + v.Summary
}

// subject is the workload, or what was asked about.
func subject(i bot.Incident) string {
	if i.Verdict != nil && i.Verdict.Workload != nil && i.Verdict.Workload.Name != "" {
		return i.Verdict.Namespace + "/" + i.Verdict.Workload.Name
	}
	return i.Target.Namespace + "/" + i.Target.Name
}

// where says what is hit, since when, and when it escalates.
func (d drawing) where() markup {
	i := d.incident
	place := code(subject(i), roomName)
	if i.Target.Cluster != "" {
		place += " on " + quote(i.Target.Cluster, roomName)
	}
	return dotted(place, d.waiting(), d.serving(), d.escalates())
}

func (d drawing) waiting() markup {
	v := d.incident.Verdict
	if v == nil || v.Scope.Pods == 0 {
		return ""
	}
	s := count(v.Scope.Pods, "pod")
	if v.Scope.Namespaces > 1 {
		s += fmt.Sprintf(" in %d namespaces", v.Scope.Namespaces)
	}
	if v.Since == nil {
		return markup(s + " waiting")
	}
	return markup(s+" waiting since ") + clock(*v.Since, d.incident.Opened)
}

// serving tells whether the old pods still do the work.
func (d drawing) serving() markup {
	c := d.incident.Case
	if c == nil || c.Facts.Workload == nil || c.Facts.Workload.Desired == 0 || d.incident.State == bot.Watching {
		return ""
	}
	w := c.Facts.Workload
	switch {
	case w.Available >= w.Desired:
		return "the old pods still serve"
	case w.Available > 0:
		return markup(fmt.Sprintf("%d of %s still serve", w.Available, count(w.Desired, "pod")))
	}
	return "nothing serves"
}

func (d drawing) escalates() markup {
	i := d.incident
	switch {
	case i.Acknowledged != nil:
		return "taken by " + mention(*i.Acknowledged)
	case i.Snoozed != nil:
		return "snoozed until " + clock(i.Snoozed.Until, i.Opened) + " by " + mention(i.Snoozed.By) + ": " + quote(i.Snoozed.Reason, roomName)
	case i.Deadline.IsZero():
		return ""
	case len(i.Escalated) > 0:
		return "escalates again at " + clock(i.Deadline, i.Opened)
	}
	return "escalates at " + clock(i.Deadline, i.Opened)
}

// before tells what an earlier verdict said, when the cause is a new one.
func (d drawing) before() markup {
	i := d.incident
	if len(i.Earlier) == 0 || i.Verdict == nil {
		return ""
	}
	last := i.Earlier[len(i.Earlier)-1]
	return "Still failing, for another reason (before: " + quote(last.Summary, roomSentence) + ", until " + clock(last.Until, i.Opened) + ")."
}

// escalated says who was told, and who could not be reached.
func (d drawing) escalated() markup {
	i := d.incident
	if len(i.Escalated) == 0 {
		return ""
	}
	e := i.Escalated[len(i.Escalated)-1]
	line := "▲ *Escalated* " + clock(e.At, i.Opened)
	if group := mentionGroup(d.route.Mention); group != "" {
		line += " to " + group
	}
	line += " (" + quote(e.Why, roomName)
	if e.By != (bot.Person{}) {
		line += ", " + mention(e.By)
	}
	parts := []markup{line + ")"}
	for _, told := range limited(e.Told) {
		parts = append(parts, quote(told, roomName)+" triggered")
	}
	for _, failed := range limited(e.Failed) {
		parts = append(parts, "*not reached:* "+quote(failed, roomName))
	}
	if len(i.Escalated) > 1 {
		parts = append(parts, markup(fmt.Sprintf("%d times so far", len(i.Escalated))))
	}
	return join(" · ", roomText, parts)
}

func limited(list []string) []string { return list[:min(len(list), 5)] }

// foot says who would be called, and which incident this is.
func (d drawing) foot() markup {
	i := d.incident
	parts := []markup{"Incident " + code(i.ID, 80)}
	if i.Asked != (bot.Person{}) {
		parts = append(parts, "asked by "+mention(i.Asked))
	}
	if !d.route.Pages && i.Acknowledged == nil {
		parts = append(parts, "nobody will be paged: no target is configured for this")
	}
	return dotted(parts...)
}

// known tells which people the incident itself names.
func (d drawing) known(id string) bool {
	i := d.incident
	people := []bot.Person{i.Asked}
	for _, p := range []*bot.Person{i.Acknowledged, i.PostmortemOwner} {
		if p != nil {
			people = append(people, *p)
		}
	}
	for _, c := range append(i.Past, orNone(i.Decision)...) {
		for _, a := range c.Granted {
			people = append(people, a.Person)
		}
	}
	if i.Compromised != nil {
		people = append(people, i.Compromised.By)
	}
	for _, e := range i.Timeline {
		people = append(people, e.By)
	}
	for _, p := range people {
		if p.ID == id {
			return true
		}
	}
	return id != "" && id == d.route.Mention
}

func orNone[T any](one *T) []T {
	if one == nil {
		return nil
	}
	return []T{*one}
}

func minutesBetween(from, to time.Time) string { return roundly(max(to.Sub(from), 0)) }
