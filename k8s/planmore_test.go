package k8s

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

func podFrom(name string, spec corev1.PodSpec) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}
}

// ready makes a copy of the pod look healthy.
func ready(pod corev1.Pod) *corev1.Pod {
	now := metav1.Now()
	pod.Status.Phase = corev1.PodRunning
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	for i := range pod.Status.ContainerStatuses {
		c := &pod.Status.ContainerStatuses[i]
		c.Ready, c.ImageID = true, "registry.test/app@sha256:1"
		c.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}
	}
	pod.ManagedFields = nil
	return &pod
}

// The ServiceAccount lists the secret by now: only a new pod gets it, and the
// test that counts is the one with the new pod's credentials.
func TestPlanDeletePodsForTheServiceAccount(t *testing.T) {
	for password, offered := range map[string]bool{"right": true, "wrong": false} {
		live(t, func(t *testing.T, s *shop) {
			s.hub.put(v1, "right")
			s.secret("regcred", password)
			s.deploy(1, v1)
			s.patch("ServiceAccount", `{"imagePullSecrets":[{"name":"regcred"}]}`)
			k, v := s.diagnosed("Deployment", "web")
			if offered != (v.Cause == cause.PullSecretNotAttached) {
				t.Fatalf("cause %s", v.Cause)
			}
			p := s.planOf(k, v, runbook.DeletePods)
			if p.Remedy.Approvable != offered {
				t.Fatalf("password %s: %+v", password, p)
			}
			if !offered {
				return
			}
			s.carried(p)
			time.Sleep(20 * time.Second)
			if r, over := s.recovery(k); !over || r.Pulled != 1 {
				t.Errorf("recovery %+v, over %v", r, over)
			}
		})
	}
}

// An ordered StatefulSet stops at its broken pod, also after the template was
// corrected: somebody has to delete the pod.
func TestPlanForAStuckStatefulSet(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.hub.put(v1, "")
		s.stateful(2, v1)
		s.patch("StatefulSet", withImage(v2))
		s.hub.put(v3, "")
		s.patch("StatefulSet", withImage(v3))
		k, v := s.diagnosed("StatefulSet", "web")
		p := s.planOf(k, v, runbook.DeletePods)
		if len(p.Actions) != 1 || p.Actions[0].Name != "web-1" || p.Actions[0].Image != v2 {
			t.Fatalf("plan %+v", p)
		}
		if want := "The new pods come from the corrected template: app is registry.test/app:v3."; p.Shows[1] != want {
			t.Errorf("shows %q", p.Shows)
		}
		if q := s.planOf(k, v, runbook.RolloutRestart); q.Remedy.Approvable || !strings.Contains(q.Shows[0], "is ordered and stops at the pod that waits") {
			t.Errorf("restart %+v", q)
		}
		s.carried(p)
		time.Sleep(time.Minute)
		if r, over := s.recovery(k); !over || r.Pulled != 2 || !strings.HasPrefix(r.Proof[0], "StatefulSet web asks for registry.test/app:v3 now") {
			t.Errorf("recovery %+v, over %v", r, over)
		}
	})
}

// A pod below the partition comes back from the old template: deleting it is no
// cure.
func TestPlanForAPodBelowThePartition(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.hub.put(v1, "")
		s.stateful(2, v1)
		s.patch("StatefulSet", withImage(v2))
		s.hub.put(v3, "")
		s.patch("StatefulSet", withImage(v3))
		s.patch("StatefulSet", `{"spec":{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":2}}}}`)
		k, v := s.diagnosed("StatefulSet", "web")
		if k.Facts.Workload.Partition != 2 || v.Remedies[0].Kind != runbook.FixImage {
			t.Errorf("partition %d, remedy %+v", k.Facts.Workload.Partition, v.Remedies[0])
		}
		p := s.planOf(k, v, runbook.DeletePods)
		if len(p.Actions) != 0 || !strings.Contains(strings.Join(p.Shows, ""), "the partition 2 of StatefulSet web keeps it at the old template") {
			t.Errorf("actions %v, shows %q", p.Actions, p.Shows)
		}
	})
}

// Rolling an ordered StatefulSet back needs the broken pod deleted as well.
func TestRollBackOfAnOrderedStatefulSet(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.hub.put(v1, "")
		s.stateful(2, v1)
		s.patch("StatefulSet", withImage(v2))
		k, v := s.diagnosed("StatefulSet", "web")
		p := s.planOf(k, v, runbook.RollBack)
		if len(p.Actions) != 2 || p.Actions[0].Verb != runbook.VerbRollBack || p.Actions[1].Verb != runbook.VerbDeletePod || p.Actions[1].Name != "web-1" {
			t.Fatalf("plan %+v", p)
		}
		s.carried(p)
		time.Sleep(time.Minute)
		if r, over := s.recovery(k); !over || r.Ready != 2 {
			t.Errorf("recovery %+v, over %v", r, over)
		}
		set, err := s.people.AppsV1().StatefulSets("default").Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil || set.Spec.Template.Spec.Containers[0].Image != v1 {
			t.Errorf("template %+v, %v", set.Spec.Template, err)
		}
	})
}

// A pod with a container that runs loses something, so it is left alone.
func TestPlanLeavesRunningContainersAlone(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.rejected(2)
		pod := s.pods()[0]
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "side", Image: v3})
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: "side", ImageID: "x", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		})
		if err := s.stand.Add(&pod); err != nil {
			t.Fatal(err)
		}
		p := s.planned("Deployment", runbook.DeletePods)
		if len(p.Actions) != 1 || p.Actions[0].Name == pod.Name || !strings.Contains(strings.Join(p.Shows, "\n"), "Pod "+pod.Name+" is left alone: its container side runs.") {
			t.Errorf("plan %+v", p)
		}
	})
}

// At most 50 actions stand in one plan.
func TestPlanIsBounded(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.rejected(53)
		p := s.planned("Deployment", runbook.DeletePods)
		if len(p.Actions) != MaxActions || p.Shows[1] != "Further pods wait: 3; plan again after these." {
			t.Errorf("%d actions, shows %q", len(p.Actions), p.Shows)
		}
	})
}

// A restart replaces healthy pods, so each image of the template is tested.
func TestPlanRestart(t *testing.T) {
	for image, want := range map[string]string{v3: "", "registry.test/side:gone": "registry.test/side:gone is not proven to be pullable by a new pod: registry.test says TagNotFound"} {
		live(t, func(t *testing.T, s *shop) {
			s.hub.put(v3, "")
			s.rejected(2)
			k, v := s.diagnosed("Deployment", "web")
			s.patch("Deployment", `{"spec":{"paused":true}}`)
			s.patch("Deployment", `{"spec":{"paused":false,"template":{"spec":{"containers":[{"name":"side","image":"`+image+`"}]}}}}`)
			k.Facts.Workload.Generation += 2
			p := s.planOf(k, v, runbook.RolloutRestart)
			if p.Remedy.Approvable != (want == "") {
				t.Fatalf("%+v", p)
			}
			if want != "" && p.Shows[0] != "Not offered: "+want {
				t.Errorf("shows %q", p.Shows)
			}
			if want == "" && (p.Actions[0].Verb != runbook.VerbRestart || p.Shows[0] != "Restarts the rollout of Deployment web: all of its 2 pods are replaced, by its strategy RollingUpdate.") {
				t.Errorf("plan %+v", p)
			}
		})
	}
}

// The image of the revision is asked for with the pull secrets of its pods.
func TestPlanAsksWithThePullSecretsOfThePods(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*shop)
		want  string
	}{
		"right": {func(*shop) {}, ""},
		"wrong": {
			func(s *shop) { s.secret("regcred", "wrong") },
			"registry.test/app:v1 is not proven to be pullable by a new pod: registry.test says AuthRejected",
		},
		"missing": {
			func(s *shop) {
				_ = s.people.CoreV1().Secrets("default").Delete(s.Context(), "regcred", metav1.DeleteOptions{})
			},
			"registry.test/app:v1 is not proven to be pullable by a new pod: registry.test says AuthMissing",
		},
		"not readable": {
			func(s *shop) { s.stand.Forbid(cluster.Admin, cluster.Rule{Resource: "secrets"}) },
			"secret default/regcred could not be read (forbidden), so what a new pod would send is not known",
		},
		"not decodable": {
			func(s *shop) { s.malformed("regcred") },
			"secret/regcred cannot be decoded, which stops every pull of a new pod",
		},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(t *testing.T, s *shop) {
				s.hub.put(v1, "right")
				s.secret("regcred", "right")
				s.patch("ServiceAccount", `{"imagePullSecrets":[{"name":"regcred"}]}`)
				s.deploy(1, v1)
				s.patch("Deployment", withImage(v2))
				k, v := s.diagnosed("Deployment", "web")
				test.spoil(s)
				p := s.planOf(k, v, runbook.RollBack)
				if p.Remedy.Approvable != (test.want == "") || test.want != "" && p.Shows[0] != "Not offered: "+test.want {
					t.Errorf("plan %+v", p)
				}
			})
		})
	}
}

func (s *shop) malformed(name string) {
	secret, err := s.people.CoreV1().Secrets("default").Get(s.Context(), name, metav1.GetOptions{})
	if err != nil {
		s.Fatal(err)
	}
	secret.Data[corev1.DockerConfigJsonKey] = []byte(`{"auths":{"registry.test":{"auth":"###"}}}`)
	if err := s.stand.Add(secret); err != nil {
		s.Fatal(err)
	}
}
