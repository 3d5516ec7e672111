package main

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/slackbot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// routes choose who is told when an incident escalates.
type routes []routeSettings

// of is the first route that covers the incident.
func (r routes) of(i bot.Incident) (routeSettings, bool) {
	why := cause.Unknown
	if i.Verdict != nil {
		why = i.Verdict.Cause
	}
	for _, route := range r {
		if matchesAny(route.Causes, string(why)) && matchesAny(route.Namespaces, i.Target.Namespace) {
			return route, true
		}
	}
	return routeSettings{}, false
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return ok && err == nil
	})
}

// Route says who is told, for the text of messages.
func (r routes) Route(i bot.Incident) slackbot.Route {
	route, ok := r.of(i)
	return slackbot.Route{Mention: route.Slack.Mention, Pages: ok}
}

// mentions calls people by mentioning their user group, broadcast from the
// incident's thread: a redraw notifies nobody.
type mentions struct {
	routes routes
	find   func(ctx context.Context, id string) (bot.Incident, error)
	chat   bot.Announcer
}

// Page mentions the people of the route. It may be told twice; the chat says a
// notice with the same key once.
func (m mentions) Page(ctx context.Context, p bot.Page) error {
	i, err := m.find(ctx, p.Incident)
	if err != nil {
		return fmt.Errorf("finding whom to mention: %w", err)
	}
	text := "▲ " + p.Text
	if route, ok := m.routes.of(i); ok {
		text = "<!subteam^" + route.Slack.Mention + "> " + text
	} else {
		text += ". Nobody is mentioned: no escalation route covers this."
	}
	notice := bot.Notice{Key: fmt.Sprintf("%s-page-%d", p.Key, p.At.UnixNano()), Text: text, Broadcast: true}
	if err := m.chat.Tell(ctx, i, notice); err != nil {
		return fmt.Errorf("mentioning: %w", err)
	}
	return nil
}

// pagers are the ways to people, by name. Without a route there is none, and
// messages say that nobody will be paged.
func (s settings) pagers(find func(context.Context, string) (bot.Incident, error), chat bot.Announcer) map[string]bot.Pager {
	if len(s.Escalation.Routes) == 0 {
		return nil
	}
	return map[string]bot.Pager{"the mention in Slack": mentions{routes: s.Escalation.Routes, find: find, chat: chat}}
}

// approvers tell who may approve, for the text of modals; the desk decides by
// the same rules.
type approvers bot.Rules

// Approvers returns the first rule that covers the target and the remedy.
func (a approvers) Approvers(t runbook.Target, remedy string) (slackbot.Approvers, bool) {
	for _, rule := range a.Approvals {
		if !matchesAny(rule.Clusters, t.Cluster) || !matchesAny(rule.Namespaces, t.Namespace) || !matchesAny(rule.Remedies, remedyFamily(remedy)) {
			continue
		}
		return slackbot.Approvers{People: rule.People, Needed: rule.Needed, FourEyes: rule.FourEyes, BreakGlass: rule.BreakGlass}, true
	}
	return slackbot.Approvers{}, false
}

// remedyFamily is a remedy's id without its number.
func remedyFamily(id string) string {
	if at := strings.LastIndexByte(id, '-'); at > 0 && strings.Trim(id[at+1:], "0123456789") == "" {
		return id[:at]
	}
	return id
}
