package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/slackbot"
	"github.com/pullfix/pullfix/runbook"
)

// policy is when people are called, and whom, with the targets that were opened.
func (e escalationSettings) policy(pagers map[string]bot.Pager) (bot.Policy, error) {
	texts, err := bot.ParseTexts(e.Texts.sources())
	if err != nil {
		return bot.Policy{}, usage(fmt.Errorf("escalation.texts: %w", err))
	}
	p := bot.Policy{
		After: e.After, Repeat: e.Repeat, Levels: e.Levels, Texts: texts,
		Down:      bot.DownSign{Namespaces: e.RegistryDown.Namespaces, Lasting: e.RegistryDown.Lasting},
		Spreading: bot.SpreadSign{Namespaces: e.Expanding.Namespaces, Pods: e.Expanding.Pods, Growth: e.Expanding.Growth, Lasting: e.Expanding.Lasting},
	}
	for _, r := range e.Routes {
		p.Routes = append(p.Routes, r.route(pagers))
	}
	return p, nil
}

func (r routeSettings) route(pagers map[string]bot.Pager) bot.PageRoute {
	route := bot.PageRoute{
		Name: r.Name, Level: r.Level, Causes: r.Causes, Namespaces: r.Namespaces, LostAvailability: r.LostAvailability,
		Pages: r.Pages, Mention: r.Slack.Mention, Channel: r.Slack.Channel, Fallback: r.Fallback,
	}
	for _, why := range r.Conditions {
		route.Conditions = append(route.Conditions, bot.Condition(why))
	}
	for _, kind := range targetKinds() {
		if _, opened := pagers[targetName(kind, r)]; opened {
			route.Targets = append(route.Targets, targetName(kind, r))
		}
	}
	return route
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return ok && err == nil
	})
}

// routes tell who is called, for the text of messages.
type routes bot.Policy

// Route is who an overdue incident is told to.
func (r routes) Route(i bot.Incident) slackbot.Route {
	route, ok := bot.Policy(r).Route(i)
	return slackbot.Route{Mention: route.Mention, Pages: ok}
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
