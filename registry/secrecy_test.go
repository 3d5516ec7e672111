package registry_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/registry"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	sandbox "github.com/pullfix/pullfix/sandbox/registry"
)

// TestS2NoExfiltration: a login goes to the token server of its registry's own
// people, and to nobody else.
func TestS2NoExfiltration(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		image, realm string
		sent         bool
	}{
		"same host":            {"registry.example.com/team/app:v1", "https://registry.example.com/token", true},
		"same host, port":      {"registry.example.com/team/app:v1", "https://registry.example.com:5001/token", true},
		"same domain":          {"registry.example.com/team/app:v1", "https://auth.example.com/token", true},
		"docker hub":           {"team/app:v1", "https://auth.docker.io/token", true},
		"gitlab":               {"registry.gitlab.com/team/app:v1", "https://gitlab.com/token", true},
		"gitlab at home":       {"registry.gitlab.corp/team/app:v1", "https://gitlab.corp/token", true},
		"configured":           {"registry.pinned.example/team/app:v1", "https://login.elsewhere.example/token", true},
		"foreign":              {"registry.example.com/team/app:v1", "https://evil.example.net/token", false},
		"foreign for the hub":  {"team/app:v1", "https://auth.docker.io.evil.example.net/token", false},
		"http":                 {"registry.example.com/team/app:v1", "http://registry.example.com/token", false},
		"public suffix":        {"registry.co.uk/team/app:v1", "https://evil.co.uk/token", false},
		"tenant's neighbour":   {"acme.azurecr.io/team/app:v1", "https://evil.azurecr.io/token", false},
		"cluster's neighbour":  {"registry.a.svc.cluster.local/team/app:v1", "https://evil.b.svc.cluster.local/token", false},
		"shared site":          {"acme.github.io/team/app:v1", "https://evil.github.io/token", false},
		"user part in realm":   {"registry.example.com/team/app:v1", "https://registry.example.com@evil.example.net/token", false},
		"configured elsewhere": {"registry.example.com/team/app:v1", "https://login.elsewhere.example/token", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer, Realm: test.realm})
			p := newProber(t, registry.Options{
				Transport: r.RoundTripper(),
				Hosts:     []registry.Host{{Host: "registry.pinned.example", Realms: []string{"login.elsewhere.example"}}},
			})
			answer := ask(t, p, runbook.Question{Image: test.image, Credential: login("ann", marker)})
			if r.SawSecret(marker) != test.sent {
				t.Errorf("the marker was sent: %t, want %t", !test.sent, test.sent)
			}
			if test.sent && answer.Result != cause.None {
				t.Errorf("answer %+v", answer)
			}
			if !test.sent && (answer.Result != cause.Unknown || answer.Login != runbook.TestUntested || !strings.Contains(answer.Detail, "not sent")) {
				t.Errorf("answer %+v", answer)
			}
		})
	}
}

// TestS2AnonymousTruth: what is said of the image holds without the login, too.
func TestS2AnonymousTruth(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer, Realm: "https://evil.example.net/token", Public: []string{"*"}})
	answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: plainHost + "/team/app:none", Credential: login("ann", marker)})
	if answer.Result != cause.TagNotFound || answer.Login != runbook.TestUntested || r.SawSecret(marker) {
		t.Errorf("answer %+v", answer)
	}
}

// TestS2RedirectsLoseTheLogin: neither a password nor a token follows a
// redirect to another host.
func TestS2RedirectsLoseTheLogin(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []sandbox.Endpoint{sandbox.Manifests, sandbox.Token, sandbox.Base, sandbox.Tags, sandbox.Blobs} {
		for _, auth := range []sandbox.Auth{sandbox.AuthBasic, sandbox.AuthBearer} {
			r := newSandbox(t, sandbox.Options{Auth: auth})
			elsewhere := newSandbox(t, sandbox.Options{})
			skip := 0
			if endpoint == sandbox.Manifests {
				skip = 1 // the challenge comes first
			}
			r.Inject(sandbox.Fault{Endpoint: endpoint, Skip: skip, Effect: sandbox.RedirectTo("https://evil.example.net/v2/team/app/manifests/v1")})
			network := sandbox.Network{plainHost: r, "evil.example.net": elsewhere}
			ask(t, over(t, network), runbook.Question{Image: plainHost + "/team/app:v1", Credential: login("ann", marker), NearTags: true})
			for _, request := range elsewhere.Requests() {
				if request.Authorized {
					t.Errorf("%s: Authorization arrived elsewhere: %+v", endpoint, request)
				}
			}
			if elsewhere.SawSecret(marker) {
				t.Errorf("%s: the marker arrived elsewhere", endpoint)
			}
		}
	}
}

// TestS2BasicOnlyForTheRegistry: a host that a manifest is redirected to asks
// for the login.
func TestS2BasicOnlyForTheRegistry(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{})
	evil := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBasic})
	r.Inject(sandbox.Fault{Endpoint: sandbox.Manifests, Effect: sandbox.RedirectTo("https://evil.example.net/v2/team/app/manifests/v1")})
	network := sandbox.Network{plainHost: r, "evil.example.net": evil}
	answer := ask(t, over(t, network), runbook.Question{Image: plainHost + "/team/app:v1", Credential: login("ann", marker)})
	if evil.SawSecret(marker) || r.SawSecret(marker) || answer.Login != runbook.TestUntested {
		t.Errorf("answer %+v", answer)
	}
}

// TestS2NarrowScope: a registry cannot make the login open more than the pull.
func TestS2NarrowScope(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer})
	r.Inject(sandbox.Fault{Endpoint: sandbox.Manifests, Times: 1, Effect: sandbox.Challenge(
		`Bearer realm="https://registry.example.com/token",service="s",scope="repository:team/app:pull repository:team/app:pull,push registry:catalog:* aws repository:other/app:delete"`)})
	ask(t, over(t, r.RoundTripper()), runbook.Question{Image: plainHost + "/team/app:v1", Credential: login("ann", marker)})
	for _, request := range r.Requests() {
		if request.Endpoint == sandbox.Token && request.Query != "scope=repository%3Ateam%2Fapp%3Apull&scope=aws&service=s" {
			t.Errorf("asked for %s", request.Query)
		}
	}
}

// echo answers with everything that it was sent, in every place it can.
func echo(w http.ResponseWriter, req *http.Request) {
	user, password, _ := req.BasicAuth()
	text := fmt.Sprintf("%s %s %s %s %s", req.Header.Get("Authorization"), user, password,
		base64.StdEncoding.EncodeToString([]byte(password)), req.URL.Query())
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Docker-Distribution-Api-Version", "registry/2.0")
	h.Set("Docker-Content-Digest", "sha256:"+password)
	h.Set("Ratelimit-Limit", "1;w=1")
	h.Set("Docker-Ratelimit-Source", password)
	if password == "" {
		h.Set("WWW-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if strings.Contains(req.URL.Path, "tags") {
		_ = json.NewEncoder(w).Encode(map[string]any{"tags": []string{password, "v" + password, "v1"}})
		return
	}
	w.WriteHeader(http.StatusNotFound)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []map[string]string{{"code": strings.ToUpper(password), "message": text}}})
}

// TestMarkersNeverShow drives a marker through a registry that echoes it.
func TestMarkersNeverShow(t *testing.T) {
	t.Parallel()
	const password = "MARKER_5ECRET"
	var log bytes.Buffer
	p := newProber(t, registry.Options{
		Transport: sandbox.Network{"*": http.HandlerFunc(echo)},
		Log:       slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	answer := ask(t, p, runbook.Question{Image: plainHost + "/team/app:v9", Credential: login("ann", password), NearTags: true})
	stored, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	basic := base64.StdEncoding.EncodeToString([]byte("ann:" + password))
	for name, text := range map[string]string{"answer": fmt.Sprintf("%+v", answer), "JSON": string(stored), "log": log.String()} {
		if strings.Contains(strings.ToUpper(text), password) || strings.Contains(text, basic) {
			t.Errorf("%s leaks: %s", name, text)
		}
	}
	if answer.Result != cause.TagNotFound || len(answer.Tags) != 1 || answer.Tags[0] != "v1" {
		t.Errorf("answer %+v", answer)
	}
	if !strings.Contains(log.String(), plainHost) {
		t.Errorf("nothing was logged: %s", log.String())
	}
}
