package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/slackbot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

func incident(namespace string, why cause.Cause) bot.Incident {
	return bot.Incident{
		ID: "i1", Target: runbook.Target{Cluster: "eu", Namespace: namespace},
		Verdict: &runbook.Verdict{Diagnosis: runbook.Diagnosis{Cause: why}},
	}
}

func twoRoutes() routes {
	return routes{
		{Name: "owners", Causes: []string{"TagNotFound", "Repository*"}, Namespaces: []string{"prod-*"}, Slack: slackMentions{Mention: "S0OWNERS"}},
		{Name: "platform", Causes: []string{"*"}, Namespaces: []string{"prod-*", "shop"}, Slack: slackMentions{Mention: "S0PLATFORM"}},
	}
}

func TestTheFirstRouteThatCoversTheIncidentIsTaken(t *testing.T) {
	for _, c := range []struct {
		namespace string
		why       cause.Cause
		want      slackbot.Route
	}{
		{"prod-a", cause.TagNotFound, slackbot.Route{Mention: "S0OWNERS", Pages: true}},
		{"prod-a", cause.RepositoryNotFound, slackbot.Route{Mention: "S0OWNERS", Pages: true}},
		{"prod-a", cause.AuthExpired, slackbot.Route{Mention: "S0PLATFORM", Pages: true}},
		{"shop", cause.TagNotFound, slackbot.Route{Mention: "S0PLATFORM", Pages: true}},
		{"dev", cause.TagNotFound, slackbot.Route{}},
	} {
		if diff := cmp.Diff(c.want, twoRoutes().Route(incident(c.namespace, c.why))); diff != "" {
			t.Errorf("%s %s: %s", c.namespace, c.why, diff)
		}
	}
	if got := (routes{}).Route(incident("shop", cause.TagNotFound)); got.Pages {
		t.Error("somebody is paged without a route")
	}
	unknown := bot.Incident{Target: runbook.Target{Namespace: "prod-a"}}
	if got := twoRoutes().Route(unknown); got.Mention != "S0PLATFORM" {
		t.Errorf("what is not diagnosed goes to %q", got.Mention)
	}
}

// thread remembers what is said in the thread.
type thread struct {
	bot.Announcer
	said []bot.Notice
	err  error
}

func (c *thread) Tell(_ context.Context, _ bot.Incident, n bot.Notice) error {
	c.said = append(c.said, n)
	return c.err
}

func TestAPageIsABroadcastMention(t *testing.T) {
	chat := &thread{}
	stored := incident("prod-a", cause.TagNotFound)
	m := mentions{routes: twoRoutes(), chat: chat, find: func(context.Context, string) (bot.Incident, error) { return stored, nil }}
	first := bot.Page{Key: "i1", Incident: "i1", Text: "P1: broken", At: time.Unix(1, 2)}
	again := first
	again.At = time.Unix(600, 0)
	for _, p := range []bot.Page{first, first, again} {
		if err := m.Page(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if chat.said[0].Text != "<!subteam^S0OWNERS> ▲ P1: broken" || !chat.said[0].Broadcast {
		t.Errorf("said %+v", chat.said[0])
	}
	if chat.said[0].Key != chat.said[1].Key || chat.said[0].Key == chat.said[2].Key {
		t.Error("the same page has another key, or a repetition the same one")
	}
	stored.Target.Namespace = "dev"
	if err := m.Page(t.Context(), first); err != nil || chat.said[3].Text != "▲ P1: broken. Nobody is mentioned: no escalation route covers this." {
		t.Errorf("said %+v, %v", chat.said[3], err)
	}
	chat.err = errors.New("slack is down")
	if err := m.Page(t.Context(), first); !errors.Is(err, chat.err) {
		t.Errorf("a page that did not arrive: %v", err)
	}
}

func TestApproversAreThoseOfTheFirstRule(t *testing.T) {
	two, no := 2, false
	s := settings{Approvals: []approvalSettings{
		{Clusters: []string{"eu"}, Namespaces: []string{"kube-*"}, Remedies: []string{"*"}},
		{Clusters: []string{"*"}, Namespaces: []string{"*"}, Remedies: []string{"delete-*"}, Groups: []string{"S0A"}, Approvals: &two, FourEyes: &no},
		{Clusters: []string{"*"}, Namespaces: []string{"*"}, Remedies: []string{"*"}, Users: []string{"U0B"}},
	}}
	a := approvers(s.rules())
	for _, c := range []struct {
		namespace, remedy string
		want              slackbot.Approvers
	}{
		{"kube-system", "delete-pods", slackbot.Approvers{Needed: 1, FourEyes: true}},
		{"shop", "delete-pods-2", slackbot.Approvers{People: bot.People{Groups: []string{"S0A"}}, Needed: 2}},
		{"shop", "rollback", slackbot.Approvers{People: bot.People{Users: []string{"U0B"}}, Needed: 1, FourEyes: true}},
	} {
		got, found := a.Approvers(runbook.Target{Cluster: "eu", Namespace: c.namespace}, c.remedy)
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(slackbot.Approvers{})); diff != "" || !found {
			t.Errorf("%s %s: %v %s", c.namespace, c.remedy, found, diff)
		}
	}
	if _, found := (approvers{}).Approvers(runbook.Target{}, "rollback"); found {
		t.Error("no rule lets somebody approve")
	}
}
