package main

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/sandbox/shop"
)

// golden is a login of the platform's, as a person would pipe it in.
func (s *stage) golden(t *testing.T, secret string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://cluster/api/v1/namespaces/"+shop.Golden+"/secrets/"+secret, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := os.ReadFile(s.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	if token := regexp.MustCompile(`token: (\S+)`).FindSubmatch(kubeconfig); token != nil {
		request.Header.Set("Authorization", "Bearer "+string(token[1]))
	}
	answer, err := s.Cluster.RoundTripper().RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var kept struct {
		Data map[string][]byte `json:"data"`
	}
	var file struct {
		Auths map[string]struct {
			Auth []byte `json:"auth"`
		} `json:"auths"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&kept); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(kept.Data[".dockerconfigjson"], &file); err != nil {
		t.Fatal(err)
	}
	for _, entry := range file.Auths {
		return string(entry.Auth)
	}
	t.Fatalf("nothing in secret %s", secret)
	return ""
}

// TestFixReplacesAnExpiredCredential with the one on standard input: a wrong one
// is refused before anything is written, the right one is tested and proven, and
// the password is nowhere to be read.
func TestFixReplacesAnExpiredCredential(t *testing.T) {
	s := newStage(t)
	s.fails(t, "media", "deployment/thumbnails")
	wrong := s.fix(t, "AWS:not-the-word\n", "media", "deployment/thumbnails", "--yes", "update-secret", "--credential-stdin")
	wrong.want(t, exitRefused, "update-secret:", "Not offered")
	login := s.golden(t, shop.GoldenECR)
	got := s.fix(t, login+"\n", "media", "deployment/thumbnails", "--yes", "update-secret", "--credential-stdin", "--timeout", "60s")
	got.want(t, exitFine, "✓ done", "update-secret media/ecr-pull", "✓ recovered", "3 of 3 pods pulled")
	_, password, _ := strings.Cut(login, ":")
	for _, text := range []string{wrong.stdout, wrong.stderr, got.stdout, got.stderr} {
		if strings.Contains(text, password) || strings.Contains(text, "not-the-word") {
			t.Errorf("a password is shown:\n%s", text)
		}
	}
}

// TestFixWantsASourceWhereThereAreSeveral.
func TestFixWantsASourceWhereThereAreSeveral(t *testing.T) {
	s := newStage(t)
	sources := `credentials:
  - {name: payments-robot, registry: ghcr.io, repositories: [acme/payments], clusters: [demo], namespaces: [pay], secret: {cluster: demo, namespace: platform, name: ghcr-payments}}
  - {name: platform, registry: ghcr.io, repositories: ["acme/*"], clusters: [demo], namespaces: [shop, pay], secret: {cluster: demo, namespace: platform, name: ghcr-golden}}
`
	s.fails(t, "pay", "deployment/payments")
	at := desk{config: sources}
	s.fixWith(t, at, "pay", "deployment/payments", "--yes", "create-secret").want(t, exitUsage, "there are 2 ways to do create-secret", "choose with --source: payments-robot or platform")
	s.fixWith(t, at, "pay", "deployment/payments", "--yes", "create-secret", "--source", "none").want(t, exitUsage, `no source "none"`)
	s.fixWith(t, at, "pay", "deployment/payments", "--yes", "create-secret", "--source", "platform", "--timeout", "60s").
		want(t, exitFine, "from platform", "create-secret pay/regcred", "✓ recovered", "2 of 2 pods pulled")
}
