package slackbot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// Room in the thread: Slack refuses messages whose blocks hold more than about
// 13,000 characters (msg_blocks_too_long), so evidence is cut by step.
const (
	roomEvidence = 1500 // of one step
	roomCommand  = 900
	roomTable    = 2400
)

// details are what stands in the thread below a verdict: the proof by step, then
// the credentials, what can be done by hand, and what happened so far.
func (d drawing) details() []message {
	v := d.incident.Verdict
	if v == nil {
		return nil
	}
	evidence := message{text: "How pullfix knows: " + quote(v.Summary, roomSentence)}
	for _, s := range v.Steps {
		evidence.section(step(s))
	}
	evidence.section(unread(v.Gaps))
	rest := message{text: "What can be done about it: " + quote(v.Summary, roomSentence)}
	rest.section(further(v.Failures))
	rest.section(credentials(v.Credentials, d.incident.Opened))
	for _, r := range v.Remedies[:min(len(v.Remedies), 5)] {
		rest.section(remedy(r, d.withheld(r.ID)))
	}
	rest.section(d.soFar())
	return []message{evidence, rest}
}

// step is one row of the runbook: what it found, the evidence, and how to check
// it by hand.
func step(s runbook.Result) markup {
	text := markup(markOf(s.Status)) + " *" + quote(s.Title, 60) + "* · " + quote(s.Summary, 500)
	if len(s.Evidence) > 0 {
		text += "\n" + fence(s.Evidence, roomEvidence)
	}
	if s.Command != "" {
		text += "\nBy hand: " + code(s.Command, roomCommand-100)
	}
	return text
}

// unread is what could not be read, and which right would allow it.
func unread(gaps []runbook.Gap) markup {
	if len(gaps) == 0 {
		return ""
	}
	var lines []markup
	for _, g := range gaps {
		line := "• " + quote(g.What, roomName) + ": " + quote(g.Why, roomName)
		if g.Grant != "" {
			line += "; grant: " + quote(g.Grant, roomName)
		}
		lines = append(lines, line)
	}
	return join("\n", roomEvidence, append([]markup{"*Not read*"}, lines...))
}

// further are the failing pulls besides the first.
func further(failures []runbook.Diagnosis) markup {
	if len(failures) == 0 {
		return ""
	}
	var lines []markup
	for _, f := range failures {
		line := "• " + code(f.Container, 80) + " " + code(f.Image, roomName) + ": " + quote(f.Summary, roomSentence)
		if len(f.Remedies) > 0 {
			line += " " + quote(f.Remedies[0].Title, roomName) + "."
		}
		lines = append(lines, line)
	}
	return join("\n", roomTable, append([]markup{"*Also failing*"}, lines...))
}

// credentials is the table of what the kubelet could send: which entry, whether
// it is used, why not, and what the registry says to it.
func credentials(list []runbook.Credential, base time.Time) markup {
	if len(list) == 0 {
		return ""
	}
	rows := [][]string{{"source", "key", "used", "test", "expires", "why not"}}
	for _, c := range list {
		rows = append(rows, []string{cell(c.Source, 40), cell(c.Key, 50), yes(c.Used), tested(c), expiry(c.ExpiresAt, base), cell(c.Reason, 160)})
	}
	return "*Credentials*, in the kubelet's order\n" + fence(columns(rows), roomTable)
}

func cell(s string, n int) string { return plain(s, n) }

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func tested(c runbook.Credential) string {
	if c.HTTPStatus == 0 {
		return orWord(c.Test, "untested")
	}
	return fmt.Sprintf("%s %d", orWord(c.Test, "untested"), c.HTTPStatus)
}

// expiry stands in the code font, where Slack's dates do not work.
func expiry(t *time.Time, base time.Time) string {
	if t == nil {
		return "–"
	}
	form := "15:04 UTC"
	if d := t.Sub(base); d > 12*time.Hour || d < -12*time.Hour {
		form = "2006-01-02 15:04 UTC"
	}
	if t.Before(base) {
		return "expired " + t.UTC().Format(form)
	}
	return t.UTC().Format(form)
}

// columns lines the cells up.
func columns(rows [][]string) []string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for n, s := range row {
			widths[n] = max(widths[n], len([]rune(s)))
		}
	}
	var lines []string
	for _, row := range rows {
		var b strings.Builder
		for n, s := range row {
			b.WriteString(s)
			if n < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[n]-len([]rune(s))+2))
			}
		}
		lines = append(lines, b.String())
	}
	return lines
}

// remedy is one way to cure it, with the command a person would type, and why
// it has no button where it might have one.
func remedy(r runbook.Remedy, withheld string) markup {
	text := "*" + quote(r.Title, roomName) + "*"
	if r.Why != "" {
		text += " · " + quote(r.Why, 400)
	}
	if r.Command != "" {
		text += "\n" + fence(strings.Split(r.Command, "\n"), roomCommand)
	}
	if r.Risk != "" && r.Risk != "none" {
		text += "\nRisk: " + quote(r.Risk, 400)
	}
	if withheld != "" {
		text += "\nNo button for it: " + quote(withheld, 400)
	}
	return text
}

// Lines of the timeline in one section, and the sections of it that stand in the
// thread once it is over. The report has all.
const (
	mostTimeline = 15
	mostParts    = 3
)

// wholeTimeline is what stands in the thread once it is over.
func (d drawing) wholeTimeline() message {
	m := message{text: "Timeline of incident " + code(d.incident.ID, 80)}
	lines := d.timeline(mostTimeline*mostParts - 1)
	m.section("*Timeline*")
	for part := range slices.Chunk(lines, mostTimeline) {
		m.section(join("\n", roomText, part))
	}
	return m
}

// soFar is the timeline below a verdict.
func (d drawing) soFar() markup {
	lines := d.timeline(mostTimeline)
	if len(lines) == 0 {
		return ""
	}
	return join("\n", roomText, append([]markup{"*Timeline so far*"}, lines...))
}

// timeline is what happened, oldest first; of a long one the newest stay.
func (d drawing) timeline(most int) []markup {
	var lines []markup
	entries := d.incident.Timeline
	if skipped := len(entries) - most; skipped > 0 {
		lines = append(lines, markup(fmt.Sprintf("… %s before, in the report", count(skipped, "line"))))
		entries = entries[skipped:]
	}
	for _, e := range entries {
		line := clock(e.At, d.incident.Opened) + " "
		if e.By != (bot.Person{}) {
			line += mention(e.By) + " "
		}
		lines = append(lines, line+said(e.What, 110, d.known))
	}
	return lines
}
