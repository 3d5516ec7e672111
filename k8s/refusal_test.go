package k8s

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

func TestWhatIsForbiddenBecomesAGap(t *testing.T) {
	// The ServiceAccount names one secret more than the budget has requests for.
	spareGap := runbook.Gap{
		What: "secret shop/spare", Why: "a diagnosis makes few requests, and lists are not allowed", Grant: "list secrets in namespace shop",
	}
	for name, test := range map[string]struct {
		forbid []cluster.Rule
		want   []runbook.Gap
		check  func(*testing.T, runbook.Observation)
	}{
		"node": {
			[]cluster.Rule{{Resource: "nodes"}},
			[]runbook.Gap{{What: "node node1", Why: "forbidden", Grant: "get node node1"}},
			func(t *testing.T, o runbook.Observation) {
				if o.Facts.Node != nil || o.Facts.Workload == nil {
					t.Errorf("node %v, workload %v", o.Facts.Node, o.Facts.Workload)
				}
			},
		},
		"lists of secrets": {
			[]cluster.Rule{{Verb: "list", Resource: "secrets"}},
			[]runbook.Gap{
				spareGap,
				{What: "secrets in namespace shop", Why: "forbidden", Grant: "list secrets in namespace shop"},
			},
			func(t *testing.T, o runbook.Observation) {
				if len(o.Listed) != 3 || len(o.Unlisted) != 0 || !o.Facts.Secrets[3].Unreadable {
					t.Errorf("listed %v, unlisted %v", o.Listed, o.Unlisted)
				}
			},
		},
		"all secrets": {
			[]cluster.Rule{{Resource: "secrets"}},
			[]runbook.Gap{
				{What: "secret shop/absent", Why: "forbidden", Grant: "get secret absent in namespace shop"},
				{What: "secret shop/plain", Why: "forbidden", Grant: "get secret plain in namespace shop"},
				{What: "secret shop/regcred", Why: "forbidden", Grant: "get secret regcred in namespace shop"},
				spareGap,
				{What: "secrets in namespace shop", Why: "forbidden", Grant: "list secrets in namespace shop"},
			},
			func(t *testing.T, o runbook.Observation) {
				if len(o.Listed)+len(o.Unlisted) != 0 {
					t.Errorf("listed %v, unlisted %v", o.Listed, o.Unlisted)
				}
				for _, s := range o.Facts.Secrets {
					if s.Missing || !s.Unreadable {
						t.Errorf("%s: missing %v, unreadable %v: what is forbidden may exist", s.Name, s.Missing, s.Unreadable)
					}
				}
			},
		},
		"one secret": {
			[]cluster.Rule{{Verb: "list", Resource: "secrets"}, {Verb: "get", Resource: "secrets", Name: "regcred"}},
			[]runbook.Gap{
				{What: "secret shop/regcred", Why: "forbidden", Grant: "get secret regcred in namespace shop"},
				spareGap,
				{What: "secrets in namespace shop", Why: "forbidden", Grant: "list secrets in namespace shop"},
			},
			func(t *testing.T, o runbook.Observation) {
				if len(o.Listed) != 2 || !o.Facts.Secrets[0].Unreadable || !o.Facts.Secrets[2].Missing {
					t.Errorf("listed %v, facts %+v", o.Listed, o.Facts.Secrets)
				}
			},
		},
		"events": {
			[]cluster.Rule{{Resource: "events"}},
			[]runbook.Gap{{What: "events in namespace shop", Why: "forbidden", Grant: "list events in namespace shop"}},
			func(*testing.T, runbook.Observation) {},
		},
		"the ServiceAccount": {
			[]cluster.Rule{{Resource: "serviceaccounts"}},
			[]runbook.Gap{{What: "serviceaccount shop/builder", Why: "forbidden", Grant: "get serviceaccount builder in namespace shop"}},
			func(t *testing.T, o runbook.Observation) {
				if o.Facts.Account != nil {
					t.Errorf("account %+v", o.Facts.Account)
				}
			},
		},
		"the Deployment": {
			[]cluster.Rule{{Resource: "deployments"}},
			[]runbook.Gap{{What: "deployment shop/web", Why: "forbidden", Grant: "get deployment web in namespace shop"}},
			func(t *testing.T, o runbook.Observation) {
				want := &runbook.Workload{Kind: "Deployment", Name: "web", FailingPods: []string{"web-22bb-bbbbb"}}
				if diff := cmp.Diff(want, o.Facts.Workload); diff != "" {
					t.Errorf("workload (-want +got):\n%s", diff)
				}
			},
		},
		"revisions": {
			[]cluster.Rule{{Resource: "replicasets"}},
			[]runbook.Gap{{What: "replicasets in namespace shop", Why: "forbidden", Grant: "list replicasets in namespace shop"}},
			func(t *testing.T, o runbook.Observation) {
				if o.Facts.Workload.OldRevision || o.Facts.Workload.Desired != 2 {
					t.Errorf("workload %+v", o.Facts.Workload)
				}
			},
		},
		"lists of pods": {
			[]cluster.Rule{{Verb: "list", Resource: "pods"}},
			[]runbook.Gap{
				{What: "pods in all namespaces", Why: "forbidden", Grant: "list pods in all namespaces"},
				{What: "pods in namespace shop", Why: "forbidden", Grant: "list pods in namespace shop"},
			},
			func(t *testing.T, o runbook.Observation) {
				if len(o.Facts.Failing) != 1 || !slices.Equal(o.Facts.Workload.FailingPods, []string{"web-22bb-bbbbb"}) {
					t.Errorf("failing %v of workload %v", o.Facts.Failing, o.Facts.Workload.FailingPods)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			stand := town(t)
			for _, rule := range test.forbid {
				stand.Forbid(cluster.Admin, rule)
			}
			seen := observed(t, enter(t, stand), in("shop", "", "web-22bb-bbbbb"))
			if diff := cmp.Diff(test.want, seen.Facts.Gaps); diff != "" {
				t.Errorf("gaps (-want +got):\n%s", diff)
			}
			test.check(t, seen)
		})
	}
}

// Where lists are forbidden, the ServiceAccount's secrets are asked for by name,
// as far as the budget goes.
func TestSecretsByName(t *testing.T) {
	stand := town(t)
	stand.Forbid(cluster.Admin, cluster.Rule{Verb: "list", Resource: "secrets"})
	seen := observed(t, enter(t, stand), in("shop", "", "lone"))
	if len(seen.Listed) != 3 || len(seen.Unlisted) != 1 || seen.Unlisted[0].Name != "spare" {
		t.Errorf("listed %v, unlisted %v", seen.Listed, seen.Unlisted)
	}
}

// A user of one namespace sees the failing pods of that namespace.
func TestObserveFallsBackToTheNamespace(t *testing.T) {
	stand := town(t)
	stand.AddUser(cluster.User{Name: cluster.Admin, Token: "admin-token", Allow: []cluster.Rule{{Namespace: "shop"}}})
	f := observed(t, enter(t, stand), in("shop", "", "lone")).Facts
	if len(f.Failing) != 5 {
		t.Errorf("failing %v", f.Failing)
	}
	for _, p := range f.Failing {
		if p.Namespace != "shop" {
			t.Errorf("saw %s/%s", p.Namespace, p.Pod)
		}
	}
	want := runbook.Gap{What: "pods in all namespaces", Why: "forbidden", Grant: "list pods in all namespaces"}
	if !slices.Contains(f.Gaps, want) {
		t.Errorf("gaps %v", f.Gaps)
	}
}

func TestTargetsThatCannotBeObserved(t *testing.T) {
	stand := town(t)
	c := enter(t, stand)
	if _, err := c.Observe(t.Context(), in("shop", "Deployment", "idle"), nil); !errors.Is(err, runbook.ErrNoPods) {
		t.Errorf("a workload without pods: %v", err)
	}
	if _, err := c.Observe(t.Context(), in("shop", "Rollout", "canary"), nil); !errors.Is(err, ErrUnknownKind) {
		t.Errorf("a kind that is not followed: %v", err)
	}
	stand.Forbid(cluster.Admin, cluster.Rule{Verb: "get", Resource: "pods"})
	_, err := c.Observe(t.Context(), in("shop", "", "lone"), nil)
	refused, ok := errors.AsType[*RequestError](err)
	if !errors.Is(err, ErrForbidden) || !ok || refused.Grant != "get pod lone in namespace shop" {
		t.Errorf("a forbidden pod: %v", err)
	}
	if errors.Is(err, ErrUnreachable) || errors.Is(err, ErrUnauthorized) {
		t.Errorf("forbidden is more than that: %v", err)
	}
	stand.Permit(cluster.Admin)
	stand.Inject(cluster.Fault{Disconnect: true, Times: -1})
	if _, err := c.Observe(t.Context(), in("shop", "", "lone"), nil); !errors.Is(err, ErrUnreachable) {
		t.Errorf("an API server that hangs up: %v", err)
	}
	stand.Heal()
	stand.Inject(cluster.Fault{Status: http.StatusInternalServerError, Times: -1})
	if _, err := c.Observe(t.Context(), in("shop", "", "lone"), nil); !errors.Is(err, ErrUnreachable) {
		t.Errorf("an API server in trouble: %v", err)
	}
}

func TestAStrangerIsUnauthorized(t *testing.T) {
	c := scripted(t, map[string]reply{"/api/v1/namespaces/shop/pods/web": {status: http.StatusUnauthorized, raw: "Unauthorized"}})
	if _, err := c.Observe(t.Context(), in("shop", "", "web"), nil); !errors.Is(err, ErrUnauthorized) {
		t.Errorf("got %v", err)
	}
}

// A part that does not answer in time is a gap when the pod itself was read.
func TestASlowPartIsAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stand := town(t)
		stand.Inject(cluster.Fault{Rule: cluster.Rule{Resource: "nodes"}, Delay: time.Minute, Times: -1})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		seen, err := enter(t, stand).Observe(ctx, in("shop", "", "lone"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(seen.Facts.Gaps, runbook.Gap{What: "node node1", Why: "timeout"}) {
			t.Errorf("gaps %v", seen.Facts.Gaps)
		}
	})
}

func TestWhyIsShort(t *testing.T) {
	status := func(code int, reason metav1.StatusReason) error {
		return &RequestError{What: "pod shop/web", Err: &apierrors.StatusError{ErrStatus: metav1.Status{Code: int32(code), Reason: reason}}}
	}
	for want, err := range map[string]error{
		"forbidden":                      status(http.StatusForbidden, metav1.StatusReasonForbidden),
		"unauthorized":                   status(http.StatusUnauthorized, metav1.StatusReasonUnauthorized),
		"not found":                      status(http.StatusNotFound, metav1.StatusReasonNotFound),
		"timeout":                        status(http.StatusGatewayTimeout, metav1.StatusReasonTimeout),
		"refused":                        status(http.StatusBadRequest, metav1.StatusReasonBadRequest),
		"the API server does not answer": status(http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable),
		"interrupted":                    &RequestError{Err: context.Canceled},
		"the answer cannot be read":      &RequestError{Err: garbled(errWire)},
	} {
		if got := why(err); got != want {
			t.Errorf("%v: why %q, want %q", err, got, want)
		}
	}
}
