package registry_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	sandbox "github.com/pullfix/pullfix/sandbox/registry"
)

// TestExpiryOfItsOwn: a rejected password that says when it ended has expired.
func TestExpiryOfItsOwn(t *testing.T) {
	t.Parallel()
	password := func(expires time.Time) string {
		claims := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"exp":%d}`, expires.Unix()))
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + claims + ".c2ln"
	}
	for name, test := range map[string]struct {
		expires time.Time
		want    cause.Cause
	}{
		"over":  {time.Now().Add(-time.Hour), cause.AuthExpired},
		"ahead": {time.Now().Add(time.Hour), cause.AuthRejected},
	} {
		for _, auth := range []sandbox.Auth{sandbox.AuthBasic, sandbox.AuthBearer} {
			r := newSandbox(t, sandbox.Options{Auth: auth, Style: sandbox.ACR})
			answer := ask(t, over(t, r.RoundTripper()), runbook.Question{
				Image: "acme.azurecr.io/team/app:v1", Credential: login("00000000-0000-0000-0000-000000000000", password(test.expires)),
			})
			if answer.Result != test.want || answer.Login != runbook.TestRejected {
				t.Errorf("%s: %+v", name, answer)
			}
		}
	}
}

// TestWordsOfTokenServers: what their refusals mean for a login that was sent.
func TestWordsOfTokenServers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		effect sandbox.Effect
		times  int
		want   cause.Cause
		login  string
	}{
		"expired":               {sandbox.Failure(403, "DENIED", "Your authorization token has expired. Reauthenticate and try again."), 0, cause.AuthExpired, runbook.TestRejected},
		"subscription over":     {sandbox.Failure(403, "DENIED", "Your subscription has expired."), 1, cause.PermissionDenied, runbook.TestAccepted},
		"forbidden":             {sandbox.Status(403), 1, cause.PermissionDenied, runbook.TestAccepted},
		"forbids everything":    {sandbox.Status(403), 0, cause.AuthRejected, runbook.TestRejected},
		"may not exist":         {sandbox.Failure(403, "DENIED", `Permission "x" denied on resource "y" (or it may not exist)`), 0, cause.NotFoundOrDenied, runbook.TestAccepted},
		"limited":               {sandbox.RateLimited(0), 0, cause.RateLimited, runbook.TestUntested},
		"broken":                {sandbox.Status(502), 0, cause.RegistryServerError, runbook.TestUntested},
		"web page":              {sandbox.HTML(200), 0, cause.UnexpectedRegistryResponse, runbook.TestUntested},
		"web page, forbidden":   {sandbox.HTML(403), 0, cause.UnexpectedRegistryResponse, runbook.TestUntested},
		"not there":             {sandbox.Status(404), 0, cause.UnexpectedRegistryResponse, runbook.TestUntested},
		"reset":                 {sandbox.Reset(), 0, cause.NetworkUnreachable, runbook.TestUntested},
		"no token":              {written(200, `{"expires_in":60}`), 0, cause.UnexpectedRegistryResponse, runbook.TestUntested},
		"token breaks a header": {written(200, `{"token":"a\r\nX-Evil: 1"}`), 0, cause.UnexpectedRegistryResponse, runbook.TestUntested},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer})
			r.Inject(sandbox.Fault{Endpoint: sandbox.Token, Times: test.times, Effect: test.effect})
			answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: plainHost + "/team/app:v1", Credential: login("ann", marker)})
			if answer.Result != test.want || answer.Login != test.login {
				t.Errorf("answer %+v, want %s %s\n%v", answer, test.want, test.login, methods(r))
			}
		})
	}
}

// TestAccessTokenOnly: OAuth2 servers name the token access_token, and it need
// not be a JSON Web Token.
func TestAccessTokenOnly(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case req.URL.Path == "/token":
			_, _ = w.Write([]byte(`{"access_token":"opaque"}`))
		case req.Header.Get("Authorization") != "Bearer opaque":
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://registry.example.com/token"`)
			w.WriteHeader(http.StatusUnauthorized)
		default:
			w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
			w.Header().Set("Docker-Content-Digest", "sha256:"+strings.Repeat("a", 64))
			_, _ = w.Write([]byte(`{"schemaVersion":2,"manifests":[{"digest":"sha256:` + strings.Repeat("b", 64) + `","size":1}]}`))
		}
	})
	answer := ask(t, over(t, sandbox.Network{plainHost: handler}), runbook.Question{Image: plainHost + "/team/app:v1", Credential: login("ann", marker)})
	if answer.Result != cause.None || answer.Login != runbook.TestAccepted || answer.Trips != 4 {
		t.Errorf("answer %+v", answer)
	}
}

// TestRefusedWithoutBeingAsked: the login is not wanted, so nobody can tell.
func TestRefusedWithoutBeingAsked(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{})
	r.Inject(sandbox.Fault{Endpoint: sandbox.Manifests, Effect: sandbox.Status(403)})
	answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: plainHost + "/team/app:v1", Credential: login("ann", marker)})
	if answer.Result != cause.PermissionDenied || answer.Login != runbook.TestUntested || r.SawSecret(marker) {
		t.Errorf("answer %+v", answer)
	}
}

// TestGrantedAndRefused: the token opens the repository, the registry does not.
func TestGrantedAndRefused(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer})
	r.Inject(sandbox.Fault{Endpoint: sandbox.Manifests, Skip: 1, Effect: sandbox.Status(401)})
	answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: plainHost + "/team/app:v1", Credential: login("ann", marker)})
	if answer.Result != cause.PermissionDenied || !strings.Contains(answer.Detail, "granted the pull") {
		t.Errorf("answer %+v", answer)
	}
}
