package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// goldenSource stands for a secret; it gives its place for a user.
type goldenSource string

func (g goldenSource) Supply(context.Context, runbook.Need) (runbook.Supply, error) {
	return runbook.Supply{Credential: keyring.Credential{User: string(g), Password: keyring.NewSecret("x")}}, nil
}

// configured reads a configuration.
func configured(t *testing.T, text string) settings {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pullfix.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := loadSettings(file, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVaultOfTheConfiguration(t *testing.T) {
	t.Parallel()
	s := configured(t, `
clusters: [{name: prod-eu}]
credentials:
  - {name: golden, registry: ghcr.io, repositories: ["acme/*"], clusters: [prod-eu], namespaces: [shop], secret: {cluster: prod-eu, namespace: platform, name: pull}}
  - {name: variables, registry: ghcr.io, repositories: ["*"], clusters: ["*"], namespaces: ["*"], environment: {user: U, password: P}}
  - {name: nobody, registry: ghcr.io, repositories: [], clusters: ["*"], namespaces: ["*"], environment: {user: U, password: P}}
`)
	v, err := s.vault(sourceWorld{
		getenv: func(name string) string { return "value of " + name },
		golden: func(cluster, namespace, name string) (runbook.Source, error) {
			return goldenSource(cluster + "/" + namespace + "/" + name), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	n := runbook.Need{Cluster: "prod-eu", Namespace: "shop", Host: "ghcr.io", Repositories: []string{"acme/app"}}
	offers := v.Offers(n)
	if len(offers) != 3 || offers[0].Kind != "secret platform/pull on prod-eu" || offers[1].Kind != "environment variable P" || offers[2].Refused == "" {
		t.Errorf("offers %+v", offers)
	}
	for name, user := range map[string]string{"golden": "prod-eu/platform/pull", "variables": "value of U"} {
		if given, err := v.Take(t.Context(), name, n); err != nil || given.Credential.User != user {
			t.Errorf("%s gives %v, error %v", name, given.Credential.User, err)
		}
	}
	if _, err := v.Take(t.Context(), "nobody", n); err == nil {
		t.Error("empty means none")
	}
}

func TestNoSourceNoVault(t *testing.T) {
	t.Parallel()
	if v, err := (settings{}).vault(sourceWorld{}); v != nil || err != nil {
		t.Errorf("vault %v, error %v", v, err)
	}
}

func TestVaultNamesTheSourceThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	s := settings{Credentials: []credentialSettings{{Name: "golden", Secret: &goldenSettings{Namespace: "a", Name: "b"}}}}
	_, err := s.vault(sourceWorld{golden: func(string, string, string) (runbook.Source, error) { return nil, errors.New("no such cluster") }})
	if err == nil || err.Error() != "credential source golden: no such cluster" {
		t.Errorf("error %v", err)
	}
}

func TestHelpersDoNotInheritOurSecrets(t *testing.T) {
	t.Parallel()
	given := helperEnviron([]string{"PATH=/bin", "SLACK_BOT_TOKEN=xoxb-1", "PULLFIX_CONFIG=x", "HOME=/root", "AWS_REGION=eu"})
	if got := strings.Join(given, " "); got != "PATH=/bin HOME=/root AWS_REGION=eu" {
		t.Errorf("environment %s", got)
	}
}

func TestReadLoginFromStandardInput(t *testing.T) {
	t.Parallel()
	reading := func(text string, columns int) *tool {
		return &tool{env: env{stdin: strings.NewReader(text), columns: func(any) int { return columns }}}
	}
	c, err := reading("ann:hunter2\n", 0).readLogin()
	if err != nil || c.User != "ann" || !c.Password.Equal(keyring.NewSecret("hunter2")) {
		t.Errorf("read %v, error %v", c, err)
	}
	for name, from := range map[string]*tool{"nothing": reading("", 0), "no login": reading("hunter2", 0), "a screen": reading("ann:hunter2", 80)} {
		if _, err := from.readLogin(); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	v := givenVault("ghcr.io", c)
	n := runbook.Need{Cluster: "", Namespace: "shop", Host: "ghcr.io", Repositories: []string{"acme/a/b"}}
	if s, err := v.Take(t.Context(), givenSource, n); err != nil || !s.Credential.Equal(c) {
		t.Errorf("gave %v, error %v", s, err)
	}
	n.Host = "evil.example.net"
	if len(v.Offers(n)) > 0 {
		t.Error("offered for another registry")
	}
}
