package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pullfix/pullfix/registry/source/written"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// sourceWorld is what sources of credentials find around them.
type sourceWorld struct {
	getenv  func(string) string
	environ []string // of the programs that a docker configuration names
	// caFile is the authority that is configured for a registry; "" for none.
	caFile func(registry string) string
	// golden finds a secret of a configured cluster; "" means the only one.
	golden func(cluster, namespace, name string) (runbook.Source, error)
}

// vault opens the configured sources; nil when there is none. Nothing is asked
// yet.
func (s settings) vault(w sourceWorld) (*runbook.Vault, error) {
	if len(s.Credentials) == 0 {
		return nil, nil
	}
	shelves := make([]runbook.Shelf, 0, len(s.Credentials))
	for _, c := range s.Credentials {
		from := c.sources()[0]
		source, err := from.open(w, c)
		if err != nil {
			return nil, fmt.Errorf("credential source %s: %w", c.Name, err)
		}
		shelves = append(shelves, runbook.Shelf{
			Name: c.Name, Kind: from.kind(), Host: c.Registry, Wide: c.Wide, Source: source,
			Clusters: c.Clusters, Namespaces: c.Namespaces, Repositories: c.Repositories,
		})
	}
	return runbook.NewVault(shelves), nil
}

// vault opens the sources of an engine whose clusters are open.
func (t *tool) vault(s settings, e engine) (*runbook.Vault, error) {
	w := sourceWorld{getenv: t.getenv, environ: helperEnviron(t.environ), caFile: s.caFile, golden: e.golden}
	opened, err := s.vault(w)
	if err != nil {
		return nil, usage(err, "look at credentials: in the configuration")
	}
	return opened, nil
}

// caFile is the file of the authority that is configured for a registry.
func (s settings) caFile(registry string) string {
	for _, r := range s.Registries {
		if r.Host == registry {
			return r.CAFile
		}
	}
	return ""
}

// golden names a secret of one of the clusters as a source.
func (e engine) golden(cluster, namespace, name string) (runbook.Source, error) {
	at, err := e.cluster(runbook.Target{Cluster: cluster, Namespace: namespace})
	if err != nil {
		return nil, err
	}
	return at.Golden(namespace, name), nil
}

// helperEnviron is what credential helpers find in their environment: all but
// pullfix's own secrets.
func helperEnviron(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(variable string) bool {
		return strings.HasPrefix(variable, "SLACK_") || strings.HasPrefix(variable, variablePrefix)
	})
}

// givenSource is the name of the source that a person types a credential into.
const givenSource = "stdin"

// readLogin reads a credential from standard input.
func (t *tool) readLogin() (keyring.Credential, error) {
	if t.columns(t.stdin) > 0 {
		return keyring.Credential{}, usage(errors.New("a credential that is typed would be shown on the screen"),
			"pipe it in: pass show ghcr | pullfix fix … --credential-stdin")
	}
	c, err := written.ReadLogin(t.stdin)
	if err != nil {
		return keyring.Credential{}, usage(fmt.Errorf("the credential on standard input: %w", err),
			`write user:password, or {"username": "…", "password": "…"}`)
	}
	return c, nil
}

// givenVault has one source: what the person at the terminal gave for a
// registry. That person's own rights are the bound of who may receive it.
func givenVault(host string, c keyring.Credential) *runbook.Vault {
	everything := []string{"*"}
	return runbook.NewVault([]runbook.Shelf{{
		Name: givenSource, Kind: "standard input", Host: host, Wide: true, Source: written.Given{Credential: c},
		Clusters: everything, Namespaces: everything, Repositories: everything,
	}})
}
