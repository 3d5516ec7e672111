package registry_test

import (
	"strings"
	"testing"

	"github.com/pullfix/pullfix/registry"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	sandbox "github.com/pullfix/pullfix/sandbox/registry"
)

// TestS2ConfiguredCredentials: a golden or minted credential goes only where it
// is pinned to, however well a registry is known otherwise.
func TestS2ConfiguredCredentials(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		image, realm string
		sent         bool
	}{
		"own host":                 {"registry.example.com/team/app:v1", "https://registry.example.com/token", true},
		"own host, usual port":     {"registry.example.com/team/app:v1", "https://registry.example.com:443/token", true},
		"own host in capitals":     {"registry.example.com/team/app:v1", "https://Registry.Example.com/token", true},
		"own host, other port":     {"registry.example.com/team/app:v1", "https://registry.example.com:5001/token", false},
		"same domain":              {"registry.example.com/team/app:v1", "https://auth.example.com/token", false},
		"parent domain":            {"registry.gitlab.corp/team/app:v1", "https://gitlab.corp/token", false},
		"configured":               {"registry.pinned.example/team/app:v1", "https://login.elsewhere.example/token", true},
		"configured, other port":   {"registry.pinned.example/team/app:v1", "https://login.elsewhere.example:444/token", false},
		"configured, http":         {"registry.pinned.example/team/app:v1", "http://login.elsewhere.example/token", false},
		"listed, foreign":          {"registry.pinned.example/team/app:v1", "https://evil.example.net/token", false},
		"listed, below":            {"registry.pinned.example/team/app:v1", "https://login.elsewhere.example.evil.example.net/token", false},
		"listed, user part":        {"registry.pinned.example/team/app:v1", "https://login.elsewhere.example@evil.example.net/token", false},
		"configured for another":   {"registry.example.com/team/app:v1", "https://login.elsewhere.example/token", false},
		"docker hub":               {"team/app:v1", "https://auth.docker.io/token", true},
		"docker hub, other port":   {"team/app:v1", "https://auth.docker.io:444/token", false},
		"docker hub, foreign":      {"team/app:v1", "https://hub.docker.com/token", false},
		"gitlab.com":               {"registry.gitlab.com/team/app:v1", "https://gitlab.com/token", true},
		"own host by http":         {"registry.example.com/team/app:v1", "http://registry.example.com/token", false},
		"loopback of this machine": {"registry.example.com/team/app:v1", "https://127.0.0.1/token", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer, Realm: test.realm})
			p := newProber(t, registry.Options{
				Transport: r.RoundTripper(),
				Hosts:     []registry.Host{{Host: "registry.pinned.example", Realms: []string{"login.elsewhere.example"}}},
			})
			answer := ask(t, p, runbook.Question{Image: test.image, Credential: login("ann", marker), Configured: true})
			if r.SawSecret(marker) != test.sent {
				t.Errorf("the marker was sent: %t, want %t", !test.sent, test.sent)
			}
			if test.sent && (answer.Result != cause.None || answer.Login != runbook.TestAccepted) {
				t.Errorf("answer %+v", answer)
			}
			if !test.sent && (answer.Result != cause.Unknown || answer.Login != runbook.TestUntested || !strings.Contains(answer.Detail, "not sent")) {
				t.Errorf("answer %+v", answer)
			}
		})
	}
}

// TestS2ConfiguredNeedsTLS: not a single request leaves over plain http.
func TestS2ConfiguredNeedsTLS(t *testing.T) {
	t.Parallel()
	const host = "registry.plain.example"
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBasic})
	p := newProber(t, registry.Options{Transport: r.RoundTripper(), Hosts: []registry.Host{{Host: host, PlainHTTP: true}}})
	q := runbook.Question{Image: host + "/team/app:v1", Credential: login("ann", marker), Configured: true}
	answer := ask(t, p, q)
	want := host + " speaks plain http, and a configured credential goes only over TLS"
	if answer.Refused != "plain http" || answer.Detail != want || answer.Result != cause.Unknown || answer.Login != runbook.TestUntested {
		t.Errorf("answer %+v", answer)
	}
	if len(r.Requests()) > 0 || r.SawSecret(marker) || runbook.Refuses(answer) == "" {
		t.Errorf("asked all the same: %v", methods(r))
	}
	q.Configured = false // what the kubelet would do with the pod's own
	if answer := ask(t, p, q); answer.Result != cause.None || !r.SawSecret(marker) {
		t.Errorf("answer %+v", answer)
	}
}

// TestS2ConfiguredOnThisMachine: loopback leaves nothing to read along.
func TestS2ConfiguredOnThisMachine(t *testing.T) {
	t.Parallel()
	for _, auth := range []sandbox.Auth{sandbox.AuthBasic, sandbox.AuthBearer} {
		r := newSandbox(t, sandbox.Options{Auth: auth})
		server := serve(t, r, sandbox.ServeOptions{})
		q := runbook.Question{Image: server.Host + "/team/app:v1", Credential: login("ann", marker), Configured: true}
		if answer := ask(t, newProber(t, registry.Options{}), q); answer.Result != cause.None || answer.Login != runbook.TestAccepted {
			t.Errorf("answer %+v", answer)
		}
	}
}

// TestS2ConfiguredVerifiesTLS: an authority that nobody trusts gets nothing.
func TestS2ConfiguredVerifiesTLS(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{})
	server := serve(t, r, sandbox.ServeOptions{TLS: &sandbox.TLS{}})
	q := runbook.Question{Image: server.Host + "/team/app:v1", Credential: login("ann", marker), Configured: true}
	if answer := ask(t, newProber(t, registry.Options{}), q); answer.Result != cause.TLSUntrusted || r.SawSecret(marker) {
		t.Errorf("answer %+v", answer)
	}
}

// TestS2ConfiguredIsAnotherQuestion: a pod's own credential that happens to be
// the same is asked by its own rules, also at the same time.
func TestS2ConfiguredIsAnotherQuestion(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer, Realm: "https://auth.example.com/token"})
	p := over(t, r.RoundTripper())
	done := make(chan runbook.Answer)
	q := runbook.Question{Image: plainHost + "/team/app:v1", Credential: login("ann", marker)}
	go func() {
		answer, _ := p.Probe(t.Context(), q)
		done <- answer
	}()
	strict := q
	strict.Configured = true
	if answer := ask(t, p, strict); answer.Login == runbook.TestAccepted {
		t.Errorf("answer %+v", answer)
	}
	if answer := <-done; answer.Result != cause.None {
		t.Errorf("answer %+v", answer)
	}
}
