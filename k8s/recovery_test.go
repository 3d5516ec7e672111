package k8s

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

// The states of a Deployment with two pods of v1 whose next image is missing,
// and what they say about recovery.
func TestRecoveryOfADeployment(t *testing.T) {
	for name, test := range map[string]struct {
		happen func(*shop)
		over   bool
		count  runbook.Recovery // without the proof
		proof  string           // the beginning of the first sentence
	}{
		"it still waits": {
			func(*shop) {}, false, runbook.Recovery{Wanted: 2, Waiting: 1}, "",
		},
		"old pods that serve prove nothing": {
			func(s *shop) { s.strip() }, false, runbook.Recovery{Wanted: 2, Pulling: 1}, "",
		},
		"a forged event proves nothing": {
			func(s *shop) { s.forge() }, false, runbook.Recovery{Wanted: 2, Waiting: 1}, "",
		},
		"the image was pushed": {
			func(s *shop) { s.hub.put(v2, ""); time.Sleep(6 * time.Minute) },
			true,
			runbook.Recovery{Wanted: 2, Pulled: 2, Ready: 2},
			"container app of pod web-",
		},
		"after its progress deadline": {
			func(s *shop) {
				time.Sleep(20 * time.Minute)
				s.hub.put(v2, "")
				time.Sleep(6 * time.Minute)
				s.overdue()
			},
			true,
			runbook.Recovery{Wanted: 2, Pulled: 2, Ready: 2},
			"container app of pod web-",
		},
		"another image": {
			func(s *shop) { s.hub.put(v3, ""); s.patch("Deployment", withImage(v3)); time.Sleep(time.Minute) },
			true,
			runbook.Recovery{Wanted: 2, Pulled: 2, Ready: 2},
			"Deployment web asks for registry.test/app:v3 now; no pod waits for registry.test/app:v2, and 2 of 2 are available",
		},
		"another image that fails, too": {
			func(s *shop) { s.patch("Deployment", withImage(v3)); time.Sleep(time.Minute) },
			false,
			runbook.Recovery{Wanted: 2, Waiting: 1},
			"",
		},
		"rolled back by somebody": {
			func(s *shop) { s.patch("Deployment", withImage(v1)); time.Sleep(time.Minute) },
			true,
			runbook.Recovery{Wanted: 2, Pulled: 2, Ready: 2},
			"Deployment web asks for registry.test/app:v1 now",
		},
		"scaled to nothing": {
			func(s *shop) { s.patch("Deployment", `{"spec":{"replicas":0}}`); time.Sleep(time.Minute) },
			true,
			runbook.Recovery{},
			"Deployment web wants no pods now, and none waits for an image",
		},
		"deleted": {
			func(s *shop) { s.deleteWeb(); time.Sleep(time.Minute) },
			true,
			runbook.Recovery{},
			"Deployment web is deleted, and none of its pods waits for an image",
		},
		"not yet observed": {
			func(s *shop) { s.hub.put(v2, ""); time.Sleep(6 * time.Minute); s.unobserved() },
			false,
			runbook.Recovery{Wanted: 2, Pulled: 2, Ready: 2},
			"",
		},
		"it crashes after the pull": {
			func(s *shop) { s.hub.put(v2, ""); time.Sleep(6 * time.Minute); s.crash() },
			true,
			runbook.Recovery{Wanted: 2, Pulled: 2, Ready: 1},
			"container app of pod web-",
		},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(t *testing.T, s *shop) {
				s.hub.put(v1, "")
				s.deploy(2, v1)
				s.patch("Deployment", withImage(v2))
				k, _ := s.diagnosed("Deployment", "web")
				test.happen(s)
				s.stand.ForgetRequests()
				r, over := s.recovery(k)
				if n := len(s.stand.Requests()); n > 3 {
					t.Errorf("%d requests", n)
				}
				proof := r.Proof
				r.Proof = nil
				if over != test.over || r.Wanted != test.count.Wanted || r.Waiting != test.count.Waiting || r.Pulling != test.count.Pulling ||
					r.Pulled != test.count.Pulled || r.Ready != test.count.Ready {
					t.Errorf("over %v, %+v", over, r)
				}
				if over && (len(proof) == 0 || !strings.HasPrefix(proof[0], test.proof)) || !over && len(proof) > 0 {
					t.Errorf("proof %q", proof)
				}
			})
		})
	}
}

// strip takes the statuses from the pods that wait, as when the kubelet has not
// reported yet.
func (s *shop) strip() {
	for _, pod := range s.pods() {
		if len(FailingPulls(&pod)) > 0 {
			pod.Status.ContainerStatuses = nil
			if err := s.stand.Add(&pod); err != nil {
				s.Fatal(err)
			}
		}
	}
}

// forge writes what the kubelet writes after a pull, as a tenant can.
func (s *shop) forge() {
	for _, pod := range s.pods() {
		e := &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{GenerateName: "forged-"},
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: "default", Name: pod.Name, UID: pod.UID, FieldPath: "spec.containers{app}"},
			Reason:         "Pulled", Message: "Successfully pulled image", Type: "Normal", Source: corev1.EventSource{Component: "kubelet"},
		}
		if _, err := s.people.CoreV1().Events("default").Create(s.Context(), e, metav1.CreateOptions{}); err != nil {
			s.Fatal(err)
		}
	}
}

// overdue leaves a ProgressDeadlineExceeded behind.
func (s *shop) overdue() {
	d, err := s.people.AppsV1().Deployments("default").Get(s.Context(), "web", metav1.GetOptions{})
	if err != nil {
		s.Fatal(err)
	}
	for i := range d.Status.Conditions {
		if c := &d.Status.Conditions[i]; c.Type == "Progressing" {
			c.Status, c.Reason = corev1.ConditionFalse, "ProgressDeadlineExceeded"
		}
	}
	if err := s.stand.Add(d); err != nil {
		s.Fatal(err)
	}
}

// unobserved is a Deployment that its controller has not looked at yet.
func (s *shop) unobserved() {
	d, err := s.people.AppsV1().Deployments("default").Get(s.Context(), "web", metav1.GetOptions{})
	if err != nil {
		s.Fatal(err)
	}
	d.Generation++
	if err := s.stand.Add(d); err != nil {
		s.Fatal(err)
	}
}

func (s *shop) deleteWeb() {
	if err := s.people.AppsV1().Deployments("default").Delete(s.Context(), "web", metav1.DeleteOptions{}); err != nil {
		s.Fatal(err)
	}
}

// crash lets one pod crash again and again.
func (s *shop) crash() {
	pod := s.pods()[0]
	pod.Status.ContainerStatuses[0].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
	for i := range pod.Status.Conditions {
		pod.Status.Conditions[i].Status = corev1.ConditionFalse
	}
	if err := s.stand.Add(&pod); err != nil {
		s.Fatal(err)
	}
}

func TestRecoverySaysThatItCrashes(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.rejected(1)
		k, _ := s.diagnosed("Deployment", "web")
		time.Sleep(6 * time.Minute)
		s.crash()
		r, over := s.recovery(k)
		if !over || len(r.After) != 1 || !strings.HasSuffix(r.After[0], "is in CrashLoopBackOff after the pull") {
			t.Errorf("over %v, %q", over, r.Proof)
		}
	})
}

// What cannot be read, or not as a whole, is never taken for recovery.
func TestRecoveryThatCannotBeSeen(t *testing.T) {
	for name, fault := range map[string]func(*shop){
		"the pods are forbidden": func(s *shop) { s.stand.Forbid(cluster.Admin, cluster.Rule{Verb: "list", Resource: "pods"}) },
		"the Deployment is forbidden": func(s *shop) {
			s.stand.Forbid(cluster.Admin, cluster.Rule{Verb: "get", Resource: "deployments"})
		},
		"the list breaks": func(s *shop) {
			s.stand.Inject(cluster.Fault{Rule: cluster.Rule{Resource: "pods"}, User: cluster.Admin, Times: -1, Disconnect: true})
		},
		"after it was deleted, the pods are forbidden": func(s *shop) {
			s.deleteWeb()
			s.stand.Forbid(cluster.Admin, cluster.Rule{Verb: "list", Resource: "pods"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(t *testing.T, s *shop) {
				s.rejected(1)
				k, _ := s.diagnosed("Deployment", "web")
				time.Sleep(6 * time.Minute) // it has recovered
				fault(s)
				if r, over, err := s.reader.Recovery(t.Context(), RecoveryQuestion{Facts: k.Facts, Pulls: k.Pulls}); err == nil || over {
					t.Errorf("over %v, %+v, %v", over, r, err)
				}
			})
		})
	}
}

// Without the records the images of the template tell which pods are new.
func TestRecoveryWithoutRevisions(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.brokenRollout()
		s.stand.Forbid(cluster.Admin, cluster.Rule{Resource: "replicasets"})
		k, _ := s.diagnosed("Deployment", "web")
		if r, over := s.recovery(k); over || r.Waiting != 1 || r.Pulled != 0 {
			t.Errorf("over %v, %+v", over, r)
		}
		s.hub.put(v2, "")
		time.Sleep(6 * time.Minute)
		if r, over := s.recovery(k); !over || r.Pulled != 3 {
			t.Errorf("over %v, %+v", over, r)
		}
	})
}

func TestRecoveryOfABarePod(t *testing.T) {
	for name, test := range map[string]struct {
		happen func(*shop)
		over   bool
		proof  string
	}{
		"waits":   {func(*shop) {}, false, ""},
		"pulled":  {func(s *shop) { s.hub.put(v2, ""); time.Sleep(6 * time.Minute) }, true, "container app of pod lone has registry.test/app@sha256:"},
		"deleted": {func(s *shop) { s.deleteLone(); time.Sleep(time.Minute) }, true, "pod lone is deleted, and nothing makes it again"},
		"deleting": {func(s *shop) {
			s.hub.put(v2, "")
			time.Sleep(6 * time.Minute)
			s.deleteLone()
		}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(t *testing.T, s *shop) {
				s.barePod(v2)
				k, _ := s.diagnosed("Pod", "lone")
				test.happen(s)
				r, over := s.recovery(k)
				if over != test.over || over && !strings.HasPrefix(r.Proof[0], test.proof) {
					t.Errorf("over %v, %+v", over, r)
				}
			})
		})
	}
}

func (s *shop) deleteLone() {
	if err := s.people.CoreV1().Pods("default").Delete(s.Context(), "lone", metav1.DeleteOptions{}); err != nil {
		s.Fatal(err)
	}
}

// recovery looks at the pods of the case, which has to work.
func (s *shop) recovery(k runbook.Case) (runbook.Recovery, bool) {
	s.Helper()
	r, over, err := s.reader.Recovery(s.Context(), RecoveryQuestion{Facts: k.Facts, Pulls: k.Pulls})
	if err != nil {
		s.Fatal(err)
	}
	return r, over
}
