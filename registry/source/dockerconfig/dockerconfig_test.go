package dockerconfig_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/registry/source/dockerconfig"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

const marker = "mArKeR-s3cret"

func auth(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}

// config writes a docker configuration.
func config(t *testing.T, text string) dockerconfig.Source {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dockerconfig.Source{Path: path}
}

func supply(t *testing.T, s dockerconfig.Source, host string) (keyring.Credential, error) {
	t.Helper()
	given, err := s.Supply(t.Context(), runbook.Need{Host: host, Repositories: []string{"acme/app"}})
	if err != nil && strings.Contains(err.Error(), marker) {
		t.Errorf("the error shows the password: %v", err)
	}
	return given.Credential, err
}

func TestAuths(t *testing.T) {
	t.Parallel()
	entries := fmt.Sprintf(`{"auths":{
		"ghcr.io":{"auth":%q}, "https://quay.io/v2/":{"username":"bob","password":"bobs"}, "https://index.docker.io/v1/":{"auth":%q},
		"registry.example.com:5000":{"auth":%q}, "https://path.example.com/team":{"auth":%q},
		"token.example.com":{"identitytoken":%q}, "broken.example.com":{"auth":%q}, "empty.example.com":{},
		"*.wild.example.com":{"auth":%q}}}`,
		auth("ann", marker), auth("hub", marker), auth("port", marker), auth("path", marker), marker, marker, auth("wild", marker))
	tests := map[string]struct{ host, user, err string }{
		"host":            {"ghcr.io", "ann", ""},
		"URL":             {"quay.io", "bob", ""},
		"hub":             {"docker.io", "hub", ""},
		"port":            {"registry.example.com:5000", "port", ""},
		"other port":      {"registry.example.com", "", "no entry and no credential helper for registry.example.com"},
		"path":            {"path.example.com", "", "no entry"},
		"pattern":         {"a.wild.example.com", "", "no entry"},
		"subdomain":       {"evil.ghcr.io", "", "no entry"},
		"identity token":  {"token.example.com", "", "identity token"},
		"not in base64":   {"broken.example.com", "", "not base64"},
		"nothing in it":   {"empty.example.com", "", ""},
		"unknown at all":  {"evil.example.net", "", "no entry"},
		"host in capital": {"GHCR.io", "", "no entry"},
	}
	source := config(t, entries)
	for name, test := range tests {
		c, err := supply(t, source, test.host)
		if c.User != test.user || (err == nil) != (test.err == "") || (err != nil && !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%s: user %q, error %v", name, c.User, err)
		}
	}
	if c, _ := supply(t, source, "ghcr.io"); c.Password.Reveal() != marker {
		t.Error("another password")
	}
}

func TestUnreadableConfigurations(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, err string }{
		"no JSON":     {`{"auths":{"ghcr.io":{"auth":"` + marker, "no docker configuration"},
		"other types": {`{"auths":{"ghcr.io":{"username":["` + marker + `"]}}}`, "no docker configuration"},
		"endless":     {strings.Repeat(" ", 2<<20) + "{}", "longer than"},
		"empty":       {"", "no docker configuration"},
	}
	for name, test := range tests {
		if _, err := supply(t, config(t, test.text), "ghcr.io"); err == nil || !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := supply(t, dockerconfig.Source{Path: filepath.Join(t.TempDir(), "none")}, "ghcr.io"); err == nil {
		t.Error("read what is not there")
	}
}

// withHelper is a configuration whose helper is a shell script.
func withHelper(t *testing.T, text, script string) dockerconfig.Source {
	t.Helper()
	programs := t.TempDir()
	if err := os.WriteFile(filepath.Join(programs, "docker-credential-test"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", programs+":/usr/bin:/bin")
	source := config(t, text)
	source.Environ = []string{"PATH=/usr/bin:/bin", "ALLOWED=yes"}
	return source
}

// answering prints a credential whose user tells what the helper was asked, and
// what it found in its environment.
const answering = `read server; printf '{"ServerURL":"%s","Username":"%s","Secret":"` + marker + `"}' "$server" "$1|$server|$ALLOWED$SLACK_BOT_TOKEN"`

func TestHelpers(t *testing.T) {
	t.Setenv("SLACK_BOT_TOKEN", "xoxb-leaked")
	tests := map[string]struct{ text, host, user, err string }{
		"for the registry": {`{"credHelpers":{"ghcr.io":"test"}}`, "ghcr.io", "get|ghcr.io|yes", ""},
		"for all":          {`{"credsStore":"test"}`, "quay.io", "get|quay.io|yes", ""},
		"hub":              {`{"credsStore":"test"}`, "docker.io", "get|https://index.docker.io/v1/|yes", ""},
		"before the entry": {`{"credHelpers":{"ghcr.io":"test"},"auths":{"ghcr.io":{"auth":"eDp5"}}}`, "ghcr.io", "get|ghcr.io|yes", ""},
		"for another":      {`{"credHelpers":{"quay.io":"test"},"auths":{"ghcr.io":{"auth":"eDp5"}}}`, "ghcr.io", "x", ""},
		"a path for name":  {`{"credsStore":"../test"}`, "ghcr.io", "", "a name that is none"},
		"not there":        {`{"credsStore":"absent"}`, "ghcr.io", "", "executable file not found"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := supply(t, withHelper(t, test.text, answering), test.host)
			if c.User != test.user || (err == nil) != (test.err == "") || (err != nil && !strings.Contains(err.Error(), test.err)) {
				t.Errorf("user %q, error %v", c.User, err)
			}
		})
	}
}

func TestHelpersThatFail(t *testing.T) {
	tests := map[string]struct{ script, err string }{
		"nothing known":  {"echo 'credentials not found in native keychain'; exit 1", "has no credential for ghcr.io"},
		"failure":        {"echo " + marker + "; echo " + marker + " >&2; exit 3", "exit status 3"},
		"not JSON":       {"echo " + marker, "no credential in JSON"},
		"endless":        {"while :; do echo " + marker + marker + marker + "; done", "without end"},
		"identity token": {`echo '{"Username":"<token>","Secret":"` + marker + `"}'`, "identity token"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := supply(t, withHelper(t, `{"credsStore":"test"}`, test.script), "ghcr.io"); err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestSlowHelperIsEnded: with its children, which hold its output open.
func TestSlowHelperIsEnded(t *testing.T) {
	source := withHelper(t, `{"credsStore":"test"}`, "/bin/sleep 60 & /bin/sleep 60")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := source.Supply(ctx, runbook.Need{Host: "ghcr.io"})
	if err == nil || !strings.Contains(err.Error(), "deadline") || time.Since(start) > 20*time.Second {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
}
