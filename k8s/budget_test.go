package k8s

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/rest"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

// The design's budget of one diagnosis.
const (
	roundTripsMost = 3
	latency        = 50 * time.Millisecond
)

func everyTarget() []runbook.Target {
	return []runbook.Target{
		in("shop", "", "web-22bb-bbbbb"), in("shop", "", "db-2"), in("shop", "", "agent-eeeee"), in("shop", "", "backup-29-ccccc"),
		in("shop", "", "canary-33cc-ddddd"), in("shop", "", "lone"), in("other", "", "far"),
		in("shop", "Deployment", "web"), in("shop", "StatefulSet", "db"), in("shop", "DaemonSet", "agent"),
		in("shop", "Job", "backup-29"), in("shop", "CronJob", "backup"),
		in("shop", "ReplicaSet", "web-22bb"), in("shop", "ReplicaSet", "canary-33cc"),
	}
}

// rights that a cluster may withhold, for the budget must hold then as well.
func everyRefusal() map[string][]cluster.Rule {
	return map[string][]cluster.Rule{
		"nothing":                    nil,
		"secrets, as lists":          {{Verb: "list", Resource: "secrets"}},
		"pods of the whole cluster":  {{Verb: "list", Resource: "pods", Namespace: "none"}},
		"deployments":                {{Resource: "deployments"}},
		"everything but pod and set": {{Resource: "secrets"}, {Resource: "nodes"}, {Resource: "events"}, {Resource: "serviceaccounts"}, {Verb: "list", Resource: "pods"}},
	}
}

func TestObserveKeepsItsBudget(t *testing.T) {
	for name, rules := range everyRefusal() {
		for _, target := range everyTarget() {
			synctest.Test(t, func(t *testing.T) {
				stand := town(t)
				for _, rule := range rules {
					stand.Forbid(cluster.Admin, rule)
				}
				c := enter(t, stand)
				stand.SetLatency(latency)
				start := time.Now()
				_, _ = c.Observe(t.Context(), target, nil) // what comes of it is for other tests
				took := time.Since(start)
				requests := stand.Requests()
				if len(requests) > requestsMost {
					t.Errorf("%s %s, without %s: %d requests, the budget is %d", target.Kind, target.Name, name, len(requests), requestsMost)
				}
				if depth := cluster.Depth(requests); depth > roundTripsMost || took > roundTripsMost*latency {
					t.Errorf("%s %s, without %s: %d round trips one after another in %v", target.Kind, target.Name, name, depth, took)
				}
			})
		}
	}
}

// A counting transport of the caller's sees every request, and the budget of a
// target that does not exist is the same.
func TestNotFoundKeepsTheBudget(t *testing.T) {
	for _, target := range []runbook.Target{in("shop", "", "web"), in("shap", "", "web"), in("shop", "Deployment", "wib"), in("Shop!", "", "web")} {
		synctest.Test(t, func(t *testing.T) {
			stand := town(t)
			var sent atomic.Int32
			c, err := New(
				&rest.Config{Host: "http://stand-in", Transport: stand.RoundTripper(), BearerToken: "admin-token"},
				Options{WrapTransport: func(next http.RoundTripper) http.RoundTripper {
					return counting{next, &sent}
				}})
			if err != nil {
				t.Fatal(err)
			}
			stand.SetLatency(latency)
			start := time.Now()
			if _, err := c.Observe(t.Context(), target, nil); err == nil {
				t.Fatal("a target that does not exist was observed")
			}
			if took := time.Since(start); took > roundTripsMost*latency {
				t.Errorf("%s: took %v", target.Name, took)
			}
			if n := int(sent.Load()); n != len(stand.Requests()) || n > requestsMost {
				t.Errorf("%s: %d requests sent, %d arrived", target.Name, n, len(stand.Requests()))
			}
		})
	}
}

type counting struct {
	next http.RoundTripper
	sent *atomic.Int32
}

func (c counting) RoundTrip(request *http.Request) (*http.Response, error) {
	c.sent.Add(1)
	return c.next.RoundTrip(request)
}

// Every request of a diagnosis and of a scan is a GET, whatever the target and
// whatever is refused.
func TestInvariant1DiagnosisChangesNothing(t *testing.T) {
	for _, rules := range everyRefusal() {
		stand := town(t)
		for _, rule := range rules {
			stand.Forbid(cluster.Admin, rule)
		}
		c, before := enter(t, stand), stand.Version()
		for _, target := range everyTarget() {
			_, _ = c.Observe(t.Context(), target, nil)
		}
		for _, options := range []ScanOptions{{}, {Thorough: true}, {Namespace: "shop"}} {
			_, _ = c.Failing(t.Context(), options, func([]runbook.FailingPull) {})
		}
		for _, r := range stand.Requests() {
			if r.Method != http.MethodGet || r.Verb != "get" && r.Verb != "list" {
				t.Errorf("%s %s", r.Method, r.Path)
			}
		}
		if stand.Version() != before {
			t.Error("the cluster changed")
		}
	}
}

func TestObserveTellsItsProgress(t *testing.T) {
	ticks := make(chan runbook.Tick, 100)
	if _, err := enter(t, town(t)).Observe(t.Context(), in("shop", "", "web-22bb-bbbbb"), func(tick runbook.Tick) { ticks <- tick }); err != nil {
		t.Fatal(err)
	}
	close(ticks)
	open := map[string]int{}
	for tick := range ticks {
		switch {
		case tick.Done:
			open[tick.Step]--
		case tick.Note == "":
			t.Errorf("step %s begins without a word", tick.Step)
		default:
			open[tick.Step]++
		}
	}
	for _, step := range []string{runbook.StepScope, runbook.StepError} {
		if n, told := open[step]; !told || n != 0 {
			t.Errorf("step %s: told %v, %d not ended", step, told, n)
		}
	}
}
