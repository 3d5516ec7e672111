package slackbot

import (
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// offer is a remedy that can be approved now, with the plans to choose from:
// they differ in where a new credential comes from, or in how far they reach.
type offer struct {
	remedy runbook.Remedy
	plans  []runbook.Plan
}

// plan is the one with this hash.
func (o offer) plan(hash string) (runbook.Plan, bool) {
	n := slices.IndexFunc(o.plans, func(p runbook.Plan) bool { return p.Hash == hash })
	if n < 0 {
		return runbook.Plan{}, false
	}
	return o.plans[n], true
}

// first is the plan that is shown first: the one that others have approved
// already, else the recommended one.
func (o offer) first(i bot.Incident) runbook.Plan {
	if i.Decision != nil && i.State == bot.Asking {
		if p, ok := o.plan(i.Decision.PlanHash); ok {
			return p
		}
	}
	return o.plans[0]
}

// fresh says where the new credential comes from, what it was tested for, and
// how long it lives; "" for what needs none.
func (o offer) fresh(base time.Time) markup {
	p := o.plans[0]
	if len(p.Actions) == 0 || p.Actions[0].Entry == nil || p.Remedy.Kind == runbook.UndoSecret {
		return ""
	}
	text := markup("\nA new credential")
	if p.Choice != "" {
		text += " from " + quote(p.Choice, roomName)
	}
	text += markup(" is at hand, tested for " + count(len(p.Actions[0].Entry.Images), "image"))
	if p.Expires != nil {
		text += ", valid until " + clock(*p.Expires, base)
	}
	if more := len(o.plans) - 1; more > 0 {
		text += markup("; the dialog offers " + count(more, "other way"))
	}
	return text + "."
}

// offers are the remedies that can be approved in the incident's state, the
// recommended first.
func offers(i bot.Incident) []offer {
	var list []offer
	for _, p := range i.Plans {
		if !approvable(p) || !timely(i, p) {
			continue
		}
		n := slices.IndexFunc(list, func(o offer) bool { return o.remedy.ID == p.Remedy.ID })
		if n < 0 {
			list, n = append(list, offer{remedy: p.Remedy}), len(list)
		}
		list[n].plans = append(list[n].plans, p)
	}
	return list
}

// timely tells whether a plan can be approved in the incident's state. While a
// change is watched another may follow, a faster way or the way back, but not
// while it waits for its first namespace; after the end only the way back.
func timely(i bot.Incident, p runbook.Plan) bool {
	switch i.State {
	case bot.Open, bot.Asking:
		return i.Compromised == nil
	case bot.Watching:
		done := p.Remedy.Kind == runbook.DeletePods && i.Recovery != nil && i.Recovery.Wanted > 0 && i.Recovery.Waiting == 0
		return i.Compromised == nil && !i.Canary() && !done
	case bot.Resolved:
		return i.Compromised == nil && p.Remedy.Kind == runbook.UndoSecret
	}
	return false
}

// offered finds what can be approved of a remedy now.
func offered(i bot.Incident, remedy string) (offer, bool) {
	list := offers(i)
	n := slices.IndexFunc(list, func(o offer) bool { return o.remedy.ID == remedy })
	if n < 0 {
		return offer{}, false
	}
	return list[n], true
}

func approvable(p runbook.Plan) bool {
	return p.Remedy.Approvable && p.Missing == "" && len(p.Actions) > 0
}

// withheld says why a plan has no button; "" when it has one. The planner says
// so in its first sentence, or names the right that is missing.
func withheld(p runbook.Plan) string {
	if approvable(p) {
		return ""
	}
	for _, s := range p.Shows {
		if why, ok := strings.CutPrefix(s, "Not offered: "); ok {
			return why
		}
	}
	if p.Missing != "" {
		return "pullfix lacks a right: " + p.Missing
	}
	return "pullfix cannot carry this out here"
}
