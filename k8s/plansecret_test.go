package k8s

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// Who keeps a secret decides whether a button is worth anything: what is
// reverted at once has none, and where to change it instead is said.
func TestUpdateSecretByKeeper(t *testing.T) {
	yes := true
	for name, test := range map[string]struct {
		mark    func(*corev1.Secret)
		offered bool
		want    string
	}{
		"nobody": {func(*corev1.Secret) {}, true, "Nothing shows that anything would revert the change."},
		"Helm": {func(s *corev1.Secret) {
			s.Annotations = map[string]string{"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "default"}
		}, true, "Helm (default/web) keeps the secret; what becomes of a change by hand: until the next upgrade or rollback."},
		"Sealed Secrets": {func(s *corev1.Secret) {
			s.Annotations = map[string]string{"sealedsecrets.bitnami.com/managed": "true"}
		}, true, "lost when the SealedSecret changes or its controller restarts"},
		"Argo CD": {func(s *corev1.Secret) {
			s.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": "web:/Secret:default/regcred"}
		}, false, "Argo CD (web) puts secret regcred back to what stands in Git; commit the change there: in the manifest of Secret default/regcred, below .dockerconfigjson, the entry with the new user and password"},
		"Flux": {func(s *corev1.Secret) {
			s.Labels = map[string]string{"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
		}, false, "Flux (flux-system/apps) puts secret regcred back"},
		"Flux, told to leave it": {func(s *corev1.Secret) {
			s.Labels = map[string]string{"kustomize.toolkit.fluxcd.io/name": "apps"}
			s.Annotations = map[string]string{"kustomize.toolkit.fluxcd.io/ssa": "Ignore"}
		}, true, "kept: Flux is told to leave it alone"},
		"a copy": {func(s *corev1.Secret) {
			s.Annotations = map[string]string{"replicator.v1.mittwald.de/replicate-from": "platform/regcred"}
		}, false, "secret regcred is a copy of platform/regcred, which is copied over it again: change that one"},
		"another controller": {func(s *corev1.Secret) {
			s.OwnerReferences = []metav1.OwnerReference{{APIVersion: "x/v1", Kind: "VaultStaticSecret", Name: "v", UID: "u", Controller: &yes}}
		}, false, "VaultStaticSecret/v made secret regcred and may write it again at any time"},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(t *testing.T, s *shop) {
				s.expired(test.mark)
				k, v := s.diagnosed("Deployment", "web")
				v.Remedies = []runbook.Remedy{{Kind: runbook.UpdateSecret, Object: "secret/regcred"}}
				ok, said := approvable(s.planOf(k, v, runbook.UpdateSecret))
				if ok != test.offered || !strings.Contains(said, test.want) {
					t.Errorf("offered %v: %s", ok, said)
				}
			})
		})
	}
}

// What stands in the secret decides what is written, and whether that can help.
func TestUpdateSecretByContent(t *testing.T) {
	for name, test := range map[string]struct {
		document string
		kind     corev1.SecretType
		refused  string
		want     string // N is the new entry
	}{
		"cannot be decoded": {document: `{"auths":{"registry.test":{"auth":"!"},"quay.io":{}}}`, want: `{"auths":{"registry.test":N,"quay.io":{}}}`},
		"another host":      {document: `{"auths":{"registry.tset":` + auth(good) + `}}`, want: `{"auths":{"registry.tset":` + auth(good) + `,"registry.test":N}}`},
		"the old type":      {document: `{"registry.test":` + auth(stale) + `}`, kind: corev1.SecretTypeDockercfg, want: `{"registry.test":N}`},
		"a token alone":     {document: `{"auths":{"registry.test":{"identitytoken":"x"}}}`, want: `{"auths":{"registry.test":N}}`},
		"another entry stops all": {
			document: `{"auths":{"registry.test":` + auth(stale) + `,"quay.io":{"auth":"!"}}}`,
			refused:  `its entry "quay.io" cannot be decoded, and that fails every lookup of the pod`,
		},
		"the list twice": {document: `{"auths":{"registry.test":` + auth(stale) + `},"Auths":{}}`, refused: `"auths" more than once`},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(t *testing.T, s *shop) {
				s.vault = runbook.NewVault([]runbook.Shelf{shelf("golden", good)})
				s.hub.put(v1, good)
				secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "regcred"}, Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte(test.document)}}
				if test.kind != "" {
					secret.Type, secret.Data = test.kind, map[string][]byte{corev1.DockerConfigKey: []byte(test.document)}
				}
				if _, err := s.people.CoreV1().Secrets("default").Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
					t.Fatal(err)
				}
				s.patch("ServiceAccount", `{"imagePullSecrets":[{"name":"regcred"}]}`)
				s.deploy(1, v1)
				k, v := s.diagnosed("Deployment", "web")
				v.Remedies = []runbook.Remedy{{Kind: runbook.UpdateSecret, Object: "secret/regcred"}}
				p := s.planOf(k, v, runbook.UpdateSecret)
				ok, said := approvable(p)
				if test.refused != "" {
					if ok || !strings.Contains(said, test.refused) {
						t.Errorf("offered %v: %s", ok, said)
					}
					return
				}
				if !ok {
					t.Fatalf("cause %s: %s", v.Cause, said)
				}
				s.carried(p)
				got := s.read("regcred")
				if diff := cmp.Diff(strings.ReplaceAll(test.want, "N", freshEntry), string(got.Data[keyOf(got)])); diff != "" {
					t.Error(diff)
				}
				time.Sleep(6 * time.Minute)
				s.runs(1)
			})
		})
	}
}

func keyOf(secret *corev1.Secret) string {
	if secret.Type == corev1.SecretTypeDockercfg {
		return corev1.DockerConfigKey
	}
	return corev1.DockerConfigJsonKey
}

// A bare pod can be helped when it names the secret that is missing; its list of
// pull secrets cannot be changed.
func TestCreateSecretForABarePod(t *testing.T) {
	for name, test := range map[string]struct {
		names   []corev1.LocalObjectReference
		cause   cause.Cause
		offered bool
	}{
		"it names it": {[]corev1.LocalObjectReference{{Name: "regcred"}}, cause.PullSecretMissing, true},
		"it does not": {nil, cause.AuthMissing, false},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(t *testing.T, s *shop) {
				s.vault = runbook.NewVault([]runbook.Shelf{shelf("golden", good)})
				s.hub.put(v1, good)
				pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: corev1.PodSpec{
					Containers: []corev1.Container{{Name: "app", Image: v1}}, ImagePullSecrets: test.names,
				}}
				if _, err := s.people.CoreV1().Pods("default").Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				_, v := s.diagnosed("Pod", "web")
				p := s.onlyPlan("Pod", runbook.CreateSecret)
				ok, said := approvable(p)
				if v.Cause != test.cause || ok != test.offered {
					t.Fatalf("cause %s, offered %v: %s", v.Cause, ok, said)
				}
				if !ok {
					if !strings.Contains(said, "pod web has no controller, and a pod's own list of pull secrets cannot be changed") {
						t.Error(said)
					}
					return
				}
				s.carried(p)
				time.Sleep(6 * time.Minute)
				s.runs(1)
			})
		})
	}
}

// A StatefulSet in order never replaces its broken pod by itself: attaching a
// secret deletes it, too.
func TestAttachToAStuckStatefulSet(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.hub.put(v1, good)
		s.docker("spare", two(good))
		s.stateful(2, v1)
		p := s.onlyPlan("StatefulSet", runbook.AttachSecret)
		if ok, said := approvable(p); !ok || len(p.Actions) != 2 || p.Actions[1].Verb != runbook.VerbDeletePod {
			t.Fatalf("plan %+v: %s", p, said)
		}
		s.carried(p)
		time.Sleep(2 * time.Minute)
		s.runs(2)
	})
}

// A workload that Git describes gets no button: the change to commit is said.
func TestAttachUnderGitOps(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.hub.put(v1, good)
		s.docker("spare", two(good))
		s.deploy(1, v1)
		s.patch("Deployment", `{"metadata":{"annotations":{"argocd.argoproj.io/tracking-id":"web:apps/Deployment:default/web"}}}`)
		ok, said := approvable(s.onlyPlan("Deployment", runbook.AttachSecret))
		if ok || !strings.Contains(said, "commit the change there: in the pod template of Deployment web, imagePullSecrets: [{name: spare}]") {
			t.Errorf("offered %v: %s", ok, said)
		}
	})
}

// Without a source nothing is offered, and no other namespace is read.
func TestUpdateSecretWithoutASource(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.team("team-1", two(stale))
		s.expired()
		s.vault = nil
		s.stand.ForgetRequests()
		if ok, said := approvable(s.onlyPlan("Deployment", runbook.UpdateSecret)); ok || said != "Not offered: no credential source is configured for registry.test" {
			t.Errorf("offered %v: %s", ok, said)
		}
		for _, r := range s.stand.Requests() {
			if r.Namespace == "team-1" {
				t.Errorf("it read %s %s", r.Verb, r.Path)
			}
		}
	})
}
