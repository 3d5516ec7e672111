package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// view says how a verdict is looked at.
type view struct {
	now     time.Time
	verbose bool
}

// verdict lays out a diagnosis: the cause, where, the steps, what to do.
func (p *page) verdict(v runbook.Verdict, view view) {
	if v.Cause == cause.None && !view.verbose {
		p.healthy(v)
		return
	}
	where := p.where(v, view.now)
	if certainty := string(v.Certainty); !p.title(v.Severity, oneLine(v.Summary), certainty) {
		where = append([]string{certainty}, where...)
	}
	for _, s := range p.wrapParts(where, p.width-columns(indentOf(v.Severity))) {
		p.line(indentOf(v.Severity) + s)
	}
	p.line("")
	if view.verbose {
		p.proof(v.Details)
		p.line("")
	}
	for _, step := range v.Steps {
		p.step(step, view.verbose)
	}
	if view.verbose {
		p.credentials(v.Credentials, view.now)
	}
	p.remedies(v.Remedies, fixOf(v), view.verbose)
	for _, other := range v.Failures {
		p.failure(other, view)
	}
	p.remarks(v)
}

// healthy is one line where nothing is wrong, with what to do about the rest.
func (p *page) healthy(v runbook.Verdict) {
	p.sentence(v.Summary)
	if len(v.Remedies) > 0 {
		p.remedies(v.Remedies, "", false)
	}
	p.remarks(v)
}

// title is the line that a person reads first: severity, sentence, and on the
// right a word about it. It tells whether there was room for the word.
func (p *page) title(severity, sentence, word string) bool {
	indent := indentOf(severity)
	room := p.width - columns(indent)
	lines := p.wrap(sentence, room)
	for i, s := range lines {
		lines[i] = p.paint.as(bold, s)
	}
	fits := len(lines) == 1 && columns(sentence)+2+columns(word) <= room
	if fits {
		lines[0] += strings.Repeat(" ", room-columns(sentence)-columns(word)) + p.paint.as(dim, word)
	}
	lead := p.paint.as(severityStyle(severity), severity) + indent[len(severity):]
	for _, s := range lines {
		p.line(lead + s)
		lead = indent
	}
	return fits
}

// indentOf is what stands below a severity.
func indentOf(severity string) string {
	if severity == "" {
		return ""
	}
	return strings.Repeat(" ", len(severity)+2)
}

func severityStyle(severity string) style {
	if severity == runbook.P1 {
		return bad
	}
	return doubtful
}

// where says what is affected, and since when.
func (p *page) where(v runbook.Verdict, now time.Time) []string {
	parts := []string{subject(v)}
	if v.Cluster != "" {
		parts[0] += " on " + v.Cluster
	}
	if v.Container != "" && len(v.Failures) > 0 {
		parts = append(parts, "container "+v.Container)
	}
	switch {
	case v.Scope.Pods > 1:
		parts = append(parts, scopeOf(v.Scope))
	case v.Workload != nil:
		parts = append(parts, "pod "+v.Pod)
	}
	if v.Node != "" {
		parts = append(parts, "node "+v.Node)
	}
	if v.Since != nil {
		parts = append(parts, "waiting since "+clock(*v.Since, now))
	}
	return parts
}

func subject(v runbook.Verdict) string {
	if v.Workload == nil || v.Workload.Name == "" {
		return oneLine(v.Namespace + "/" + v.Pod)
	}
	return oneLine(fmt.Sprintf("%s/%s (%s)", v.Namespace, v.Workload.Name, strings.ToLower(v.Workload.Kind)))
}

func scopeOf(s runbook.Scope) string {
	pods := fmt.Sprintf("%d pods", s.Pods)
	if s.Namespaces > 1 {
		pods += fmt.Sprintf(" in %d namespaces", s.Namespaces)
	}
	return pods
}

// wrapParts joins parts with dots in the middle and breaks only between them.
func (p *page) wrapParts(parts []string, room int) []string {
	const dot = " · "
	var lines []string
	line := ""
	for _, part := range parts {
		part = oneLine(part)
		switch {
		case line == "":
			line = part
		case columns(line)+columns(dot)+columns(part) <= room-columns(" ·"):
			line += dot + part
		default:
			lines = append(lines, line+" ·")
			line = part
		}
	}
	var broken []string
	for _, s := range append(lines, line) {
		broken = append(broken, p.wrap(s, room)...)
	}
	return broken
}

// step lays out what one step of the runbook found.
func (p *page) step(r runbook.Result, verbose bool) {
	mark, st := markOf(r.Status)
	p.row(label{mark + " " + strings.ToLower(oneLine(r.Title)), st}, oneLine(r.Summary))
	if !verbose {
		return
	}
	for _, evidence := range r.Evidence {
		lines := p.wrap(oneLine(evidence), p.room()-2)
		for i, s := range lines {
			lead := "  "
			if i == 0 {
				lead = "- "
			}
			lines[i] = p.paint.as(dim, lead+s)
		}
		p.lines(label{}, lines)
	}
	if r.Command != "" {
		p.command(label{}, "$ ", r.Command)
	}
}

// proof is what the verdict rests on, a sentence each.
func (p *page) proof(details []string) {
	l := label{"proof", dim}
	for _, detail := range details {
		p.row(l, oneLine(detail))
		l = label{}
	}
}

// markOf is the mark of a status. The marks differ without their colours, too.
func markOf(status string) (string, style) {
	switch status {
	case runbook.StatusOK:
		return "✓", good
	case runbook.StatusProblem:
		return "✗", bad
	case runbook.StatusWarning:
		return "!", doubtful
	case runbook.StatusError:
		return "?", doubtful
	}
	return "·", dim
}

// command lays out a command to copy. It is never wrapped: a terminal that wraps
// it by itself still copies it whole.
func (p *page) command(l label, prompt, command string) {
	lines := strings.Split(visible(command), "\n")
	for i := range lines {
		lines[i] = p.paint.as(bold, prompt+lines[i])
		prompt = strings.Repeat(" ", len(prompt))
	}
	p.lines(l, lines)
}

// remarks are what a person should know besides, and what could not be read.
func (p *page) remarks(v runbook.Verdict) {
	if len(v.Notes)+len(v.Gaps) > 0 {
		p.line("")
	}
	for _, note := range v.Notes {
		p.row(label{"note", doubtful}, oneLine(note))
	}
	for _, gap := range v.Gaps {
		noted := func(note string) bool { return strings.Contains(note, gap.What) }
		if !slices.ContainsFunc(v.Notes, noted) {
			p.gap(gap)
		}
	}
}

// gap is something that could not be read.
func (p *page) gap(g runbook.Gap) {
	text := g.What + ": " + g.Why
	if g.Grant != "" {
		text += "; grant: " + g.Grant
	}
	p.row(label{"not read", doubtful}, oneLine(text))
}

// sentence is text of its own.
func (p *page) sentence(text string) {
	for _, s := range p.wrap(oneLine(text), p.width) {
		p.line(s)
	}
}
