package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// lookup lays out which entries the kubelet would send, and why not the others.
func (p *page) lookup(l keyring.Lookup) {
	p.heading(lookupHeading(l))
	p.line("")
	for place, i := range l.Used {
		p.entry(label{fmt.Sprintf("✓ %d", place+1), good}, l.Entries[i])
	}
	for _, e := range l.Entries {
		if !e.Used {
			p.entry(label{"✗", bad}, e)
		}
	}
	for _, m := range l.Malformed {
		if told(l, m.Source, m.Key) {
			continue
		}
		at := secretName(m.Source)
		if m.Key != "" {
			at += " → " + m.Key
		}
		p.finding(label{"✗", bad}, at+" cannot be decoded: "+m.Text, m.Hints)
	}
	for _, problem := range l.Problems {
		if problem.Kind == keyring.WrongType && tells(l, problem.Source) {
			continue
		}
		p.finding(label{"!", doubtful}, problem.Text, nil)
	}
}

// told tells whether the entry itself already says what is wrong with it.
func told(l keyring.Lookup, source, key string) bool {
	return slices.ContainsFunc(l.Entries, func(e keyring.Entry) bool {
		return e.Source == source && e.Key == key && !e.Used
	})
}

// tells tells whether the entries of a secret say why they are not used.
func tells(l keyring.Lookup, source string) bool {
	return slices.ContainsFunc(l.Entries, func(e keyring.Entry) bool { return e.Source == source && e.Reason != "" })
}

// lookupHeading sums up in one sentence.
func lookupHeading(l keyring.Lookup) string {
	entries := fmt.Sprintf("%d %s", len(l.Entries), entryNoun(len(l.Entries)))
	switch {
	case len(l.Malformed) > 0:
		return "The kubelet cannot decode " + secretName(l.Malformed[0].Source) +
			": a pod that names it pulls nothing, public images included."
	case len(l.Used) == 0:
		return fmt.Sprintf("The kubelet would send none of %s for %s; it goes on to the node's own credentials, else it pulls anonymously.",
			entries, l.Subject)
	case len(l.Used) == 1:
		return fmt.Sprintf("The kubelet would send 1 of %s for %s, and would not try anonymously.", entries, l.Subject)
	}
	return fmt.Sprintf("The kubelet would send %d of %s for %s, one after another until one is accepted, and would not try anonymously.",
		len(l.Used), entries, l.Subject)
}

func entryNoun(n int) string {
	if n == 1 {
		return "entry"
	}
	return "entries"
}

// entry lays out one entry of a secret.
func (p *page) entry(mark label, e keyring.Entry) {
	text := secretName(e.Source) + " → " + quotedIfOdd(e.Key)
	if user := keyring.MaskUser(e.Credential.User); user != "" {
		text += " · user " + user
	}
	if e.Expires != nil {
		text += " · " + e.Kind + ", expires " + e.Expires.Local().Format("2006-01-02 15:04")
	}
	var below []string
	if e.Reason != "" {
		below = append(below, e.Reason)
	}
	p.finding(mark, text, append(below, e.Hints...))
}

// finding is a line with a mark in front and further lines below it.
func (p *page) finding(mark label, text string, below []string) {
	const indent = 6
	room := p.width - indent
	for i, s := range p.wrap(oneLine(text), room) {
		if i == 0 {
			p.line("  " + p.paint.as(mark.style, mark.text) +
				strings.Repeat(" ", max(1, indent-2-columns(mark.text))) + s)
			continue
		}
		p.line(strings.Repeat(" ", indent) + s)
	}
	for _, hint := range below {
		for i, s := range p.wrap(oneLine(hint), room-2) {
			lead := "  "
			if i == 0 {
				lead = "- "
			}
			p.line(strings.Repeat(" ", indent) + lead + s)
		}
	}
}

// heading is the first sentence of an answer.
func (p *page) heading(text string) {
	for _, s := range p.wrap(oneLine(text), p.width) {
		p.line(p.paint.as(bold, s))
	}
}

// quotedIfOdd shows the blanks in a key, and that there is none.
func quotedIfOdd(key string) string {
	if key == "" {
		return `""`
	}
	return runbook.ShownKey(key)
}
