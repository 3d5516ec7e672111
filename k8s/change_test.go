package k8s

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

// flip changes the statuses of all pods and of the Deployment, and nothing that
// an approval is bound to.
func (s *shop) flip(times int) {
	s.Helper()
	for n := range times {
		for _, pod := range s.pods() {
			pod.Status.Message = time.Duration(n).String()
			if _, err := s.people.CoreV1().Pods("default").UpdateStatus(s.Context(), &pod, metav1.UpdateOptions{}); err != nil {
				s.Fatal(err)
			}
		}
		s.collide(int32(n))
	}
}

// collide changes the Deployment's status, also while controllers write it.
func (s *shop) collide(n int32) {
	s.Helper()
	for {
		d, err := s.people.AppsV1().Deployments("default").Get(s.Context(), "web", metav1.GetOptions{})
		if err != nil {
			s.Fatal(err)
		}
		d.Status.CollisionCount = &n
		_, err = s.people.AppsV1().Deployments("default").UpdateStatus(s.Context(), d, metav1.UpdateOptions{})
		if err == nil {
			return
		}
		if !apierrors.IsConflict(err) {
			s.Fatal(err)
		}
	}
}

// Statuses move the version of an object all the time; the approval holds.
func TestCarryAfterAHundredStatusUpdates(t *testing.T) {
	for _, remedy := range []runbook.Kind{runbook.DeletePods, runbook.RolloutRestart} {
		live(t, func(t *testing.T, s *shop) {
			s.rejected(1)
			k, v := s.diagnosed("Deployment", "web")
			p := s.planOf(k, v, remedy)
			s.flip(100)
			s.carried(p)
			time.Sleep(time.Minute)
			if r, over := s.recovery(k); !over || r.Ready != 1 {
				t.Errorf("%s: recovery %+v, over %v", remedy, r, over)
			}
		})
	}
}

func TestCarryRollBack(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.brokenRollout()
		k, v := s.diagnosed("Deployment", "web")
		p := s.planOf(k, v, runbook.RollBack)
		s.flip(100)
		s.stand.ForgetRequests()
		s.carried(p)
		if s.writes() != 1 {
			t.Errorf("%d writes", s.writes())
		}
		time.Sleep(time.Minute)
		d, err := s.people.AppsV1().Deployments("default").Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if image := d.Spec.Template.Spec.Containers[0].Image; image != v1 || d.Spec.Template.Labels[hashLabel] != "" {
			t.Errorf("image %s, labels %v", image, d.Spec.Template.Labels)
		}
		if a := d.Annotations; a[annotationApproved] != "U0ANN,U0BOB" || a[annotationIncident] != "inc-7" || len(d.Spec.Template.Annotations) > 0 {
			t.Errorf("annotations %v, of the template %v", a, d.Spec.Template.Annotations)
		}
		manager, _ := lastWrite(d.ManagedFields, "f:spec", "f:template")
		if manager != "pullfix" {
			t.Errorf("the template's last writer is %q", manager)
		}
		sets, err := s.people.AppsV1().ReplicaSets("default").List(t.Context(), metav1.ListOptions{})
		if err != nil || len(sets.Items) != 2 {
			t.Errorf("%d ReplicaSets, %v: going back makes none", len(sets.Items), err)
		}
		// Nothing is pulled after a roll back; that the image is no longer asked
		// for is the proof.
		r, over := s.recovery(k)
		if !over || r.Wanted != 3 || r.Pulled != 3 || r.Waiting != 0 || !strings.HasPrefix(r.Proof[0], "Deployment web asks for registry.test/app:v1 now; no pod waits for registry.test/app:v2") {
			t.Errorf("recovery %+v, over %v", r, over)
		}
	})
}

// Whatever the approval was bound to has moved: nothing is written.
func TestCarryRefusesWhatHasMoved(t *testing.T) {
	remake := func(s *shop) {
		pod := s.pods()[0]
		if err := s.people.CoreV1().Pods("default").Delete(s.Context(), pod.Name, metav1.DeleteOptions{}); err != nil {
			s.Fatal(err)
		}
		time.Sleep(time.Minute)
		pod.UID, pod.ResourceVersion = "another", ""
		if err := s.stand.Add(&pod); err != nil {
			s.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		remedy runbook.Kind
		move   func(*shop)
		want   string
	}{
		"the template":   {runbook.RolloutRestart, func(s *shop) { s.patch("Deployment", withImage(v2)) }, "Deployment web was changed since the plan was made (by "},
		"paused":         {runbook.RolloutRestart, func(s *shop) { s.patch("Deployment", `{"spec":{"paused":true}}`) }, "Deployment web was changed since the plan was made (by "},
		"the Deployment": {runbook.RolloutRestart, func(s *shop) { s.remakeWeb() }, "Deployment web was made anew at "},
		"it is gone": {runbook.RolloutRestart, func(s *shop) {
			_ = s.people.AppsV1().Deployments("default").Delete(s.Context(), "web", metav1.DeleteOptions{})
		}, "Deployment web is gone"},
		"the pod's UID": {runbook.DeletePods, remake, "was made anew at "},
		"the pod": {runbook.DeletePods, func(s *shop) {
			_ = s.people.CoreV1().Pods("default").Delete(s.Context(), s.pods()[0].Name, metav1.DeleteOptions{})
			time.Sleep(time.Minute)
		}, " is gone"},
		"it pulled meanwhile": {runbook.DeletePods, func(_ *shop) { time.Sleep(6 * time.Minute) }, " no longer waits for an image"},
		"it waits for another image": {runbook.DeletePods, func(s *shop) {
			pod := s.pods()[0]
			pod.Spec.Containers[0].Image = v3
			if err := s.stand.Add(&pod); err != nil {
				s.Fatal(err)
			}
		}, " waits for registry.test/app:v3 by now"},
		"it is an orphan": {runbook.DeletePods, func(s *shop) {
			pod := s.pods()[0]
			pod.OwnerReferences = nil
			if err := s.stand.Add(&pod); err != nil {
				s.Fatal(err)
			}
		}, " has no controller any more: nothing would make it again"},
		"another container runs": {runbook.DeletePods, func(s *shop) {
			pod := s.pods()[0]
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "side"})
			pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
				Name: "side", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
			})
			if err := s.stand.Add(&pod); err != nil {
				s.Fatal(err)
			}
		}, "container side of pod "},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(t *testing.T, s *shop) {
				s.rejected(1)
				p := s.planned("Deployment", test.remedy)
				if len(p.Actions) != 1 {
					t.Fatalf("plan %+v", p)
				}
				test.move(s)
				s.stand.ForgetRequests()
				receipt, err := s.changer.Carry(t.Context(), p.Actions[0], ann, nil)
				var overtaken *runbook.OvertakenError
				if !errors.As(err, &overtaken) || !strings.Contains(overtaken.What, test.want) || receipt.Done {
					t.Errorf("receipt %+v, %v", receipt, err)
				}
				if s.writes() > 0 {
					t.Error("something was written")
				}
			})
		})
	}
}

// remakeWeb deletes the Deployment and makes one that looks the same.
func (s *shop) remakeWeb() {
	if err := s.people.AppsV1().Deployments("default").Delete(s.Context(), "web", metav1.DeleteOptions{}); err != nil {
		s.Fatal(err)
	}
	time.Sleep(time.Minute)
	s.deploy(1, v1)
}

func TestRollBackRefusesAnotherRevision(t *testing.T) {
	for name, move := range map[string]func(*shop, *runbook.Action){
		"no longer on record": func(_ *shop, a *runbook.Action) { a.Revision = 9 },
		"another image":       func(_ *shop, a *runbook.Action) { a.Image = v3 },
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(t *testing.T, s *shop) {
				s.brokenRollout()
				p := s.planned("Deployment", runbook.RollBack)
				move(s, &p.Actions[0])
				_, err := s.changer.Carry(t.Context(), p.Actions[0], ann, nil)
				if _, overtaken := errors.AsType[*runbook.OvertakenError](err); !overtaken {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func TestCarryForbidden(t *testing.T) {
	for remedy, rule := range map[runbook.Kind]cluster.Rule{
		runbook.DeletePods:     {Verb: "delete", Resource: "pods"},
		runbook.RolloutRestart: {Verb: "patch", Resource: "deployments"},
	} {
		live(t, func(t *testing.T, s *shop) {
			s.rejected(1)
			p := s.planned("Deployment", remedy)
			s.stand.Forbid(cluster.Admin, rule)
			receipt, err := s.changer.Carry(t.Context(), p.Actions[0], ann, nil)
			refused, ok := errors.AsType[*WriteError](err)
			if !ok || !errors.Is(err, ErrForbidden) || receipt.Done || !strings.Contains(err.Error(), "forbidden; it needs the right to "+rule.Verb) {
				t.Errorf("%+v, %v (%v)", receipt, err, refused)
			}
		})
	}
}

func TestCarryRefusesWhatItDoesNotKnow(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		for _, a := range []runbook.Action{
			{Verb: runbook.VerbDeletePod, Cluster: "prod-us", Namespace: "default", Kind: "Pod", Name: "x"},
			{Verb: "drop-table", Cluster: "prod-eu"},
			{Verb: runbook.VerbRestart, Cluster: "prod-eu", Namespace: "default", Kind: "Job", Name: "x"},
		} {
			if receipt, err := s.changer.Carry(t.Context(), a, ann, nil); err == nil || receipt.Done {
				t.Errorf("%+v: %+v", a, receipt)
			}
		}
		if n := len(s.stand.Requests()); s.writes() > 0 {
			t.Errorf("%d requests, %d of them writes", n, s.writes())
		}
	})
}

// Each write shows the incident in the API server's log, in ours, and as an
// Event on the object.
func TestCarryLeavesATrace(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.rejected(1)
		p := s.planned("Deployment", runbook.DeletePods)
		s.stand.ForgetRequests()
		s.carried(p)
		for _, r := range s.stand.Requests() {
			if r.User == cluster.Admin && r.Method != http.MethodGet && r.UserAgent != "pullfix (incident inc-7)" {
				t.Errorf("%s %s by %q", r.Method, r.Path, r.UserAgent)
			}
		}
		list, err := s.people.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{FieldSelector: "reason=PullfixChanged"})
		if err != nil || len(list.Items) != 1 {
			t.Fatalf("%d events, %v", len(list.Items), err)
		}
		e, a := list.Items[0], p.Actions[0]
		if e.InvolvedObject.Kind != "Pod" || e.InvolvedObject.APIVersion != "v1" || e.InvolvedObject.Name != a.Name || string(e.InvolvedObject.UID) != a.UID ||
			e.Message != "pullfix: delete-pod (app: registry.test/app:v1); incident inc-7, approved by U0ANN, U0BOB: done" {
			t.Errorf("event %+v", e)
		}
		line := s.log.String()
		for _, part := range []string{"msg=write", "incident=inc-7", "approved=U0ANN,U0BOB", "verb=delete-pod", "name=" + a.Name, "done=true"} {
			if strings.Count(line, part) != 1 {
				t.Errorf("%q is not once in the log: %s", part, line)
			}
		}
	})
}

// An Event that cannot be written does not make the change fail.
func TestCarryWithoutTheRightToWriteEvents(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.rejected(1)
		p := s.planned("Deployment", runbook.RolloutRestart)
		s.stand.Forbid(cluster.Admin, cluster.Rule{Verb: "create", Resource: "events"})
		s.carried(p)
		if !strings.Contains(s.log.String(), "writing the event of a change") {
			t.Errorf("the log says %s", s.log)
		}
	})
}
