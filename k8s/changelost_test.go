package k8s

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

// A write whose answer is lost is read again, and never sent twice.
func TestCarryWhoseAnswerIsLost(t *testing.T) {
	remedies := map[runbook.Kind]cluster.Rule{
		runbook.DeletePods:     {Verb: "delete", Resource: "pods"},
		runbook.RolloutRestart: {Verb: "patch", Resource: "deployments"},
		runbook.RollBack:       {Verb: "patch", Resource: "deployments"},
	}
	for name, test := range map[string]struct {
		fault        cluster.Fault
		done, unsure bool
		fails        bool
	}{
		"after it was done":          {cluster.Fault{Disconnect: true, AfterServing: true}, true, false, false},
		"before it was done":         {cluster.Fault{Disconnect: true}, false, false, true},
		"by an error of the server":  {cluster.Fault{Status: http.StatusInternalServerError}, false, true, false},
		"by a server that shuts off": {cluster.Fault{Status: http.StatusServiceUnavailable}, false, true, false},
		"too many requests":          {cluster.Fault{Status: http.StatusTooManyRequests}, false, false, true},
	} {
		for remedy, rule := range remedies {
			t.Run(name+"/"+string(remedy), func(t *testing.T) {
				live(t, func(t *testing.T, s *shop) {
					if remedy == runbook.RollBack {
						s.brokenRollout()
					} else {
						s.rejected(1)
					}
					p := s.planned("Deployment", remedy)
					s.stand.ForgetRequests()
					test.fault.Rule, test.fault.User = rule, cluster.Admin
					s.stand.Inject(test.fault)
					receipt, err := s.changer.Carry(t.Context(), p.Actions[0], ann, nil)
					if receipt.Done != test.done || receipt.Unsure != test.unsure || (err != nil) != test.fails {
						t.Errorf("receipt %+v, %v", receipt, err)
					}
					if s.writes() != 1 {
						t.Errorf("%d writes", s.writes())
					}
					if events := strings.Count(s.log.String(), "msg=write "); events != 1 {
						t.Errorf("%d lines in the log:\n%s", events, s.log)
					}
				})
			})
		}
	}
}

// When reading again does not work either, pullfix does not know, and says so.
func TestCarryWhoseAnswerIsLostForGood(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.rejected(1)
		p := s.planned("Deployment", runbook.RolloutRestart)
		s.stand.ForgetRequests()
		s.stand.Inject(cluster.Fault{Rule: cluster.Rule{Resource: "deployments"}, User: cluster.Admin, First: 2, Times: -1, Disconnect: true, AfterServing: true})
		receipt, err := s.changer.Carry(t.Context(), p.Actions[0], ann, nil)
		if err != nil || receipt.Done || !receipt.Unsure || receipt.Detail != "the answer was lost, and the object could not be read again" {
			t.Errorf("receipt %+v, %v", receipt, err)
		}
		if s.writes() != 1 {
			t.Errorf("%d writes", s.writes())
		}
	})
}

// Somebody who stops waiting does not stop pullfix from finding out.
func TestCarryInterrupted(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.rejected(1)
		p := s.planned("Deployment", runbook.DeletePods)
		s.stand.ForgetRequests()
		ctx, cancel := context.WithCancel(t.Context())
		s.before = func(r *http.Request) {
			if r.Method == http.MethodDelete {
				cancel()
			}
		}
		receipt, err := s.changer.Carry(ctx, p.Actions[0], ann, nil)
		if receipt.Done == (err != nil) && !receipt.Unsure {
			t.Errorf("receipt %+v, %v", receipt, err)
		}
		gone := s.pods()[0].DeletionTimestamp != nil || s.pods()[0].Name != p.Actions[0].Name
		if receipt.Done != gone {
			t.Errorf("receipt %+v, but the pod is gone: %v", receipt, gone)
		}
	})
}

// A conflict is read again: only a bound field that moved counts.
func TestCarryThroughConflicts(t *testing.T) {
	for name, test := range map[string]struct {
		storms int
		done   bool
	}{
		"a few":       {conflictsMost, true},
		"without end": {1000, false},
	} {
		for _, remedy := range []runbook.Kind{runbook.DeletePods, runbook.RolloutRestart, runbook.RollBack} {
			t.Run(name+"/"+string(remedy), func(t *testing.T) {
				live(t, func(t *testing.T, s *shop) {
					if remedy == runbook.RollBack {
						s.brokenRollout()
					} else {
						s.rejected(1)
					}
					p := s.planned("Deployment", remedy)
					left := test.storms
					s.before = func(r *http.Request) {
						if (r.Method == http.MethodDelete || r.Method == http.MethodPatch) && left > 0 {
							left--
							s.flip(left%2 + 1)
						}
					}
					s.stand.ForgetRequests()
					receipt, err := s.changer.Carry(t.Context(), p.Actions[0], ann, nil)
					if receipt.Done != test.done || (err == nil) != test.done {
						t.Errorf("receipt %+v, %v", receipt, err)
					}
					if s.writes() != conflictsMost+1 {
						t.Errorf("%d writes", s.writes())
					}
				})
			})
		}
	}
}

// The bound field moves between the reading and the write: the conflict shows it.
func TestCarryConflictsWithAChange(t *testing.T) {
	for _, remedy := range []runbook.Kind{runbook.RolloutRestart, runbook.RollBack} {
		live(t, func(t *testing.T, s *shop) {
			if remedy == runbook.RollBack {
				s.brokenRollout()
			} else {
				s.rejected(1)
			}
			p := s.planned("Deployment", remedy)
			s.before = func(r *http.Request) {
				if r.Method == http.MethodPatch {
					s.before = nil
					s.patch("Deployment", withImage(v3))
				}
			}
			_, err := s.changer.Carry(t.Context(), p.Actions[0], ann, nil)
			if _, overtaken := errors.AsType[*runbook.OvertakenError](err); !overtaken {
				t.Errorf("%s: %v", remedy, err)
			}
			d, err := s.people.AppsV1().Deployments("default").Get(t.Context(), "web", metav1.GetOptions{})
			if err != nil || d.Spec.Template.Spec.Containers[0].Image != v3 {
				t.Errorf("%s overwrote the change: %v, %v", remedy, d.Spec.Template, err)
			}
		})
	}
}

// A change that is still on its way when pullfix first looks is found at the
// second look.
func TestCarryFindsALateChange(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.rejected(1)
		p := s.planned("Deployment", runbook.DeletePods)
		s.stand.Inject(cluster.Fault{Rule: cluster.Rule{Verb: "delete", Resource: "pods"}, User: cluster.Admin, Disconnect: true})
		s.before = func(r *http.Request) {
			if r.Method != http.MethodDelete {
				return
			}
			go func() {
				time.Sleep(300 * time.Millisecond)
				_ = s.people.CoreV1().Pods("default").Delete(context.Background(), p.Actions[0].Name, metav1.DeleteOptions{})
			}()
		}
		receipt, err := s.changer.Carry(t.Context(), p.Actions[0], ann, nil)
		if err != nil || !receipt.Done {
			t.Errorf("receipt %+v, %v", receipt, err)
		}
	})
}
