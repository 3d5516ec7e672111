package main

import (
	"testing"

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

func twoRoutes(t *testing.T) routes {
	t.Helper()
	e := defaultEscalation()
	e.Routes = []routeSettings{
		{Name: "owners", Causes: []string{"TagNotFound", "Repository*"}, Namespaces: []string{"prod-*"}, Slack: slackMentions{Mention: "S0OWNERS"}},
		{Name: "platform", Causes: []string{"*"}, Namespaces: []string{"prod-*", "shop"}, Slack: slackMentions{Mention: "S0PLATFORM"}},
	}
	p, err := e.policy(nil)
	if err != nil {
		t.Fatal(err)
	}
	return routes(p)
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
		if diff := cmp.Diff(c.want, twoRoutes(t).Route(incident(c.namespace, c.why))); diff != "" {
			t.Errorf("%s %s: %s", c.namespace, c.why, diff)
		}
	}
	if got := (routes{}).Route(incident("shop", cause.TagNotFound)); got.Pages {
		t.Error("somebody is paged without a route")
	}
	unknown := bot.Incident{Target: runbook.Target{Namespace: "prod-a"}}
	if got := twoRoutes(t).Route(unknown); got.Mention != "S0PLATFORM" {
		t.Errorf("what is not diagnosed goes to %q", got.Mention)
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
