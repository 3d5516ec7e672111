package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/k8s"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// seenCluster is a cluster in which rows fail; of what it does not show, only
// the gap is known.
type seenCluster struct {
	served
	rows   []runbook.FailingPull
	gap    bool
	own    runbook.Recovery
	over   bool
	asked  *[]k8s.ScanOptions
	broken error
}

func (c seenCluster) Failing(_ context.Context, o k8s.ScanOptions, found func([]runbook.FailingPull)) (k8s.Survey, error) {
	*c.asked = append(*c.asked, o)
	var rows []runbook.FailingPull
	for _, r := range c.rows {
		if o.Namespace == "" || o.Namespace == r.Namespace {
			rows = append(rows, r)
		}
	}
	found(rows)
	s := k8s.Survey{Complete: !c.gap}
	if c.gap {
		s.Gaps = []runbook.Gap{{What: "pods", Why: "forbidden", Grant: "list pods"}}
	}
	return s, c.broken
}

func (c seenCluster) Recovery(context.Context, k8s.RecoveryQuestion) (runbook.Recovery, bool, error) {
	return c.own, c.over, nil
}

func waits(namespace, pod, why string) runbook.FailingPull {
	return runbook.FailingPull{Namespace: namespace, Pod: pod, Container: "app", Image: "reg.example.com/acme/app:1", Reason: "ErrImagePull", Message: why}
}

const rejected = `failed to pull and unpack image "reg.example.com/acme/app:1": failed to resolve image: unexpected status from HEAD request to https://reg.example.com/v2/acme/app/manifests/1: 401 Unauthorized`

const noTag = `failed to pull and unpack image "reg.example.com/acme/app:1": failed to resolve image: reg.example.com/acme/app:1: not found`

// TestRecoveryIsOfAllNamespacesOfThePlan: nothing is over while a pod waits in
// one of them, or while one of them was not seen as a whole.
func TestRecoveryIsOfAllNamespacesOfThePlan(t *testing.T) {
	incident := bot.Incident{
		Target:  runbook.Target{Cluster: "prod", Namespace: "shop"},
		Case:    &runbook.Case{Facts: runbook.Facts{Failing: []runbook.FailingPull{waits("shop", "a", rejected), waits("pay", "b", rejected), waits("pay", "c", rejected)}}},
		Verdict: &runbook.Verdict{Diagnosis: runbook.Diagnosis{Cause: cause.AuthExpired, Registry: "reg.example.com"}},
		Grounds: []bot.Ground{{Cluster: "prod", Namespace: "shop"}, {Cluster: "prod", Namespace: "pay"}, {Cluster: "prod", Namespace: "search"}},
	}
	for _, test := range []struct {
		name    string
		cluster seenCluster
		canary  bool
		waiting int
		over    bool
		err     string
	}{
		{"all are back", seenCluster{over: true}, false, 0, true, ""},
		{"one waits elsewhere", seenCluster{over: true, rows: []runbook.FailingPull{waits("pay", "b", rejected)}}, false, 1, false, ""},
		{"another namespace is no matter of this", seenCluster{over: true, rows: []runbook.FailingPull{waits("media", "x", rejected)}}, false, 0, true, ""},
		{"another fault is no matter of this", seenCluster{over: true, rows: []runbook.FailingPull{waits("pay", "b", noTag)}}, false, 0, true, ""},
		{"not seen as a whole", seenCluster{over: true, gap: true}, false, 0, false, "not everything could be read"},
		{"not seen at all", seenCluster{over: true, broken: errors.New("down")}, false, 0, false, "namespace pay: down"},
		{"a canary is about its own", seenCluster{over: true, rows: []runbook.FailingPull{waits("pay", "b", rejected)}}, true, 0, true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			i, asked := incident, []k8s.ScanOptions{}
			test.cluster.asked, test.cluster.own = &asked, runbook.Recovery{Wanted: 1, Pulled: 1}
			if test.canary {
				at := incident.Opened
				i.State, i.Decision = bot.Watching, &bot.Decision{Started: &at, Begun: 1, Plan: &runbook.Plan{Actions: make([]runbook.Action, 3)}}
			}
			e := engine{clusters: []namedCluster{{name: "prod", served: test.cluster}}}
			r, over, err := e.Recovery(t.Context(), i)
			if test.err != "" {
				if err == nil || over || !strings.Contains(err.Error(), test.err) {
					t.Errorf("over %v, %v", over, err)
				}
				return
			}
			if err != nil || over != test.over || r.Waiting != test.waiting {
				t.Errorf("over %v, %+v, %v", over, r, err)
			}
			for _, o := range asked {
				if !o.Thorough || o.Namespace == "" || o.Namespace == "shop" {
					t.Errorf("asked %+v: events prove nothing, and the incident's own namespace is looked at closely", o)
				}
			}
		})
	}
}

// TestElsewhereIsUnknownWhenNotAllIsSeen: R7.
func TestElsewhereIsUnknownWhenNotAllIsSeen(t *testing.T) {
	asked := []k8s.ScanOptions{}
	rows := []runbook.FailingPull{waits("pay", "b", rejected), waits("pay", "b", rejected), waits("media", "x", noTag)}
	for _, gap := range []bool{false, true} {
		e := engine{clusters: []namedCluster{{name: "prod", served: seenCluster{rows: rows, gap: gap, asked: &asked}}}}
		n, err := e.Elsewhere(t.Context(), bot.Incident{Target: runbook.Target{Cluster: "prod"}})
		if (err != nil) != gap || (!gap && n != 2) {
			t.Errorf("gap %v: %d, %v", gap, n, err)
		}
	}
}

func TestRunbookLinks(t *testing.T) {
	links := runbookSettings{CrashLoop: "https://r/crash", ImageBuild: "https://r/build", Kubernetes: "https://r/k8s"}
	crashing := runbook.Case{Facts: runbook.Facts{Pod: runbook.Pod{Containers: []runbook.Container{{Reason: "CrashLoopBackOff"}}}}}
	other := []runbook.Remedy{{Kind: runbook.SeeOtherRunbook}}
	for _, test := range []struct {
		kase  runbook.Case
		found runbook.Diagnosis
		links runbookSettings
		want  string
	}{
		{runbook.Case{}, runbook.Diagnosis{Cause: cause.TagNotFound}, links, "If it was never built or pushed: https://r/build"},
		{runbook.Case{}, runbook.Diagnosis{Cause: cause.AuthRejected}, links, ""},
		{crashing, runbook.Diagnosis{Cause: cause.None, Remedies: other}, links, "The runbook for that: https://r/crash"},
		{runbook.Case{}, runbook.Diagnosis{Cause: cause.None, Remedies: other}, links, "The runbook for that: https://r/k8s"},
		{runbook.Case{}, runbook.Diagnosis{Cause: cause.None}, links, ""},
		{runbook.Case{}, runbook.Diagnosis{Cause: cause.TagNotFound}, runbookSettings{}, ""},
	} {
		if got := strings.Join(test.links.notes(test.kase, runbook.Verdict{Diagnosis: test.found}), "; "); got != test.want {
			t.Errorf("%s: %q, want %q", test.found.Cause, got, test.want)
		}
	}
}
