package acr_test

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/registry/source/acr"
	"github.com/pullfix/pullfix/registry/source/outbound"
	"github.com/pullfix/pullfix/registry/source/sourcetest"
	"github.com/pullfix/pullfix/runbook"
)

const (
	host   = "acme.azurecr.io"
	tenant = "11111111-2222-3333-4444-555555555555"
	proof  = "pRoOf-of-identity"
)

// azure is a stand-in of Entra and of a registry.
type azure struct {
	entra    http.HandlerFunc // answers for a token; nil gives one
	registry http.HandlerFunc // answers for an exchange; nil gives a token
	form     url.Values       // of the exchange
	address  string
}

func (a *azure) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.HasSuffix(r.URL.Path, "/openid-configuration"):
		_, _ = fmt.Fprintf(w, `{"issuer":"%[1]s/%[2]s/v2.0","authorization_endpoint":"%[1]s/%[2]s/oauth2/v2.0/authorize","token_endpoint":"%[1]s/%[2]s/oauth2/v2.0/token"}`, a.address, tenant)
	case strings.HasSuffix(r.URL.Path, "/token"):
		or(a.entra, say(200, `{"token_type":"Bearer","expires_in":3599,"access_token":"`+proof+`"}`))(w, r)
	case r.Method == http.MethodPost && r.URL.Path == "/oauth2/exchange":
		_ = r.ParseForm()
		a.form = r.PostForm
		or(a.registry, say(200, `{"refresh_token":"`+refreshToken()+`"}`))(w, r)
	default:
		http.NotFound(w, r)
	}
}

func or(h, otherwise http.HandlerFunc) http.HandlerFunc {
	if h == nil {
		return otherwise
	}
	return h
}

func say(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

var ends = time.Now().Add(3 * time.Hour).Truncate(time.Second)

// refreshToken is a JSON web token that says when it ends.
func refreshToken() string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode(fmt.Appendf(nil, `{"exp":%d}`, ends.Unix())) + "." + sourcetest.Marker
}

// source asks the stand-in, as a service principal in the environment.
func source(t *testing.T, a *azure) acr.Source {
	t.Helper()
	sourcetest.Alone(t)
	server := httptest.NewTLSServer(a)
	t.Cleanup(server.Close)
	a.address = server.URL
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(caFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := outbound.Client(caFile)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AZURE_TENANT_ID", tenant)
	t.Setenv("AZURE_CLIENT_ID", "pullfix")
	t.Setenv("AZURE_CLIENT_SECRET", sourcetest.Marker)
	return acr.Source{Host: host, Authority: server.URL, Endpoint: server.URL, Client: client}
}

func TestRefreshToken(t *testing.T) {
	a := &azure{}
	from := source(t, a)
	from.Tenant = tenant
	s, err := from.Supply(t.Context(), runbook.Need{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	if s.Credential.User != "00000000-0000-0000-0000-000000000000" || s.Credential.Password.Reveal() != refreshToken() || !s.Expires.Equal(ends) || !s.Wide {
		t.Errorf("supply %+v", s)
	}
	want := url.Values{"grant_type": {"access_token"}, "service": {host}, "tenant": {tenant}, "access_token": {proof}}
	if a.form.Encode() != want.Encode() {
		t.Errorf("exchanged %s", a.form.Encode())
	}
}

// TestWorkloadIdentity proves itself with the token of a Kubernetes
// ServiceAccount.
func TestWorkloadIdentity(t *testing.T) {
	from := source(t, &azure{entra: func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("client_assertion") != "of a ServiceAccount" {
			t.Errorf("asked with %v", r.Form)
		}
		say(200, `{"token_type":"Bearer","expires_in":3599,"access_token":"`+proof+`"}`)(w, r)
	}})
	t.Setenv("AZURE_CLIENT_SECRET", "")
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("of a ServiceAccount"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", token)
	if _, err := from.Supply(t.Context(), runbook.Need{Host: host}); err != nil {
		t.Error(err)
	}
}

func TestAzureSaysNo(t *testing.T) {
	tests := map[string]struct {
		azure azure
		says  string
	}{
		"identity refused":   {azure{entra: say(401, `{"error":"invalid_client","error_description":"AADSTS7000215: `+sourcetest.Marker+`"}`)}, "refused by Entra: AADSTS7000215"},
		"identity, no code":  {azure{entra: say(400, `{"error":"`+sourcetest.Marker+`"}`)}, "Entra"},
		"identity, no JSON":  {azure{entra: say(200, sourcetest.Marker)}, "Entra"},
		"identity, endless":  {azure{entra: sourcetest.Endless}, "Entra"},
		"exchange refused":   {azure{registry: say(401, `{"errors":[{"code":"UNAUTHORIZED","message":"no pull right"}]}`)}, "exchanging the proof at acme.azurecr.io: 401 Unauthorized: UNAUTHORIZED no pull right"},
		"exchange, echo":     {azure{registry: say(401, `{"errors":[{"code":"X","message":"`+proof+`"}]}`)}, "repeats what it was sent"},
		"exchange, page":     {azure{registry: say(403, `<html>`+sourcetest.Marker)}, "it answered 403"},
		"exchange, no token": {azure{registry: say(200, `{"access_token":"x"}`)}, "without a token"},
		"exchange, no JSON":  {azure{registry: say(200, sourcetest.Marker)}, "without a token"},
		"exchange, endless":  {azure{registry: sourcetest.Endless}, "without a token"},
		"exchange, redirect": {azure{registry: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example.net/", http.StatusTemporaryRedirect)
		}}, "it answered 307"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := source(t, &test.azure).Supply(t.Context(), runbook.Need{Host: host})
			sourcetest.Refused(t, err, test.says)
			if err != nil && strings.Contains(err.Error(), proof) {
				t.Errorf("shows the proof: %v", err)
			}
		})
	}
}

func TestSlowAzureIsCut(t *testing.T) {
	for name, a := range map[string]*azure{"Entra": {entra: sourcetest.Slow}, "registry": {registry: sourcetest.Slow}} {
		t.Run(name, func(t *testing.T) {
			from := source(t, a)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := from.Supply(ctx, runbook.Need{Host: host})
			sourcetest.Refused(t, err, "exceeded") // the deadline, whoever noticed it first
		})
	}
}

// TestAuthorityIsVerified: an authority that nobody trusts is not asked.
func TestAuthorityIsVerified(t *testing.T) {
	from := source(t, &azure{})
	client, err := outbound.Client("")
	if err != nil {
		t.Fatal(err)
	}
	from.Client = client
	_, err = from.Supply(t.Context(), runbook.Need{Host: host})
	sourcetest.Refused(t, err, "tls: failed")
}
