// Package sourcetest helps to test sources of credentials: it keeps the
// identities of the machine out, and has stand-ins of clouds that misbehave.
package sourcetest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// Marker is a password that must never be seen in an error or a print.
const Marker = "mArKeR-s3cret"

// Alone hides every identity that the machine may have from the test.
func Alone(t *testing.T) {
	t.Helper()
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		for _, prefix := range []string{"AWS_", "GOOGLE_", "GCE_", "CLOUDSDK_", "AZURE_", "IDENTITY_", "IMDS_", "MSI_"} {
			if strings.HasPrefix(name, prefix) {
				t.Setenv(name, "") // so that it is put back
				_ = os.Unsetenv(name)
			}
		}
	}
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", t.TempDir())
}

// Serve runs a stand-in on loopback until the test ends.
func Serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// Slow answers when nobody waits any more.
func Slow(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // a server notices only then that nobody waits
	select {
	case <-r.Context().Done():
	case <-time.After(time.Minute):
	}
}

// Endless answers without end.
func Endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"authorizationData": "`))
	piece := []byte(strings.Repeat("x", 64<<10))
	for r.Context().Err() == nil {
		if _, err := w.Write(piece); err != nil {
			return
		}
	}
}

// Refused fails the test unless the error says what it has to, and nothing of
// the marker.
func Refused(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("error %v, want one that says %q", err, says)
	}
	if err != nil && (strings.Contains(err.Error(), Marker) || len(err.Error()) > 600) {
		t.Errorf("the error shows too much: %v", err)
	}
}
