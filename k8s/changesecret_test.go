package k8s

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

const freshEntry = `{"username":"golden","password":"good-MARKER-c0ffee","auth":"Z29sZGVuOmdvb2QtTUFSS0VSLWMwZmZlZQ=="}`

// An expired credential is replaced; another registry's entry stays to the byte,
// and the pods run without a restart.
func TestUpdateSecret(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.expired(func(secret *corev1.Secret) { secret.Labels = map[string]string{"team": "a"} })
		p := s.onlyPlan("Deployment", runbook.UpdateSecret)
		ok, said := approvable(p)
		if !ok || p.Choice != "golden" || len(p.Actions) != 1 {
			t.Fatalf("plan %+v", p)
		}
		e := p.Actions[0].Entry
		for _, want := range []string{
			"Secret default/regcred: the entry for registry.test gets user g…n, fingerprint " + e.Was + " → " + e.Becomes + ".",
			"The new credential comes from golden (file); registry.test accepts it for app.",
			"Its other entries stay as they are: quay.io.",
			"In this namespace 2 pods of 1 workload and 1 ServiceAccount (default) name the secret.",
			"Everybody who may read secrets in default can read it there.",
			"Nothing is restarted",
		} {
			if !strings.Contains(said, want) {
				t.Errorf("it does not say %q:\n%s", want, said)
			}
		}
		// What nobody approved the change for may change meanwhile.
		s.rewrite("regcred", func(secret *corev1.Secret) { secret.Labels["team"] = "b" })
		s.stand.ForgetRequests()
		s.carried(p)
		if s.secretWrites() != 1 {
			t.Errorf("%d writes", s.secretWrites())
		}
		got := s.read("regcred")
		if diff := cmp.Diff(strings.Replace(two(stale), auth(stale), freshEntry, 1), string(got.Data[corev1.DockerConfigJsonKey])); diff != "" {
			t.Errorf("document (-want +got):\n%s", diff)
		}
		if got.Labels["team"] != "b" || got.Annotations[annotationApproved] != "U0ANN,U0BOB" || got.Annotations[annotationIncident] != "inc-7" {
			t.Errorf("metadata %+v", got.ObjectMeta)
		}
		if manager, _ := lastWrite(got.ManagedFields, "f:data", "f:.dockerconfigjson"); manager != fieldManager {
			t.Errorf("last writer %q", manager)
		}
		time.Sleep(6 * time.Minute)
		s.runs(2)
		if lines := strings.Count(s.log.String(), "msg=write "); lines != 1 || !strings.Contains(s.log.String(), "entry=registry.test was="+e.Was+" becomes="+e.Becomes) {
			t.Errorf("log:\n%s", s.log)
		}
		s.unmarked(p)
	})
}

// Everything that the approval is bound to, moved: nothing is written.
func TestUpdateSecretRefusesWhatHasMoved(t *testing.T) {
	remake := func(s *shop, change func(*corev1.Secret)) {
		secret := s.read("regcred")
		if err := s.people.CoreV1().Secrets("default").Delete(s.Context(), "regcred", metav1.DeleteOptions{}); err != nil {
			s.Fatal(err)
		}
		s.docker("regcred", two(stale), change, func(made *corev1.Secret) { made.Labels = secret.Labels })
	}
	for name, test := range map[string]struct {
		move func(*shop)
		want string
	}{
		"another spelling of it": {func(s *shop) {
			s.rewrite("regcred", func(secret *corev1.Secret) {
				now := strings.Replace(two(stale), `"registry.test":`, `"https://registry.test": `+auth("own")+`, "registry.test":`, 1)
				secret.Data[corev1.DockerConfigJsonKey] = []byte(now)
			})
		}, "secret regcred has another entry for the same registry since the plan was made: https://registry.test"},
		"the entry": {func(s *shop) {
			s.rewrite("regcred", func(secret *corev1.Secret) {
				secret.Data[corev1.DockerConfigJsonKey] = []byte(two("other"))
			})
		}, "the entry for registry.test in secret regcred was changed since the plan was made"},
		"the same by hand": {func(s *shop) {
			s.rewrite("regcred", func(secret *corev1.Secret) {
				secret.Data[corev1.DockerConfigJsonKey] = []byte(`{"auths":{"registry.test":` + freshEntry + `}}`)
			})
		}, "holds the new credential already"},
		"its UID": {func(s *shop) { remake(s, func(*corev1.Secret) {}) }, "secret regcred was made anew at "},
		"gone": {func(s *shop) {
			_ = s.people.CoreV1().Secrets("default").Delete(s.Context(), "regcred", metav1.DeleteOptions{})
		}, "secret regcred is gone"},
		"immutable": {func(s *shop) {
			s.rewrite("regcred", func(secret *corev1.Secret) { yes := true; secret.Immutable = &yes })
		}, "secret regcred is immutable by now"},
		"its keeper": {func(s *shop) {
			s.rewrite("regcred", func(secret *corev1.Secret) {
				secret.Labels = map[string]string{"reconcile.external-secrets.io/managed": "true"}
			})
		}, "secret regcred is kept by External Secrets by now, and the plan was for one kept by nobody"},
		"another entry that stops all": {func(s *shop) {
			s.rewrite("regcred", func(secret *corev1.Secret) {
				secret.Data[corev1.DockerConfigJsonKey] = []byte(`{"auths":{"registry.test":` + auth(stale) + `,"x":{"auth":"!"}}}`)
			})
		}, `its entry "x" cannot be decoded`},
		"the source":   {func(s *shop) { s.vault = runbook.NewVault([]runbook.Shelf{shelf("golden", "new-"+marker)}) }, "gives another credential by now"},
		"the registry": {func(s *shop) { s.hub.put(v1, "changed") }, "registry.test says AuthRejected"},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(t *testing.T, s *shop) {
				s.expired()
				p := s.onlyPlan("Deployment", runbook.UpdateSecret)
				test.move(s)
				s.stand.ForgetRequests()
				receipt, err := s.hands().Carry(t.Context(), p.Actions[0], ann)
				if _, overtaken := errors.AsType[*runbook.OvertakenError](err); !overtaken || !strings.Contains(err.Error(), test.want) || receipt.Done {
					t.Errorf("%+v, %v; want %q", receipt, err, test.want)
				}
				if s.secretWrites() != 0 {
					t.Errorf("%d writes", s.secretWrites())
				}
				s.unmarked(p, receipt, err)
			})
		})
	}
}

// A missing secret that the pod names is made, and the pods run.
func TestCreateSecretThatIsMissing(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.vault = runbook.NewVault([]runbook.Shelf{shelf("wrong", "no"), shelf("golden", good)})
		s.hub.put(v1, good)
		s.patch("ServiceAccount", `{"imagePullSecrets":[{"name":"regcred"}]}`)
		s.deploy(1, v1)
		plans := s.plansOf("Deployment", runbook.CreateSecret)
		if len(plans) != 2 {
			t.Fatalf("%d plans", len(plans))
		}
		if ok, said := approvable(plans[0]); ok || said != "Not offered: source wrong (file): it is no good for registry.test/app:v1: registry.test says AuthRejected" || plans[0].Choice != "wrong" {
			t.Errorf("offered %v: %s", ok, said)
		}
		p := plans[1]
		if len(p.Actions) != 1 {
			t.Fatalf("actions %+v", p.Actions)
		}
		s.carried(p)
		got := s.read("regcred")
		if string(got.Data[corev1.DockerConfigJsonKey]) != `{"auths":{"registry.test":`+freshEntry+`}}` || got.Type != corev1.SecretTypeDockerConfigJson || got.Annotations[annotationIncident] != "inc-7" {
			t.Errorf("secret %s %v", got.Type, got.Annotations)
		}
		time.Sleep(6 * time.Minute)
		s.runs(1)
		// It exists by now: made once, never again.
		if _, err := s.hands().Carry(t.Context(), p.Actions[0], ann); err == nil || !strings.Contains(err.Error(), "secret regcred exists by now") {
			t.Errorf("again: %v", err)
		}
		s.unmarked(plans)
	})
}

// Without any secret one is made and attached to the template; what the
// ServiceAccount gave stays.
func TestCreateSecretAndAttach(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.vault = runbook.NewVault([]runbook.Shelf{shelf("golden", good)})
		s.hub.put(v1, good)
		s.docker("other", `{"auths":{"quay.io":{"auth":"YTpi"}}}`)
		s.patch("ServiceAccount", `{"imagePullSecrets":[{"name":"other"}]}`)
		s.deploy(2, v1)
		k, v := s.diagnosed("Deployment", "web")
		v.Remedies = []runbook.Remedy{{Kind: runbook.CreateSecret, Object: "secret/registry-test-pull"}}
		p := s.planOf(k, v, runbook.CreateSecret)
		if len(p.Actions) != 2 || p.Actions[1].Verb != runbook.VerbAttachSecret {
			t.Fatalf("cause %s, plan %+v", v.Cause, p)
		}
		if _, said := approvable(p); !strings.Contains(said, "imagePullSecrets become other and "+p.Actions[0].Name) {
			t.Errorf("shows %s", said)
		}
		s.carried(p)
		time.Sleep(time.Minute)
		d, err := s.people.AppsV1().Deployments("default").Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"other", p.Actions[0].Name}, referenced(d.Spec.Template.Spec.ImagePullSecrets)); diff != "" {
			t.Errorf("pull secrets: %s", diff)
		}
		s.runs(2)
	})
}

func TestReplaceImmutableSecret(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.expired(func(secret *corev1.Secret) { yes := true; secret.Immutable = &yes })
		p := s.onlyPlan("Deployment", runbook.UpdateSecret)
		ok, said := approvable(p)
		if !ok || len(p.Actions) != 2 || p.Actions[0].Name != "regcred-2" || p.Actions[1].Instead != "" || !strings.Contains(said, "Pods keep it for its other entries: quay.io") {
			t.Fatalf("plan %+v", p)
		}
		s.carried(p)
		time.Sleep(time.Minute)
		s.runs(2)
	})
}

func TestReplaceSecretOfTheWrongType(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.expired(func(secret *corev1.Secret) { secret.Type = corev1.SecretTypeOpaque })
		k, v := s.diagnosed("Deployment", "web")
		p := s.planOf(k, v, runbook.CreateSecret)
		if ok, _ := approvable(p); !ok || v.Cause != cause.PullSecretWrongType || p.Actions[1].Instead != "regcred" {
			t.Fatalf("cause %s, plan %+v", v.Cause, p)
		}
		s.carried(p)
		time.Sleep(time.Minute)
		s.runs(2)
	})
}

// A pod that is sent to the registry without any credential gets a secret.
func TestCreateSecretForALoginThatIsMissing(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.vault = runbook.NewVault([]runbook.Shelf{shelf("golden", good)})
		s.hub.put(v1, good)
		s.deploy(1, v1)
		p := s.onlyPlan("Deployment", runbook.CreateSecret)
		if len(p.Actions) != 2 {
			t.Fatalf("plan %+v", p)
		}
		s.carried(p)
		time.Sleep(time.Minute)
		s.runs(1)
	})
}

// A good secret that the pod does not name is attached.
func TestAttachSecret(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.hub.put(v1, good)
		s.docker("spare", two(good))
		s.deploy(1, v1)
		p := s.onlyPlan("Deployment", runbook.AttachSecret)
		if ok, said := approvable(p); !ok || p.Actions[0].Attach != "spare" {
			t.Fatalf("plan %+v: %s", p, said)
		}
		s.stand.ForgetRequests()
		s.carried(p)
		if s.secretWrites() != 0 {
			t.Error("the secret was written")
		}
		time.Sleep(time.Minute)
		s.runs(1)
		s.unmarked(p)
	})
}

// TestAttachSecretRefusesWhatHasMoved: a secret that is gone, or that holds
// something else by now, starts no rollout.
func TestAttachSecretRefusesWhatHasMoved(t *testing.T) {
	for want, move := range map[string]func(*shop){
		"secret spare is gone": func(s *shop) {
			if err := s.people.CoreV1().Secrets("default").Delete(s.Context(), "spare", metav1.DeleteOptions{}); err != nil {
				s.Fatal(err)
			}
		},
		"secret spare holds another credential for registry.test/app:v1": func(s *shop) {
			s.rewrite("spare", func(secret *corev1.Secret) { secret.Data[corev1.DockerConfigJsonKey] = []byte(two("other")) })
		},
	} {
		live(t, func(t *testing.T, s *shop) {
			s.hub.put(v1, good)
			s.docker("spare", two(good))
			s.deploy(1, v1)
			p := s.onlyPlan("Deployment", runbook.AttachSecret)
			move(s)
			receipt, err := s.hands().Carry(t.Context(), p.Actions[0], ann)
			if err == nil || receipt.Done || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v, %v; want %s", receipt, err, want)
			}
		})
	}
}
