package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	sandcluster "github.com/pullfix/pullfix/sandbox/cluster"
	"github.com/pullfix/pullfix/sandbox/slack"
)

// TestItNotices lives through a failure that nobody asks about: a workload
// breaks, a message comes, somebody mends it, it is resolved; and it comes back.
func TestItNotices(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	// Kubernetes tells moments in whole seconds: what fails has to be older than that.
	time.Sleep(3 * time.Second)
	stop := s.serve(t, mention+"\nwatch: {pods: 200ms, events: 600ms, settle: 400ms, diagnoses: 60}")
	before := s.saw(t, "waited for an image already when pullfix came", "Nobody is paged for these")
	if strings.Contains(words(before), "storefront") {
		t.Errorf("what is healthy stands in the digest: %s", words(before))
	}
	set := func(tag string) {
		t.Helper()
		if err := s.SetImage(t.Context(), "shop/deployments/storefront", "ghcr.io/acme/storefront:"+tag); err != nil {
			t.Fatal(err)
		}
	}
	set("9.9.9")
	m := s.saw(t, "The tag 9.9.9 does not exist", "pullfix.again")
	if strings.Contains(words(m), "asked by") {
		t.Errorf("somebody asked: %s", words(m))
	}
	s.command(t, slack.Ann, "diagnose shop deployment/storefront")
	s.saw(t, "shop/storefront", "fails for the same reason as another incident")
	set("4.2.0")
	// Others may break and heal meanwhile: what counts is said in this thread.
	inThread := func(wanted ...string) slack.Message {
		t.Helper()
		return s.await(t, func(got slack.Message) bool { return got.ThreadTS == m.TS && hasAll(words(got), wanted) }, wanted)
	}
	inThread("Resolved", "recovered without a change by pullfix")
	set("9.9.9")
	if back := inThread("It is back", "the same root cause"); !back.Broadcast {
		t.Errorf("back, and unheard: %+v", back)
	}
	stop()
	if n := s.writes(); n != 0 {
		t.Errorf("%d writes", n)
	}
	if log := s.log.String(); strings.Contains(log, "level=ERROR") {
		t.Errorf("errors in the log:\n%s", log)
	}
}

func TestRooms(t *testing.T) {
	all := []string{"*"}
	p := parts{settings: settings{
		Slack: slackSettings{Channel: "C0ALL"},
		Watch: watchSettings{Channels: []channelSettings{
			{Clusters: all, Namespaces: []string{"team-*"}, Causes: []string{"TagNotFound"}, Severities: all, Channel: "C0TEAM"},
			{Clusters: []string{"prod"}, Namespaces: all, Causes: all, Severities: []string{"P1"}, Channel: "C0PROD"},
		}},
	}}
	for _, row := range []struct {
		cluster, namespace string
		cause              cause.Cause
		severity, want     string
	}{
		{"prod", "team-a", cause.TagNotFound, runbook.P2, "C0TEAM"},
		{"prod", "team-a", cause.Timeout, runbook.P1, "C0PROD"},
		{"prod", "shop", cause.Timeout, runbook.P2, "C0ALL"},
		{"dev", "shop", cause.Timeout, runbook.P1, "C0ALL"},
		{"prod", "shop", "", "", "C0PROD"}, // what could not be diagnosed may be anything
	} {
		v := runbook.Verdict{Severity: row.severity, Diagnosis: runbook.Diagnosis{Cause: row.cause}}
		if got := p.rooms().Room(runbook.Target{Cluster: row.cluster, Namespace: row.namespace}, v); got.Channel != row.want {
			t.Errorf("%+v: %s", row, got.Channel)
		}
	}
}

// TestAClusterThatCannotBeReadIsTold on /readyz; the bot is ready all the same,
// since people can ask about others.
func TestAClusterThatCannotBeReadIsTold(t *testing.T) {
	s := newStage(t)
	for _, r := range []string{"pods", "events"} {
		s.Cluster.Inject(sandcluster.Fault{Rule: sandcluster.Rule{Resource: r}, User: "pullfix", Status: http.StatusForbidden, Times: -1})
	}
	stop := s.serve(t, mention+"\nwatch: {pods: 200ms, events: 200ms, settle: 0s}")
	address := readyz.FindStringSubmatch(s.log.String())
	if address == nil {
		t.Fatal("the log does not say where health is told")
	}
	told := func() bool {
		status, text := get(t, address[1])
		return status == http.StatusOK && strings.Contains(text, "warning: cluster demo cannot be read since ")
	}
	if !eventually(told) {
		_, text := get(t, address[1])
		t.Errorf("readyz says %q", text)
	}
	stop()
	if n := strings.Count(s.log.String(), "a cluster cannot be read"); n != 1 {
		t.Errorf("the log says it %d times:\n%s", n, s.log.String())
	}
}
