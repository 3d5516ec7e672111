package outbound_test

import (
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/registry/source/outbound"
	"github.com/pullfix/pullfix/registry/source/sourcetest"
)

func client(t *testing.T, caFile string) *http.Client {
	t.Helper()
	c, err := outbound.Client(caFile)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// read asks for an address and returns the answer.
func read(c outbound.Doer, address string) (string, error) {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	response, err := c.Do(request)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(response.Body)
	return string(text), errors.Join(err, response.Body.Close())
}

func TestTLSIsVerified(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	t.Cleanup(server.Close)
	if _, err := read(client(t, ""), server.URL); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown authority: %v", err)
	}
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(caFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := read(client(t, caFile), server.URL); err != nil || said != "hello" {
		t.Errorf("a configured authority: %q, %v", said, err)
	}
	if _, err := outbound.Client(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("an authority that is not there")
	}
}

func TestPlainHTTPStaysNear(t *testing.T) {
	t.Parallel()
	if _, err := read(client(t, ""), "http://login.example.com/token"); err == nil || !strings.Contains(err.Error(), "plain http") {
		t.Errorf("error %v", err)
	}
	for host, near := range map[string]bool{
		"127.0.0.1": true, "::1": true, "localhost": true, "169.254.169.254": true, "169.254.170.2": true,
		"10.0.0.1": false, "example.com": false, "127.0.0.1.example.com": false, "": false,
	} {
		if outbound.Near(host) != near {
			t.Errorf("%s: near is %t", host, !near)
		}
	}
}

func TestNoRedirects(t *testing.T) {
	t.Parallel()
	elsewhere := sourcetest.Serve(t, func(http.ResponseWriter, *http.Request) { t.Error("followed") })
	address := sourcetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere, http.StatusTemporaryRedirect)
	})
	if _, err := read(client(t, ""), address); err != nil {
		t.Error(err)
	}
}

func TestEndlessAnswers(t *testing.T) {
	t.Parallel()
	address := sourcetest.Serve(t, sourcetest.Endless)
	for name, c := range map[string]outbound.Doer{"ours": client(t, ""), "another": outbound.Bounded(http.DefaultClient)} {
		if text, err := read(c, address); err == nil || !strings.Contains(err.Error(), "does not end") || len(text) > 2<<20 {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	if said := outbound.Quote("you sent "+sourcetest.Marker, "", sourcetest.Marker); strings.Contains(said, sourcetest.Marker) {
		t.Errorf("says %s", said)
	}
	if said := outbound.Quote(strings.Repeat("a", 5000)); len(said) > 300 {
		t.Errorf("%d bytes", len(said))
	}
}
