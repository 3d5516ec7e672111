package runbook_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

func failing(ns, pod, image, message string) runbook.FailingPull {
	return runbook.FailingPull{Namespace: ns, Pod: pod, Container: "app", Image: image, Reason: "ErrImagePull", Message: message}
}

func TestSurveyGroupsByRootCause(t *testing.T) {
	groups := runbook.Survey([]runbook.FailingPull{
		failing("a", "p1", image, notFound),
		failing("a", "p2", image, notFound),
		failing("b", "p3", host+"/acme/other:v1", refused),
		failing("c", "p4", host+"/acme/third:v1", refused),
		failing("b", "p5", image, noLogin),
		failing("c", "p6", image, noLogin),
	})
	type line struct {
		Cause      cause.Cause
		Pods       int
		Namespaces []string
		Severity   string
	}
	var got []line
	for _, g := range groups {
		got = append(got, line{g.Cause, len(g.Pods), g.Namespaces, g.Severity})
	}
	want := []line{
		{cause.ConnectionRefused, 2, []string{"b", "c"}, runbook.P1},
		{cause.TagNotFound, 2, []string{"a"}, runbook.P1},
		{cause.AuthMissing, 1, []string{"b"}, runbook.P2},
		{cause.AuthMissing, 1, []string{"c"}, runbook.P2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestScopeCountsTheSameCause(t *testing.T) {
	w := missingTag()
	w.facts.Failing = []runbook.FailingPull{
		failing("shop", "web-1", image, notFound), failing("shop", "web-2", image, notFound), failing("other", "x", image, notFound), failing("other", "y", image, refused),
	}
	_, v := w.diagnose(t)
	if diff := cmp.Diff(runbook.Scope{Pods: 3, Namespaces: 2}, v.Scope); diff != "" {
		t.Error(diff)
	}
}

// TestScopeNamesOnlyTheSameCauseHere: what fails for another reason is no part of
// it, and pods of other namespaces are counted, not named.
func TestScopeNamesOnlyTheSameCauseHere(t *testing.T) {
	w := missingTag()
	w.facts.Failing = []runbook.FailingPull{
		failing("shop", "web-1", image, notFound), failing("shop", "web-2", image, notFound), failing("shop", "odd", image, refused),
		failing("secret", "hidden-1", image, notFound), failing("secret", "hidden-2", image, notFound), failing("secret", "odd", image, refused),
	}
	_, v := w.diagnose(t)
	said := strings.Join(v.Steps[0].Evidence, "\n")
	if strings.Contains(said, "odd") || strings.Contains(said, "hidden") || !strings.Contains(said, "shop/web-1 app") || !strings.Contains(said, "and 2 pods in 1 other namespace; a scan lists them") {
		t.Error(said)
	}
}

// TestATokenThatEndedIsOneTrouble wherever it was copied to; one that is refused
// is the namespace's own.
func TestATokenThatEndedIsOneTrouble(t *testing.T) {
	expired := rejected + ": Your authorization token has expired. Reauthenticate and try again."
	groups := runbook.Survey([]runbook.FailingPull{failing("a", "x", image, expired), failing("b", "x", image, expired), failing("c", "x", image, rejected), failing("d", "x", image, rejected)})
	if len(groups) != 3 || len(groups[0].Namespaces) != 2 || groups[0].Cause != cause.AuthExpired || !strings.Contains(groups[0].Summary, "has expired") {
		t.Errorf("%+v", groups)
	}
}

// TestScanAndDiagnosisAgreeOnSeverity: what a list of pods shows is judged by
// the rule that the diagnosis goes by; it does not know who else is served, so
// that several pods are none that fails alone.
func TestScanAndDiagnosisAgreeOnSeverity(t *testing.T) {
	for _, r := range []struct {
		name     string
		owner    string // nearest, as the pod names it
		workload *runbook.Workload
		more     []runbook.FailingPull
		want     string
		scanned  string
	}{
		{"bare pod", "", nil, nil, runbook.P2, runbook.P2},
		{"bare pods, one cause", "", nil, []runbook.FailingPull{failing("far", "p", image, notFound)}, runbook.P2, runbook.P1},
		{"bare pods, two causes", "", nil, []runbook.FailingPull{failing("far", "p", image, refused)}, runbook.P2, runbook.P2},
		{"the only pod of a Deployment", "ReplicaSet/web-1a", &runbook.Workload{Kind: "Deployment", Name: "web", Desired: 1}, nil, runbook.P1, runbook.P1},
		{"first pod of a rollout", "ReplicaSet/web-1a", &runbook.Workload{Kind: "Deployment", Name: "web", Desired: 3, Available: 3, Blocked: true}, nil, runbook.P1, runbook.P1},
		{"a pod of a DaemonSet", "DaemonSet/agent", &runbook.Workload{Kind: "DaemonSet", Name: "agent", Desired: 3, Available: 2}, nil, runbook.P1, runbook.P1},
		{"a pod of a Job", "Job/once", &runbook.Workload{Kind: "Job", Name: "once", Desired: 1}, nil, runbook.P2, runbook.P2},
	} {
		w := missingTag(func(w *world) { w.facts.Workload = r.workload })
		own := failing("shop", "web-1", image, notFound)
		own.Workload = r.owner
		w.facts.Failing = append([]runbook.FailingPull{own}, r.more...)
		_, v := w.diagnose(t)
		scanned := ""
		for _, g := range runbook.Survey(w.facts.Failing) {
			if g.Pods[0].Name == "web-1" || len(g.Pods) > 1 {
				scanned = g.Severity
			}
		}
		if v.Severity != r.want || scanned != r.scanned {
			t.Errorf("%s: diagnosed %s, scanned %s, want %s and %s", r.name, v.Severity, scanned, r.want, r.scanned)
		}
	}
}
