package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/cmd/pullfix/metrics"
	"github.com/pullfix/pullfix/k8s"
	"github.com/pullfix/pullfix/runbook"
)

// failingCluster has one container that cannot pull.
type failingCluster struct{ served }

func (failingCluster) Failing(_ context.Context, _ k8s.ScanOptions, found func([]runbook.FailingPull)) (k8s.Survey, error) {
	found([]runbook.FailingPull{{
		Namespace: "shop", Pod: "web-1", Container: "c", Image: "registry.example.com/app:v2", Reason: "ErrImagePull",
		Message: "rpc error: code = NotFound desc = failed to pull and unpack image: registry.example.com/app:v2: not found",
	}})
	return k8s.Survey{Complete: true}, nil
}

// TestLookoutCountsPullErrors: each failing container once, however often it is
// looked at, and the watch sees the same.
func TestLookoutCountsPullErrors(t *testing.T) {
	m := metrics.New("v1")
	l := lookout{namedCluster{name: "prod", served: failingCluster{}}, m}
	rows := 0
	for n := range 4 {
		seen, err := l.Look(t.Context(), n%2 == 0, func(more []runbook.FailingPull) { rows += len(more) })
		if err != nil || !seen.Complete {
			t.Fatalf("%+v, %v", seen, err)
		}
	}
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{`pullfix_image_pull_errors_total{cause="TagNotFound",cluster="prod"} 1`, `pullfix_containers_failing{cause="TagNotFound",cluster="prod"} 1`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in %s", want, w.Body)
		}
	}
	if rows != 4 {
		t.Errorf("the watch saw %d rows in 4 looks", rows)
	}
}
