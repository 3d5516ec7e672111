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

// external has Deployment web pull with what External Secrets fetches from
// vault/registry.
func (s *shop) external(document string) {
	s.Helper()
	s.changer = s.changer.TestingWith(s.hub)
	s.hub.put(v1, good)
	s.stand.Store("vault", "registry", []byte(document))
	err := s.stand.Add(&cluster.ExternalSecret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "pull"},
		Spec: cluster.ExternalSecretSpec{
			SecretStoreRef: cluster.StoreRef{Name: "vault"}, Target: cluster.ExternalTarget{Name: "regcred"},
			Data: []cluster.ExternalDate{{SecretKey: corev1.DockerConfigJsonKey, RemoteRef: cluster.RemoteRef{Key: "registry"}}},
		},
	})
	if err != nil {
		s.Fatal(err)
	}
	s.patch("ServiceAccount", `{"imagePullSecrets":[{"name":"regcred"}]}`)
	s.deploy(1, v1)
	time.Sleep(time.Minute)
}

func TestSyncExternalSecret(t *testing.T) {
	for name, test := range map[string]struct {
		store string // what stands there when it is asked
		want  string
		runs  int
	}{
		"the store is right by now": {two(good), "; registry.test accepts it", 1},
		"it holds the same":         {two(stale), "; External Secrets fetched the same credential again, so the value at vault/registry is wrong", 0},
		"it holds another wrong":    {two("wrong"), "but it is no good for registry.test/app:v1 (registry.test says AuthRejected), so the value at vault/registry is wrong", 0},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(t *testing.T, s *shop) {
				s.external(two(stale))
				k, v := s.diagnosed("Deployment", "web")
				if v.Cause != cause.AuthRejected || v.Remedies[0].Kind != runbook.SyncExternalSecret {
					t.Fatalf("cause %s, remedies %+v", v.Cause, v.Remedies)
				}
				p := s.planOf(k, v, runbook.SyncExternalSecret)
				ok, said := approvable(p)
				if !ok || !strings.Contains(said, "Asks External Secrets to fetch secret regcred again, from vault/registry.") {
					t.Fatalf("plan %+v", p)
				}
				s.stand.Store("vault", "registry", []byte(test.store))
				s.stand.ForgetRequests()
				receipt, err := s.hands().Carry(t.Context(), p.Actions[0], ann)
				if err != nil || !receipt.Done || !strings.Contains(receipt.Detail, test.want) {
					t.Errorf("%+v, %v", receipt, err)
				}
				if s.secretWrites() != 0 || s.writes() != 1 {
					t.Errorf("%d writes, %d of secrets", s.writes(), s.secretWrites())
				}
				time.Sleep(6 * time.Minute)
				s.runs(test.runs)
				if test.runs == 0 {
					again := s.onlyPlan("Deployment", runbook.SyncExternalSecret)
					if ok, said := approvable(again); ok || !strings.Contains(said, "the value at vault/registry is wrong") {
						t.Errorf("a second sync is offered: %s", said)
					}
				}
				s.unmarked(p, receipt)
			})
		})
	}
}

// What External Secrets keeps is not changed by hand.
func TestExternalSecretsRevertsAtOnce(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.external(two(stale))
		s.vault = runbook.NewVault([]runbook.Shelf{shelf("golden", good)})
		k, v := s.diagnosed("Deployment", "web")
		v.Remedies = []runbook.Remedy{{Kind: runbook.UpdateSecret, Object: "secret/regcred"}}
		p := s.planOf(k, v, runbook.UpdateSecret)
		if ok, said := approvable(p); ok || !strings.Contains(said, "External Secrets (ExternalSecret/pull) writes secret regcred again within seconds") {
			t.Errorf("offered %v: %s", ok, said)
		}
		s.rewrite("regcred", func(secret *corev1.Secret) { secret.Data[corev1.DockerConfigJsonKey] = []byte(two(good)) })
		time.Sleep(5 * time.Second)
		if got := s.read("regcred"); string(got.Data[corev1.DockerConfigJsonKey]) != two(stale) {
			t.Error("the stand-in does not revert")
		}
	})
}

func TestSyncWithoutTheOperator(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.expired()
		k, v := s.diagnosed("Deployment", "web")
		v.Remedies = []runbook.Remedy{{Kind: runbook.SyncExternalSecret, Object: "externalsecret/pull"}}
		if ok, said := approvable(s.planOf(k, v, runbook.SyncExternalSecret)); ok || said != "Not offered: ExternalSecret pull is gone" {
			t.Errorf("offered %v: %s", ok, said)
		}
	})
}
