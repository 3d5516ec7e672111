package k8s

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

// rounds is how often the race is run; make soak runs more.
func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("ROUNDS")); err == nil {
		return n
	}
	return 20
}

// changing is an update of one entry of secret race.
func (s *shop) changing(secret *corev1.Secret, key, was string, becomes keyring.Credential) runbook.Action {
	fingerprint := func(c keyring.Credential) string { return keyring.Fingerprint([]byte("k"), c) }
	return runbook.Action{
		Verb: runbook.VerbUpdateSecret, Cluster: "prod-eu", Namespace: "default", Kind: kindSecret, Name: secret.Name, UID: string(secret.UID),
		Entry: &runbook.EntryChange{
			SecretType: string(secret.Type), Key: key, Host: key, Images: []string{key + "/app:v1"},
			Was: fingerprint(keyring.Credential{User: "bot", Password: keyring.NewSecret(was)}), Becomes: fingerprint(becomes),
		},
	}
}

// person writes an entry as somebody does who reads, edits and replaces the
// secret, and starts again when it has changed meanwhile.
func (s *shop) person(ctx context.Context, name, key, password string) error {
	for {
		secret, err := s.people.CoreV1().Secrets("default").Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		document := string(secret.Data[corev1.DockerConfigJsonKey])
		secret.Data[corev1.DockerConfigJsonKey] = []byte(strings.Replace(document, `"auths":{`, fmt.Sprintf(`"auths":{%q:%s,`, key, auth(password)), 1))
		_, err = s.people.CoreV1().Secrets("default").Update(ctx, secret, metav1.UpdateOptions{})
		if !apierrors.IsConflict(err) {
			return err
		}
	}
}

// Two bots and a person with kubectl write one secret at once: whatever is said
// to be done is there in the end, and no entry is lost.
func TestRaceOnOneSecret(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		other := NewChanger(s.reader, []byte("k"), nil)
		for n := range rounds() {
			name := fmt.Sprintf("race-%d", n)
			secret := s.docker(name, `{"auths":{"a.test":`+auth("a0")+`,"b.test":`+auth("b0")+`,"quiet.test":`+auth("q")+`}}`)
			a := keyring.Credential{User: "new", Password: keyring.NewSecret("a1")}
			b := keyring.Credential{User: "new", Password: keyring.NewSecret("b1")}
			var group sync.WaitGroup
			done := make([]bool, 3)
			errs := make([]error, 3)
			carry := func(i int, c *Changer, action runbook.Action, credential keyring.Credential) {
				group.Go(func() {
					receipt, err := c.Carry(t.Context(), action, ann, &credential)
					done[i], errs[i] = receipt.Done, err
				})
			}
			carry(0, s.changer, s.changing(secret, "a.test", "a0", a), a)
			carry(1, other, s.changing(secret, "b.test", "b0", b), b)
			// The second bot wants the first one's entry as well: one of them is late.
			carry(2, other, s.changing(secret, "a.test", "a0", a), a)
			group.Go(func() {
				for m := range 5 {
					if err := s.person(t.Context(), name, fmt.Sprintf("p%d.test", m), "p"); err != nil {
						t.Error(err)
					}
				}
			})
			group.Wait()
			s.noneLost(name, done, errs)
		}
	})
}

// noneLost compares what was said with what is there.
func (s *shop) noneLost(name string, done []bool, errs []error) {
	s.Helper()
	secret := s.read(name)
	held := func(key string) string {
		found := keyring.Find(key+"/app:v1", []keyring.PullSecret{pullSecret(secret)})
		if len(found.Used) != 1 {
			return ""
		}
		return found.Entries[found.Used[0]].Credential.Password.Reveal()
	}
	want := map[string]string{"a.test": "a0", "b.test": "b0", "quiet.test": "q"}
	if done[0] || done[2] {
		want["a.test"] = "a1"
	}
	if done[1] {
		want["b.test"] = "b1"
	}
	for m := range 5 {
		want[fmt.Sprintf("p%d.test", m)] = "p"
	}
	for key, password := range want {
		if got := held(key); got != password {
			s.Errorf("%s holds %q for %s, want %q; done %v, %v", name, got, key, password, done, errs)
		}
	}
	if done[0] && done[2] {
		s.Errorf("one entry was changed twice: %v", errs)
	}
}

// A write of a secret whose answer is lost is read again, and never repeated.
func TestSecretWriteWhoseAnswerIsLost(t *testing.T) {
	for name, test := range map[string]struct {
		fault        cluster.Fault
		done, unsure bool
		fails        bool
	}{
		"after it was done":         {cluster.Fault{Disconnect: true, AfterServing: true}, true, false, false},
		"before it was done":        {cluster.Fault{Disconnect: true}, false, false, true},
		"by an error of the server": {cluster.Fault{Status: http.StatusInternalServerError}, false, true, false},
	} {
		for verb, rule := range map[string]cluster.Rule{
			runbook.VerbUpdateSecret: {Verb: "patch", Resource: "secrets"}, runbook.VerbCreateSecret: {Verb: "create", Resource: "secrets"},
			runbook.VerbAttachSecret: {Verb: "patch", Resource: "deployments"},
		} {
			t.Run(name+"/"+verb, func(t *testing.T) {
				live(t, func(t *testing.T, s *shop) {
					before, a := s.lastOf(verb)
					s.done(before)
					s.stand.ForgetRequests()
					test.fault.Rule, test.fault.User = rule, cluster.Admin
					s.stand.Inject(test.fault)
					receipt, err := s.hands().Carry(t.Context(), a, ann)
					if receipt.Done != test.done || receipt.Unsure != test.unsure || (err != nil) != test.fails {
						t.Errorf("receipt %+v, %v", receipt, err)
					}
					if n := s.writes() + s.creates(); n != 1 {
						t.Errorf("%d writes", n)
					}
					s.unmarked(receipt, err)
				})
			})
		}
	}
}

// lastOf is an action of that verb, ready to be carried out.
func (s *shop) lastOf(verb string) (before []runbook.Action, last runbook.Action) {
	s.Helper()
	var plan runbook.Plan
	if verb == runbook.VerbUpdateSecret {
		s.expired()
		plan = s.onlyPlan("Deployment", runbook.UpdateSecret)
	} else {
		s.vault = runbook.NewVault([]runbook.Shelf{shelf("golden", good)})
		s.hub.put(v1, good)
		s.deploy(1, v1)
		plan = s.onlyPlan("Deployment", runbook.CreateSecret)
	}
	i := slices.IndexFunc(plan.Actions, func(a runbook.Action) bool { return a.Verb == verb })
	if i < 0 {
		s.Fatalf("no %s in %+v", verb, plan)
	}
	return plan.Actions[:i], plan.Actions[i]
}

func (s *shop) done(actions []runbook.Action) {
	s.Helper()
	for _, a := range actions {
		if _, err := s.hands().Carry(s.Context(), a, ann); err != nil {
			s.Fatal(err)
		}
	}
}

func (s *shop) creates() int {
	synctest.Wait()
	n := 0
	for _, r := range s.stand.Requests() {
		if r.User == cluster.Admin && r.Verb == "create" && r.Resource == "secrets" {
			n++
		}
	}
	return n
}

// Each right that is missing takes the button away, and is named.
func TestPlanNamesTheMissingRight(t *testing.T) {
	for name, test := range map[string]struct {
		forbid cluster.Rule
		remedy runbook.Kind
		verb   string
		want   string
	}{
		"update": {cluster.Rule{Verb: "patch", Resource: "secrets"}, runbook.UpdateSecret, runbook.VerbUpdateSecret, "patch secrets in namespace default (rule: {apiGroups: [\"\"], resources: [secrets], verbs: [patch]})"},
		"create": {cluster.Rule{Verb: "create", Resource: "secrets"}, runbook.CreateSecret, runbook.VerbCreateSecret, "create secrets in namespace default"},
		"attach": {cluster.Rule{Verb: "patch", Resource: "deployments"}, runbook.CreateSecret, runbook.VerbAttachSecret, "patch deployments in namespace default"},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(t *testing.T, s *shop) {
				if test.remedy == runbook.UpdateSecret {
					s.expired()
				} else {
					s.lastOf(runbook.VerbAttachSecret)
				}
				s.stand.Forbid(cluster.Admin, test.forbid)
				p := s.onlyPlan("Deployment", test.remedy)
				if !strings.Contains(p.Missing, test.want) {
					t.Errorf("missing %q", p.Missing)
				}
				// It may be taken away between the plan and the click, too.
				i := slices.IndexFunc(p.Actions, func(a runbook.Action) bool { return a.Verb == test.verb })
				s.done(p.Actions[:i])
				_, err := s.hands().Carry(t.Context(), p.Actions[i], ann)
				if !errors.Is(err, ErrForbidden) {
					t.Errorf("carried without the right: %v", err)
				}
				s.unmarked(p, err)
			})
		})
	}
}
