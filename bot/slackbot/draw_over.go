package slackbot

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook/cause"
)

// resolved is the message once recovery is proven.
func (d drawing) resolved() message {
	i := d.incident
	e := i.Ending
	if e == nil {
		e = &bot.Ending{At: i.Opened, Elsewhere: -1}
	}
	parts := []markup{
		"○ *Resolved* " + clock(e.At, i.Opened) + markup(", after "+minutesBetween(i.Opened, e.At)),
		said(e.Resolution, roomSentence, d.known),
	}
	if r := i.Recovery; r != nil && r.Wanted > 0 {
		parts = append(parts, markup(fmt.Sprintf("%d of %s pulled", min(r.Pulled, r.Wanted), count(r.Wanted, "pod"))))
	}
	switch {
	case e.Elsewhere == 0:
		parts = append(parts, "no other pull failure seen in the cluster")
	case e.Elsewhere > 0:
		parts = append(parts, markup(count(e.Elsewhere, "pod")+" elsewhere still waiting for an image"))
	}
	m := message{text: dotted(parts...)}
	m.section(dotted(parts...))
	m.section(handedOver(e.HandedOver))
	m.small(d.what())
	m.small(join("\n", roomText, sentences(shortDigests(e.Proof), "")))
	m.afterwards(i)
	return m
}

// longDigest is a digest in a reference; its first twelve digits tell it apart.
var longDigest = regexp.MustCompile(`(@sha256:[0-9a-f]{12})[0-9a-f]{52}`)

// shortDigests leaves of each digest what people compare. The report has it
// whole.
func shortDigests(list []string) []string {
	short := make([]string, 0, len(list))
	for _, s := range list {
		short = append(short, longDigest.ReplaceAllString(s, "$1"))
	}
	return short
}

// feedbackBlock is the block of the buttons that ask about the runbook.
const feedbackBlock = actionsBlock + ".feedback"

// afterwards is what remains to be done: the report, the postmortem, and whether
// the runbook was right.
func (m *message) afterwards(i bot.Incident) {
	m.actions(actionsBlock, buttons(i))
	question := markup("Were these steps right?")
	yes, no := 0, 0
	for _, f := range i.Feedback {
		if f.Helpful {
			yes++
		} else {
			no++
		}
	}
	if yes+no > 0 {
		question += markup(fmt.Sprintf(" %d yes, %d no so far.", yes, no))
	}
	if i.PostmortemOwner != nil {
		question = "Postmortem: " + mention(*i.PostmortemOwner) + "\n" + question
	}
	m.small(question)
	m.actions(feedbackBlock, feedbackButtons(i))
}

// handedOver says what is another runbook's matter; the address at its end
// becomes a link.
func handedOver(text string) markup {
	at := strings.LastIndex(text, " https://")
	if at < 0 {
		return quote(text, roomSentence)
	}
	address := text[at+1:]
	if strings.ContainsAny(address, "<>| ") {
		return quote(text, roomSentence)
	}
	return quote(strings.TrimSuffix(text[:at], ":"), roomSentence) + ": " + link(address, "open it")
}

// what is the cause, where, in one line.
func (d drawing) what() markup {
	i := d.incident
	place := code(subject(i), roomName)
	if i.Target.Cluster != "" {
		place += " on " + quote(i.Target.Cluster, roomName)
	}
	v := i.Verdict
	if i.State.Over() {
		v = i.Cured()
	}
	if v == nil {
		return place
	}
	return dotted(place, quote(v.Severity, 4), quote(v.Summary, roomSentence), "incident "+code(i.ID, 80))
}

// joins is how the desk says which incident this one is part of.
const joins = "joins "

// closed is one line for what was nothing, or belongs to another incident, and
// a short message for what a person closed.
func (d drawing) closed() message {
	i := d.incident
	resolution := ""
	if i.Ending != nil {
		resolution = i.Ending.Resolution
	}
	other, joined := strings.CutPrefix(resolution, joins)
	byHand := i.Ending != nil && i.Ending.By != (bot.Person{})
	switch {
	case joined:
		line := code(subject(i), roomName) + " fails for the same reason as another incident: "
		if d.joined != "" {
			return sentence(line + link(d.joined, other))
		}
		return sentence(line + code(other, 80))
	case !byHand && i.Verdict != nil && i.Verdict.Cause == cause.None:
		return sentence(healthy(i))
	case !byHand:
		return sentence(said(resolution, roomSentence, d.known))
	}
	line := "○ *Closed* " + clock(i.Ending.At, i.Opened) + " by " + mention(i.Ending.By) + ": " + said(resolution, roomSentence, d.known)
	m := message{text: line}
	m.section(line)
	m.small(d.what())
	m.afterwards(i)
	return m
}

// healthy is the one line for a pod whose pulls are fine.
func healthy(i bot.Incident) markup {
	v := i.Verdict
	line := quote(strings.TrimSuffix(v.Summary, "."), roomSentence) + "."
	if len(v.Remedies) > 0 {
		line += " " + quote(v.Remedies[0].Title, roomName) + "."
	}
	return line
}
