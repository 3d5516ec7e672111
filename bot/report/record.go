package report

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/message"
	"github.com/pullfix/pullfix/runbook/scrub"
)

// spoken is how the desk names people and user groups in its texts.
var spoken = regexp.MustCompile(`<(?:@|!subteam\^)([A-Z0-9]+)>`)

// mostSaid bounds one text, in characters.
const mostSaid = 2000

// said makes a text fit for the report: no credential, one line, and people by
// their ids.
func said(s string) string {
	return scrub.Limit(scrub.Text(spoken.ReplaceAllString(s, "$1")), mostSaid)
}

func allSaid(list []string) []string {
	clean := make([]string, len(list))
	for n, s := range list {
		clean[n] = said(s)
	}
	return clean
}

func who(p bot.Person) string {
	if p == (bot.Person{}) {
		return "pullfix"
	}
	return said(p.ID)
}

// name is a person in a value: "" is pullfix itself.
func name(p bot.Person) string { return said(p.ID) }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// clock is a moment of the day; every day and every moment of a report is UTC.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// span is a stretch of time; the day is not said twice.
func span(from, until time.Time) string {
	from, until = from.UTC(), until.UTC()
	if from.Format(time.DateOnly) == until.Format(time.DateOnly) {
		return from.Format("2006-01-02 15:04") + " to " + clock(until)[len("2006-01-02 "):]
	}
	return clock(from) + " to " + clock(until)
}

func meaning(c cause.Cause) string {
	if c == "" {
		return ""
	}
	return message.Meaning(c)
}

func (s subject) earlier() []Earlier {
	list := []Earlier{}
	for _, e := range s.Earlier {
		if e.Cause == cause.None || e.Cause == s.verdict.Cause && e.Summary == s.verdict.Summary {
			continue
		}
		list = append(list, Earlier{Cause: said(string(e.Cause)), Summary: said(e.Summary), Until: e.Until.UTC()})
	}
	return list
}

func timeline(entries []bot.Entry) []Line {
	list := make([]Line, 0, len(entries))
	for _, e := range entries {
		list = append(list, Line{At: e.At.UTC(), By: name(e.By), What: said(e.What)})
	}
	return list
}

// changes are what pullfix did, oldest first.
func (s subject) changes() []Change {
	all := []Change{}
	for _, d := range s.Past {
		all = append(all, changeOf(d))
	}
	if d := s.Decision; d != nil && (d.Started != nil || d.Refused != "") {
		all = append(all, changeOf(*d))
	}
	return all
}

func changeOf(d bot.Decision) Change {
	c := Change{Title: said(d.Title), Approved: []string{}, Actions: []Action{}, Refused: said(d.Refused)}
	if d.Started != nil {
		at := d.Started.UTC()
		c.At = &at
	}
	for _, a := range d.Granted {
		c.Approved = append(c.Approved, name(a.Person))
	}
	for _, r := range d.Receipts {
		c.Actions = append(c.Actions, actionOf(r))
	}
	return c
}

func actionOf(r runbook.Receipt) Action {
	a := Action{Verb: said(r.Action.Verb), Result: "not done", Detail: said(r.Detail)}
	if r.Action.Name != "" {
		a.Object = said(fmt.Sprintf("%s/%s in %s", r.Action.Kind, r.Action.Name, r.Action.Namespace))
	}
	switch {
	case r.Done:
		a.Result = "done"
	case r.Unsure:
		a.Result = "unsure"
	}
	if a.Detail == a.Result {
		a.Detail = "" // it says nothing more
	}
	return a
}

func escalations(list []bot.Escalated) []Escalation {
	all := make([]Escalation, 0, len(list))
	for _, e := range list {
		if e.Folded {
			continue // the timeline says how it began
		}
		all = append(all, Escalation{At: e.At.UTC(), Why: said(e.Why), By: name(e.By), Told: allSaid(e.Told), Failed: allSaid(e.Failed)})
	}
	return all
}

func feedback(list []bot.Feedback) Feedback {
	f := Feedback{Said: []Line{}}
	for _, answer := range list {
		if answer.Helpful {
			f.Helpful++
		} else {
			f.Unhelpful++
		}
		if strings.TrimSpace(answer.Text) != "" {
			f.Said = append(f.Said, Line{At: answer.At.UTC(), By: name(answer.By), What: said(answer.Text)})
		}
	}
	return f
}

func links(list []Link) []Link {
	all := make([]Link, 0, len(list))
	for _, l := range list {
		if u, err := url.Parse(l.URL); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || strings.ContainsAny(l.URL, "<> \t\n`") {
			continue // the configuration is checked at the start; a link is never made of anything else
		}
		all = append(all, Link{Title: said(l.Title), URL: l.URL})
	}
	return all
}
