package google_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/registry/source/google"
	"github.com/pullfix/pullfix/registry/source/outbound"
	"github.com/pullfix/pullfix/registry/source/sourcetest"
	"github.com/pullfix/pullfix/runbook"
)

// keyFile writes a service account's key whose tokens come from an address.
func keyFile(t *testing.T, tokens string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "pull@acme.iam.gserviceaccount.com", "private_key_id": "1", "token_uri": tokens,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return write(t, string(text))
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func source(t *testing.T, file string) google.Source {
	t.Helper()
	sourcetest.Alone(t)
	client, err := outbound.Client("")
	if err != nil {
		t.Fatal(err)
	}
	return google.Source{KeyFile: file, Getenv: os.Getenv, Client: client}
}

func say(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

const goodToken = `{"access_token":"` + sourcetest.Marker + `","expires_in":3599,"token_type":"Bearer"}`

// checkToken wants the token of the stand-ins.
func checkToken(t *testing.T, s runbook.Supply, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if s.Credential.User != "oauth2accesstoken" || s.Credential.Password.Reveal() != sourcetest.Marker || !s.Wide || s.Steady {
		t.Errorf("supply %+v", s)
	}
	if left := time.Until(*s.Expires); left < 58*time.Minute || left > time.Hour {
		t.Errorf("ends in %s", left)
	}
}

func TestTokenOfAKey(t *testing.T) {
	var grant, assertion string
	address := sourcetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		grant, assertion = r.FormValue("grant_type"), r.FormValue("assertion")
		say(200, goodToken)(w, r)
	})
	s, err := source(t, keyFile(t, address)).Supply(t.Context(), runbook.Need{})
	checkToken(t, s, err)
	if grant != "urn:ietf:params:oauth:grant-type:jwt-bearer" || strings.Count(assertion, ".") != 2 {
		t.Errorf("asked with grant %s", grant)
	}
}

func TestTokenOfTheEnvironment(t *testing.T) {
	address := sourcetest.Serve(t, say(200, goodToken))
	from := source(t, "")
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", keyFile(t, address))
	s, err := from.Supply(t.Context(), runbook.Need{})
	checkToken(t, s, err)
}

func TestTokenOfTheMachine(t *testing.T) {
	address := sourcetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Metadata-Flavor") != "Google" || !strings.HasSuffix(r.FormValue("scopes"), "/devstorage.read_only") {
			t.Errorf("asked %s", r.URL)
		}
		say(200, goodToken)(w, r)
	})
	from := source(t, "")
	t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(address, "http://"))
	s, err := from.Supply(t.Context(), runbook.Need{})
	checkToken(t, s, err)
}

func TestGoogleSaysNo(t *testing.T) {
	tests := map[string]struct {
		answer http.HandlerFunc
		says   string // to who has a key
		near   string // to who asks the metadata server
	}{
		"refused":     {say(400, `{"error":"invalid_grant","error_description":"`+sourcetest.Marker+`"}`), "refused by Google: invalid_grant", "the metadata server answered 400"},
		"forbidden":   {say(403, sourcetest.Marker), "refused by Google: 403", "answered 403"},
		"not JSON":    {say(200, "<html>"+sourcetest.Marker), "asking Google", "without a token"},
		"no token":    {say(200, `{"expires_in":10}`), "has ended", "without a token"},
		"ended":       {say(200, `{"access_token":"`+sourcetest.Marker+`","expires_in":-5}`), "has ended", "without a token"},
		"endless":     {sourcetest.Endless, "asking Google", "without a token"},
		"out of work": {say(503, ""), "refused by Google: 503", "answered 503"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			address := sourcetest.Serve(t, test.answer)
			_, err := source(t, keyFile(t, address)).Supply(t.Context(), runbook.Need{})
			sourcetest.Refused(t, err, test.says)
			from := source(t, "")
			t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(address, "http://"))
			_, err = from.Supply(t.Context(), runbook.Need{})
			sourcetest.Refused(t, err, test.near)
		})
	}
}

func TestSlowGoogleIsCut(t *testing.T) {
	address := sourcetest.Serve(t, sourcetest.Slow)
	from := source(t, keyFile(t, address))
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		_, err := from.Supply(ctx, runbook.Need{})
		cancel()
		sourcetest.Refused(t, err, "exceeded") // the deadline, whoever noticed it first
		from.KeyFile = ""
		t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(address, "http://"))
	}
}

func TestBrokenKeys(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON": sourcetest.Marker, "another type": `{"type":"` + sourcetest.Marker + `"}`,
		"no private key": `{"type":"service_account","private_key":"` + sourcetest.Marker + `"}`,
		"without TLS":    "",
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, text)
			says := "Google"
			if text == "" {
				file, says = keyFile(t, "http://login.example.com/token"), "plain http"
			}
			_, err := source(t, file).Supply(t.Context(), runbook.Need{})
			sourcetest.Refused(t, err, says)
		})
	}
}

func TestKeyAsPassword(t *testing.T) {
	t.Parallel()
	file := write(t, "{\"type\":\"service_account\",\n\"private_key\":\""+sourcetest.Marker+"\"}\n")
	s, err := google.Key{File: file}.Supply(t.Context(), runbook.Need{})
	if err != nil || s.Credential.User != "_json_key" || !json.Valid([]byte(s.Credential.Password.Reveal())) || !s.Wide || !s.Steady || s.Expires != nil {
		t.Errorf("supply %+v, error %v", s, err)
	}
	for text, says := range map[string]string{`{"type":"authorized_user"}`: "not the key of a service account", sourcetest.Marker: "no Google credential"} {
		_, err := google.Key{File: write(t, text)}.Supply(t.Context(), runbook.Need{})
		sourcetest.Refused(t, err, says)
	}
}
