package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/sandbox/pager"
	"github.com/pullfix/pullfix/sandbox/slack"
)

// TestEscalationThroughSlackAndPagerDuty: both are called side by side, the call
// in Slack has buttons that work, and the end of the incident ends the page.
func TestEscalationThroughSlackAndPagerDuty(t *testing.T) {
	duty := pager.New(t, 202)
	s := newStage(t)
	if err := s.MakeEarly(t.Context(), "late", 1); err != nil {
		t.Fatal(err)
	}
	s.variables = map[string]string{"PAGERDUTY_KEY": "R0UTINGKEY"}
	stop := s.serve(t, fmt.Sprintf(shortPolicy, slack.Platform, duty.URL))
	defer stop()
	s.command(t, slack.Ann, "diagnose late deployment/early")
	call := s.await(t, func(m slack.Message) bool {
		_, _, buttons := m.Element("pullfix.acknowledge")
		return buttons && hasAll(words(m), []string{"<!subteam^" + slack.Platform + ">", "Container registry pull failure blocking deployments in late"})
	}, []string{"a call with buttons"})
	keys := s.paged(t, duty, "late")
	if len(keys) != 1 {
		t.Errorf("paged %q", keys)
	}
	if call.ThreadTS == "" {
		t.Error("the call does not stand in the incident's thread")
	}
	s.press(t, slack.Bob, call, "pullfix.acknowledge")
	root := s.saw(t, "taken by", slack.Bob, "PagerDuty platform")
	if strings.Contains(words(root), "R0UTINGKEY") {
		t.Error("the routing key shows")
	}
	if err := s.SetImage(t.Context(), "late/deployments/early", "ghcr.io/acme/search:2.1.0"); err != nil { // somebody's kubectl
		t.Fatal(err)
	}
	ended := func() bool {
		all := events(t, duty)
		last := all[len(all)-1]
		return last.Action == "resolve" && last.Key == keys[0]
	}
	if !eventually(ended) {
		t.Errorf("the page is not ended: %+v\n%s", events(t, duty), s.log.String())
	}
	time.Sleep(100 * time.Millisecond)
	if n := len(events(t, duty)); n != 2 {
		t.Errorf("%d events", n)
	}
}

// TestSlackThatRefusesSilencesNobody: a revoked token ends no deadline; the other
// ways to call people go on, and the health tells what is wrong.
func TestSlackThatRefusesSilencesNobody(t *testing.T) {
	duty := pager.New(t, 202)
	s := newStage(t)
	if err := s.MakeEarly(t.Context(), "revoked", 1); err != nil {
		t.Fatal(err)
	}
	s.variables = map[string]string{"PAGERDUTY_KEY": "R0UTINGKEY"}
	stop := s.serve(t, fmt.Sprintf(shortPolicy, slack.Platform, duty.URL))
	defer stop()
	s.command(t, slack.Ann, "diagnose revoked deployment/early")
	for _, method := range []string{"auth.test", "apps.connections.open", "chat.postMessage", "chat.update"} {
		s.Workspace.Break(slack.Fault{Method: method, Error: "token_revoked", Times: -1})
	}
	s.Workspace.Disrupt(slack.Kill, 0)
	if keys := s.paged(t, duty, "revoked"); len(keys) != 1 {
		t.Errorf("paged %q", keys)
	}
	if !eventually(func() bool {
		return strings.Contains(s.log.String(), "Slack refuses the bot; incidents go on without it")
	}) {
		t.Errorf("log:\n%s", s.log.String())
	}
}
