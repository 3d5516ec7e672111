package k8s

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

// marker is part of every password: it must never be seen outside of a secret.
const marker = "MARKER-c0ffee"

// The passwords of the registry.
const (
	good  = "good-" + marker
	stale = "stale-" + marker
)

// steady gives the same password each time.
type steady string

func (p steady) Supply(context.Context, runbook.Need) (runbook.Supply, error) {
	return runbook.Supply{Credential: keyring.Credential{User: "golden", Password: keyring.NewSecret(string(p))}}, nil
}

// shelf is a source that serves everybody, under a name.
func shelf(name, password string) runbook.Shelf {
	all := []string{"*"}
	return runbook.Shelf{Name: name, Kind: "file", Host: "registry.test", Clusters: all, Namespaces: all, Repositories: all, Source: steady(password)}
}

func (s *shop) options() PlanOptions {
	return PlanOptions{Registry: s.hub, Vault: s.vault, FingerprintKey: []byte("k")}
}

func (s *shop) hands() runbook.Hands {
	return runbook.Hands{Changer: s.changer, Vault: s.vault, Registry: s.hub, FingerprintKey: []byte("k")}
}

// auth is an entry's value with a password.
func auth(password string) string {
	return `{"auth":"` + base64.StdEncoding.EncodeToString([]byte("bot:"+password)) + `"}`
}

// two is a document of the registry's entry and another one, oddly spaced.
func two(password string) string {
	return "{ \"auths\": {\n \"quay.io\" : {\"auth\": \"YTpi\"} ,\n \"registry.test\": " + auth(password) + "\n } }\n"
}

// docker makes a pull secret with a document.
func (s *shop) docker(name, document string, change ...func(*corev1.Secret)) *corev1.Secret {
	s.Helper()
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte(document)},
	}
	for _, c := range change {
		c(secret)
	}
	made, err := s.people.CoreV1().Secrets("default").Create(s.Context(), secret, metav1.CreateOptions{})
	if err != nil {
		s.Fatal(err)
	}
	return made
}

func (s *shop) read(name string) *corev1.Secret {
	s.Helper()
	secret, err := s.people.CoreV1().Secrets("default").Get(s.Context(), name, metav1.GetOptions{})
	if err != nil {
		s.Fatal(err)
	}
	return secret
}

// rewrite changes a secret as a person does.
func (s *shop) rewrite(name string, change func(*corev1.Secret)) {
	s.Helper()
	secret := s.read(name)
	change(secret)
	if _, err := s.people.CoreV1().Secrets("default").Update(s.Context(), secret, metav1.UpdateOptions{}); err != nil {
		s.Fatal(err)
	}
}

// expired has Deployment web wait for an image that needs the good password,
// with a secret that its ServiceAccount gives it.
func (s *shop) expired(change ...func(*corev1.Secret)) {
	s.Helper()
	s.vault = runbook.NewVault([]runbook.Shelf{shelf("golden", good)})
	s.hub.put(v1, good)
	s.docker("regcred", two(stale), change...)
	s.patch("ServiceAccount", `{"imagePullSecrets":[{"name":"regcred"}]}`)
	s.deploy(2, v1)
	time.Sleep(time.Minute)
}

// plansOf are all plans of a kind.
func (s *shop) plansOf(kind string, remedy runbook.Kind) []runbook.Plan {
	s.Helper()
	k, v := s.diagnosed(kind, "web")
	if !slices.ContainsFunc(v.Remedies, func(r runbook.Remedy) bool { return r.Kind == remedy }) {
		s.Fatalf("the verdict %s has no %s: %+v", v.Cause, remedy, v.Remedies)
	}
	plans, err := s.reader.Plan(s.Context(), k, v, s.options())
	if err != nil {
		s.Fatal(err)
	}
	var found []runbook.Plan
	for _, p := range plans {
		if p.Remedy.Kind == remedy {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		s.Fatalf("no plan for %s", remedy)
	}
	return found
}

// onlyPlan is the only plan of a kind.
func (s *shop) onlyPlan(kind string, remedy runbook.Kind) runbook.Plan {
	s.Helper()
	found := s.plansOf(kind, remedy)
	if len(found) != 1 {
		s.Fatalf("%d plans for %s", len(found), remedy)
	}
	return found[0]
}

// approvable tells whether a plan can be approved; said is what it shows.
func approvable(p runbook.Plan) (ok bool, said string) {
	return p.Remedy.Approvable && p.Missing == "" && len(p.Actions) > 0, strings.Join(p.Shows, "\n")
}

// runs fails unless all pods of web run.
func (s *shop) runs(want int) {
	s.Helper()
	ready := 0
	for _, pod := range s.pods() {
		if len(pod.Status.ContainerStatuses) > 0 && pod.Status.ContainerStatuses[0].Ready {
			ready++
		}
	}
	if ready != want {
		s.Errorf("%d pods run, want %d", ready, want)
	}
}

// unmarked fails when a password shows up outside of a secret: in the log, in
// events, or in what is given.
func (s *shop) unmarked(said ...any) {
	s.Helper()
	list, err := s.people.CoreV1().Events("").List(s.Context(), metav1.ListOptions{})
	if err != nil {
		s.Fatal(err)
	}
	text := s.log.String()
	for _, e := range list.Items {
		text += fmt.Sprintf("%+v\n", e)
	}
	for _, what := range said {
		text += fmt.Sprintf("%+v %#v %s\n", what, what, what)
	}
	for _, form := range []string{marker, base64.StdEncoding.EncodeToString([]byte("golden:" + good)), base64.StdEncoding.EncodeToString([]byte("bot:" + stale))} {
		if strings.Contains(text, form) {
			s.Errorf("a password shows: %s", text)
		}
	}
}

// secretWrites counts what pullfix wrote of secrets.
func (s *shop) secretWrites() int {
	synctest.Wait()
	n := 0
	for _, r := range s.stand.Requests() {
		if r.User == cluster.Admin && r.Resource == "secrets" && r.Verb != "get" && r.Verb != "list" {
			n++
		}
	}
	return n
}
