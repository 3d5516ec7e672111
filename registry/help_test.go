package registry_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/registry"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
	sandbox "github.com/pullfix/pullfix/sandbox/registry"
)

const (
	plainHost = "registry.example.com"
	ecrHost   = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	marker    = "mArKeR-s3cret"
)

func amd64() runbook.Platform { return runbook.Platform{OS: "linux", Arch: "amd64"} }

// accounts: ann may pull everything below team/, rex only team/app, the account
// of old has expired.
func accounts() []sandbox.Account {
	return []sandbox.Account{
		{User: "ann", Password: marker, Pull: []string{"team/*"}},
		{User: "rex", Password: "rex-password", Pull: []string{"team/app"}},
		{User: "old", Password: "old-password", Pull: []string{"team/*"}, Expires: time.Now().Add(-time.Hour)},
	}
}

func login(user, password string) *keyring.Credential {
	return &keyring.Credential{User: user, Password: keyring.NewSecret(password)}
}

// newSandbox is a registry with team/app:v1, v1.1, v1.2 and team/other:v1.
func newSandbox(t *testing.T, o sandbox.Options) *sandbox.Registry {
	t.Helper()
	if o.Accounts == nil {
		o.Accounts = accounts()
	}
	r := sandbox.New(o)
	for _, tag := range []string{"v1", "v1.1", "v1.2"} {
		push(t, r, "team/app:"+tag, sandbox.Image{})
	}
	push(t, r, "team/other:v1", sandbox.Image{})
	return r
}

func push(t *testing.T, r *sandbox.Registry, name string, image sandbox.Image) {
	t.Helper()
	repository, tag, _ := strings.Cut(name, ":")
	if _, err := r.PushImage(repository, tag, image); err != nil {
		t.Fatalf("pushing %s: %v", name, err)
	}
}

func newProber(t *testing.T, o registry.Options) *registry.Prober {
	t.Helper()
	p, err := registry.New(o)
	if err != nil {
		t.Fatalf("making a prober: %v", err)
	}
	return p
}

// over is a prober on a network without sockets.
func over(t *testing.T, network http.RoundTripper) *registry.Prober {
	t.Helper()
	return newProber(t, registry.Options{Transport: network})
}

func ask(t *testing.T, p *registry.Prober, q runbook.Question) runbook.Answer {
	t.Helper()
	if q.Platform == (runbook.Platform{}) {
		q.Platform = amd64()
	}
	answer, err := p.Probe(t.Context(), q)
	if err != nil {
		t.Fatalf("asking for %s: %v", q.Image, err)
	}
	if answer.Trips > 5 {
		t.Errorf("asking for %s took %d trips", q.Image, answer.Trips)
	}
	if text := fmt.Sprintf("%+v", answer); strings.Contains(text, marker) {
		t.Errorf("the answer leaks the password: %s", text)
	}
	return answer
}

// methods are the requests a registry saw, shortened: "HEAD manifests".
func methods(r *sandbox.Registry) []string {
	var seen []string
	for _, request := range r.Requests() {
		seen = append(seen, fmt.Sprintf("%s %s %d", request.Method, request.Endpoint, request.Status))
	}
	return seen
}

// logins counts the requests that carried a login, not a token.
func logins(r *sandbox.Registry) int {
	return len(slices.DeleteFunc(r.Requests(), func(q sandbox.Request) bool { return q.Scheme != "Basic" && q.Scheme != "form" }))
}
