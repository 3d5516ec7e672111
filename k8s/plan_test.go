package k8s

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// brokenRollout has three pods of v1, and one of v2, whose image is missing.
func (s *shop) brokenRollout() {
	s.hub.put(v1, "")
	s.deploy(3, v1)
	s.patch("Deployment", withImage(v2))
}

func TestPlanRollBackByContent(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.brokenRollout()
		// Two restarts: the second newest revision is the same broken image.
		for _, at := range []string{"1", "2"} {
			s.patch("Deployment", `{"spec":{"template":{"metadata":{"annotations":{"restarted":"`+at+`"}}}}}`)
		}
		k, v := s.diagnosed("Deployment", "web")
		if v.Cause != cause.TagNotFound {
			t.Fatalf("cause %s", v.Cause)
		}
		p := s.planOf(k, v, runbook.RollBack)
		w := k.Facts.Workload
		want := []runbook.Action{{
			Verb: runbook.VerbRollBack, Cluster: "prod-eu", Namespace: "default", Kind: "Deployment", Name: "web",
			UID: w.UID, Generation: w.Generation, Container: "app", Image: v1, Revision: 1,
		}}
		if diff := cmp.Diff(want, p.Actions); diff != "" {
			t.Errorf("actions (-want +got):\n%s", diff)
		}
		if p.Hash != runbook.PlanHash(want) || !p.Remedy.Approvable || p.Missing != "" || p.Remedy.ID != "rollback" || p.Made.IsZero() {
			t.Errorf("plan %+v", p)
		}
		shows := []string{
			"Puts the pod template of Deployment web back to revision 1: app from registry.test/app:v2 to registry.test/app:v1.",
			"Whatever else changed in the template since then goes back, too.",
			"No healthy pod would be replaced.",
			"3 pods of 3 serve now, so there is no hurry.",
		}
		if diff := cmp.Diff(shows, p.Shows); diff != "" {
			t.Errorf("shows (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"the template is still the same", "registry.test/app:v1 can be pulled with what new pods would send"}, p.Remedy.Preconditions); diff != "" {
			t.Errorf("preconditions (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(runbook.Judge(k, time.Now()).Remedies, v.Remedies); diff != "" {
			t.Errorf("the verdict's own remedies were changed (-want +got):\n%s", diff)
		}
	})
}

// What makes a plan not offered, and the reason that is told.
func TestPlanRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		remedy  runbook.Kind
		prepare func(*shop)
		spoil   func(*shop, *runbook.Case, *runbook.Verdict)
		want    string
	}{
		"the image of the revision is gone": {
			runbook.RollBack, (*shop).brokenRollout,
			func(s *shop, _ *runbook.Case, _ *runbook.Verdict) { s.hub.images = map[string]string{} },
			"registry.test/app:v1 is not proven to be pullable by a new pod: registry.test says TagNotFound",
		},
		"the registry fails the test": {
			runbook.RollBack, (*shop).brokenRollout,
			func(s *shop, _ *runbook.Case, _ *runbook.Verdict) { s.hub.fail(cause.RegistryServerError) },
			"the registry fails (registry.test)",
		},
		"the registry limits": {
			runbook.RollBack, (*shop).brokenRollout,
			func(_ *shop, _ *runbook.Case, v *runbook.Verdict) { v.Cause = cause.RateLimited },
			"the registry limits pulls; new pods would only pull in vain",
		},
		"another container's registry is unreachable": {
			runbook.RollBack, (*shop).brokenRollout,
			func(_ *shop, _ *runbook.Case, v *runbook.Verdict) {
				v.Failures = []runbook.Diagnosis{{Cause: cause.DNSFailure}}
			},
			"the registry cannot be reached; new pods would only pull in vain",
		},
		"paused": {
			runbook.RollBack, func(s *shop) { s.brokenRollout(); s.patch("Deployment", `{"spec":{"paused":true}}`) },
			nil, "Deployment web is paused: resume it first (kubectl rollout resume)",
		},
		"in Git": {
			runbook.RollBack, func(s *shop) {
				s.brokenRollout()
				s.patch("Deployment", `{"metadata":{"annotations":{"argocd.argoproj.io/tracking-id":"web:apps/Deployment:default/web"}}}`)
			},
			nil, "Argo CD (web) puts the template back to what stands in Git; change it there: app from registry.test/app:v2 to registry.test/app:v1",
		},
		"changed since the diagnosis": {
			runbook.RollBack, (*shop).brokenRollout,
			func(s *shop, _ *runbook.Case, _ *runbook.Verdict) { s.patch("Deployment", withImage(v3)) },
			"Deployment web was changed while it was being diagnosed (by ",
		},
		"nothing ran": {
			runbook.RollBack, func(s *shop) { s.deploy(1, v2); s.patch("Deployment", withImage(v3)) },
			nil, "no revision is on record that ran with another image",
		},
		"deleting does not mend a missing tag": {
			runbook.DeletePods, (*shop).brokenRollout,
			nil, "registry.test/app:v2 is not proven to be pullable by a new pod: registry.test says TagNotFound",
		},
		"restarting does not either": {
			runbook.RolloutRestart, (*shop).brokenRollout,
			nil, "registry.test/app:v2 is not proven to be pullable by a new pod: registry.test says TagNotFound",
		},
		"a corrected Deployment needs nobody": {
			runbook.DeletePods, (*shop).brokenRollout,
			func(s *shop, k *runbook.Case, _ *runbook.Verdict) {
				s.hub.put(v3, "")
				s.patch("Deployment", withImage(v3))
				k.Facts.Workload.Generation++
			},
			"the template is right by now, and Deployment web replaces its pods by itself",
		},
		"too few pulls left": {
			runbook.DeletePods, func(s *shop) { s.rejected(3) },
			func(_ *shop, k *runbook.Case, _ *runbook.Verdict) {
				for i := range k.Pulls[0].Candidates {
					k.Pulls[0].Candidates[i].Answer.RateLimit = &runbook.RateLimit{Limit: 100, Remaining: 2}
				}
			},
			"registry.test allows only 2 more pulls now, and 3 would be needed",
		},
		"the workload is gone": {
			runbook.DeletePods, (*shop).brokenRollout,
			func(s *shop, _ *runbook.Case, _ *runbook.Verdict) {
				if err := s.people.AppsV1().Deployments("default").Delete(s.Context(), "web", metav1.DeleteOptions{}); err != nil {
					s.Fatal(err)
				}
			},
			"Deployment web is gone",
		},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(t *testing.T, s *shop) {
				test.prepare(s)
				k, v := s.diagnosed("Deployment", "web")
				if test.spoil != nil {
					test.spoil(s, &k, &v)
				}
				p := s.planOf(k, v, test.remedy)
				if p.Remedy.Approvable || len(p.Actions) > 0 || len(p.Shows) != 1 || !strings.HasPrefix(p.Shows[0], "Not offered: "+test.want) {
					t.Errorf("want %q, got %+v", test.want, p)
				}
				if p.Hash == "" {
					t.Error("an empty hash could be guessed")
				}
			})
		})
	}
}

// rejected is a Deployment whose pull secret was wrong when its pods began, and
// is right by now.
func (s *shop) rejected(replicas int32) {
	s.hub.put(v1, "right")
	s.secret("regcred", "wrong")
	s.patch("ServiceAccount", `{"imagePullSecrets":[{"name":"regcred"}]}`)
	s.deploy(replicas, v1)
	time.Sleep(4 * time.Minute)
	s.secret("regcred", "right")
}

func TestPlanDeletePodsAfterTheSecretIsRight(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.rejected(2)
		// The pods themselves still wait, up to 5 minutes.
		k, v := s.diagnosed("Deployment", "web")
		p := s.planOf(k, v, runbook.DeletePods)
		if len(p.Actions) != 2 || !p.Remedy.Approvable {
			t.Fatalf("plan %+v; cause %s", p, v.Cause)
		}
		for i, pod := range s.pods() {
			want := runbook.Action{
				Verb: runbook.VerbDeletePod, Cluster: "prod-eu", Namespace: "default", Kind: "Pod", Name: pod.Name,
				UID: string(pod.UID), Container: "app", Image: v1,
			}
			if diff := cmp.Diff(want, p.Actions[i]); diff != "" {
				t.Errorf("action (-want +got):\n%s", diff)
			}
		}
		if !strings.HasPrefix(p.Shows[0], "Deletes 2 waiting pods in default: web-") || p.Shows[1] != "No healthy pod would be replaced: there is none." {
			t.Errorf("shows %q", p.Shows)
		}
	})
}

func TestPlanShowsBudgetsAndHealthyPods(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.rejected(2)
		if err := s.stand.Add(&policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"},
			Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}},
			Status:     policyv1.PodDisruptionBudgetStatus{CurrentHealthy: 1, DesiredHealthy: 2},
		}, &policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "other"},
			Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "other"}}},
		}); err != nil {
			t.Fatal(err)
		}
		pod := s.pods()[0]
		pod.Status.ContainerStatuses[0].State.Waiting = nil
		pod.Status.ContainerStatuses[0].ImageID = "x"
		pod.Status.Conditions = nil
		if err := s.stand.Add(ready(pod)); err != nil {
			t.Fatal(err)
		}
		p := s.planned("Deployment", runbook.DeletePods)
		want := []string{
			"No healthy pod would be replaced: 1 pod stays.",
			"PodDisruptionBudget web covers these pods (1 healthy of 2 wanted); this change does not ask it.",
		}
		if len(p.Actions) != 1 || cmp.Diff(want, p.Shows[1:]) != "" {
			t.Errorf("actions %+v, shows %q", p.Actions, p.Shows)
		}
	})
}

// Planning reads: the only thing that it posts is the question what it may do.
func TestPlanChangesNothing(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.brokenRollout()
		k, v := s.diagnosed("Deployment", "web")
		s.stand.ForgetRequests()
		s.planOf(k, v, runbook.RollBack)
		for _, r := range s.stand.Requests() {
			if r.Method != "GET" && r.Resource != "selfsubjectaccessreviews" {
				t.Errorf("%s %s", r.Method, r.Path)
			}
		}
	})
}

func TestPlanWithoutARegistryOffersNoRollBack(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.brokenRollout()
		k, v := s.diagnosed("Deployment", "web")
		plans, err := s.reader.Plan(t.Context(), k, v, PlanOptions{})
		if err != nil || len(plans) != 1 || plans[0].Remedy.Approvable || plans[0].Shows[0] != "Not offered: registry.test/app:v1 was not tested" {
			t.Errorf("%+v, %v", plans, err)
		}
	})
}
