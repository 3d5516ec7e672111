package bot

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// The bounds of a document. The store takes 1 MiB; an incident that nobody looks
// after repeats its call 144 times a day, and has to be closed all the same.
const (
	headLines   = 150 // of the timeline: how it began
	mostLines   = 500
	wholeCalls  = 50 // escalations that keep their words
	mostPlaces  = 200
	mostEarlier = 50
	longestLine = 1200 // bytes
	echoes      = 50   // lines within which the same refusal is said once
)

// bound keeps the document small, whatever happens to the incident.
func (i *Incident) bound() {
	for len(i.Timeline) > mostLines {
		i.shortenTimeline()
	}
	for n := len(i.Escalated) - wholeCalls - 1; n >= 0 && !i.Escalated[n].Folded; n-- {
		old := &i.Escalated[n]
		i.Reached = union(i.Reached, old.Targets)
		*old = Escalated{At: old.At.Truncate(time.Second), Condition: old.Condition, Folded: true}
	}
	if n := len(i.Calls) - mostPlaces; n > 0 {
		i.Calls = i.Calls[n:]
	}
	if n := len(i.Earlier) - mostEarlier; n > 0 {
		i.Earlier = i.Earlier[n:]
	}
}

// cut shortens a text to so many bytes, between two characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "…"
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// shortenTimeline takes out the oldest line after the beginning, and says in its
// place how many are left out.
func (i *Incident) shortenTimeline() {
	if i.LeftOut == 0 {
		i.LeftOut = 1
	} else {
		i.Timeline = append(i.Timeline[:headLines], i.Timeline[headLines+1:]...)
		i.LeftOut++
	}
	gone := i.Timeline[headLines]
	i.Timeline[headLines] = Entry{At: gone.At, What: fmt.Sprintf("%d lines up to here are left out", i.LeftOut)}
}

// repeats tells that the same was noted a few lines ago, by the same person.
func (c *change) repeats(by Person, what string) bool {
	for n := len(c.Timeline) - 1; n >= max(0, len(c.Timeline)-echoes); n-- {
		if c.Timeline[n].By == by && c.Timeline[n].What == what {
			return true
		}
	}
	return false
}
