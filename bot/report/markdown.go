package report

import (
	"fmt"
	"strings"
	"time"
)

// Markdown draws the report.
func (r Report) Markdown() string {
	d := &drawing{}
	d.line("# Image pull failure: %s", quote(r.Title))
	d.line("%s", r.facts())
	d.section("Summary")
	d.line("%s", sentences(r.Summary))
	d.impact(r.Impact, r.Ended != nil)
	d.rootCause(r)
	d.changes(r.Changes)
	d.timeline(r.Timeline)
	d.escalations(r.Escalations)
	d.followUps(r.FollowUps)
	d.list("Questions about the alert", r.Alert)
	d.feedback(r.Feedback)
	d.postmortem(r.Postmortem)
	d.links(r.Links)
	if r.Impact.Pods > 0 {
		d.evidence(r.Cause.Evidence)
	}
	return d.String()
}

// drawing puts paragraphs and lists together.
type drawing struct{ strings.Builder }

// line is a paragraph.
func (d *drawing) line(format string, args ...any) { d.printf(format+"\n\n", args...) }

// printf adds text; a Builder takes everything.
func (d *drawing) printf(format string, args ...any) { _, _ = fmt.Fprintf(d, format, args...) }

func (d *drawing) section(title string) { d.line("## %s", title) }

func (d *drawing) item(format string, args ...any) { d.printf("- "+format+"\n", args...) }

func (d *drawing) end() { d.WriteString("\n") }

// list is a section of plain sentences; an empty one is left out.
func (d *drawing) list(title string, items []string) {
	if len(items) == 0 {
		return
	}
	d.section(title)
	for _, s := range items {
		d.item("%s", quote(s))
	}
	d.end()
}

func sentences(list []string) string {
	quoted := make([]string, len(list))
	for n, s := range list {
		quoted[n] = quote(s)
	}
	return strings.Join(quoted, " ")
}

// facts is the line under the title.
func (r Report) facts() string {
	parts := []string{"Incident " + code(r.Incident)}
	if r.Severity != "" {
		parts = append(parts, quote(r.Severity))
	}
	where := code(r.Workload) + " in " + code(r.Namespace)
	if r.Cluster != "" {
		where += " on " + code(r.Cluster)
	}
	parts = append(parts, where, quote(r.State))
	if r.Ended != nil {
		parts[len(parts)-1] += " " + clock(*r.Ended)
	}
	return strings.Join(parts, " · ") + ". Times are UTC; people stand with their ids."
}

func (d *drawing) impact(i Impact, over bool) {
	if i.Pods == 0 {
		return
	}
	d.section("Impact")
	d.item("%s in %s, for %s.", count(i.Pods, "pod"), count(i.Namespaces, "namespace"), count(i.Minutes, "minute"))
	if over {
		d.item("From %s.", span(i.From, i.Until))
	} else {
		d.item("Since %s; it goes on.", clock(i.From))
	}
	for _, note := range i.Notes {
		d.item("%s", quote(note))
	}
	d.end()
}

func (d *drawing) rootCause(r Report) {
	c := r.Cause
	if c.Cause == "" || r.Impact.Pods == 0 {
		return
	}
	d.section("Root cause")
	d.line("**%s** (%s; the fault sits in the %s). %s", quote(c.Cause), quote(c.Certainty), quote(c.Where), quote(c.Meaning))
	for _, p := range c.Proof {
		d.item("%s", quote(p))
	}
	if c.Image != "" {
		d.item("Image: %s", code(c.Image))
	}
	for _, f := range c.Further {
		d.item("In the same pod, too: %s", quote(f))
	}
	for _, e := range r.Earlier {
		d.item("Found before, until %s: %s", clock(e.Until), quote(e.Summary))
	}
	for _, u := range c.Unread {
		d.item("Could not be read: %s", quote(u))
	}
	d.end()
}

func (d *drawing) evidence(list []Evidence) {
	if len(list) == 0 {
		return
	}
	d.section("Appendix: the evidence, by the rows of the runbook")
	for _, e := range list {
		d.item("%s %s: %s. %s", quote(e.Row), quote(e.Title), quote(e.Status), quote(e.Summary))
		for _, q := range e.Quotes {
			d.printf("  - %s\n", code(q))
		}
		if e.Command != "" {
			d.printf("  - By hand: %s\n", code(e.Command))
		}
	}
	d.end()
}

func (d *drawing) changes(list []Change) {
	d.section("What was changed")
	if len(list) == 0 {
		d.line("pullfix changed nothing.")
		return
	}
	for _, c := range list {
		switch {
		case c.Refused != "":
			d.item("%s, approved by %s: not carried out, because %s.", quote(c.Title), names(c.Approved), quote(strings.TrimSuffix(c.Refused, ".")))
		case c.At != nil:
			d.item("%s: %s, approved by %s.", clock(*c.At), quote(c.Title), names(c.Approved))
		}
		for _, a := range c.Actions {
			d.printf("  - %s %s: %s%s\n", code(a.Verb), code(a.Object), a.Result, detail(a.Detail))
		}
	}
	d.end()
}

func detail(s string) string {
	if s == "" {
		return ""
	}
	return " (" + quote(s) + ")"
}

func names(ids []string) string {
	if len(ids) == 0 {
		return "nobody"
	}
	quoted := make([]string, len(ids))
	for n, id := range ids {
		quoted[n] = quote(id)
	}
	return strings.Join(quoted, " and ")
}

func (d *drawing) timeline(lines []Line) {
	d.section("Timeline (UTC)")
	day := ""
	for _, l := range lines {
		if today := l.At.Format(time.DateOnly); today != day {
			d.item("**%s**", today)
			day = today
		}
		d.item("%s %s: %s", l.At.Format(time.TimeOnly), by(l.By), quote(l.What))
	}
	d.end()
}

// by is who did something.
func by(id string) string {
	if id == "" {
		return "pullfix"
	}
	return quote(id)
}

func (d *drawing) escalations(list []Escalation) {
	if len(list) == 0 {
		return
	}
	d.section("Escalations")
	for _, e := range list {
		told := "nobody was reached"
		if len(e.Told) > 0 {
			told = "reached: " + names(e.Told)
		}
		d.item("%s %s: %s; %s", clock(e.At), by(e.By), quote(e.Why), told)
		for _, f := range e.Failed {
			d.printf("  - Did not work: %s\n", quote(f))
		}
	}
	d.end()
}

func (d *drawing) followUps(list []FollowUp) {
	if len(list) == 0 {
		return
	}
	d.section("Follow-ups")
	for _, f := range list {
		d.item("[ ] %s %s", quote(f.Do), quote(f.Why))
	}
	d.end()
}

func (d *drawing) feedback(f Feedback) {
	d.section("Were the runbook's steps right?")
	if f.Helpful+f.Unhelpful == 0 {
		d.line("Nobody has said so yet. The buttons under the incident's message keep the answer.")
		return
	}
	d.line("Yes: %d. No: %d.", f.Helpful, f.Unhelpful)
	for _, l := range f.Said {
		d.item("%s: %s", by(l.By), quote(l.What))
	}
	d.end()
}

func (d *drawing) postmortem(p Postmortem) {
	switch {
	case p.Owner != "":
		d.section("Postmortem")
		d.line("%s writes it. This report is the draft.", quote(p.Owner))
	case p.Wanted:
		d.section("Postmortem")
		d.line("Nobody has taken it yet. P1 and P2 incidents get one; this report is the draft.")
	}
}

func (d *drawing) links(list []Link) {
	if len(list) == 0 {
		return
	}
	d.section("Links")
	for _, l := range list {
		d.item("%s: <%s>", quote(l.Title), l.URL)
	}
	d.end()
}
