package runbook_test

import (
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
