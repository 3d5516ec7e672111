package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// scope is the part of a cluster that a command looks at, with the cluster
// opened.
type scope struct {
	cluster   cluster
	name      string // of the cluster
	namespace string // "" for all
}

// scopeFlag adds the flag that names a scope.
func (t *tool) scopeFlag(cmd *cobra.Command, named *string) {
	cmd.Flags().StringVarP(named, "namespace", "n", "", "only this namespace (default: all)")
	complete := func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return t.completeNamespace(cmd.Context(), begun)
	}
	_ = cmd.RegisterFlagCompletionFunc("namespace", complete) // the flag exists
}

// openScope opens what [CLUSTER/]NAMESPACE means; no namespace means all.
func (t *tool) openScope(named string) (scope, error) {
	at := strings.LastIndexByte(named, '/')
	s, err := loadSettings(t.config, t.getenv)
	if err != nil {
		return scope{}, err
	}
	choice, err := t.choose(s, named[:max(at, 0)])
	if err != nil {
		return scope{}, err
	}
	opened, err := t.cluster(s, named[:max(at, 0)])
	if err != nil {
		return scope{}, err
	}
	return scope{cluster: opened, name: choice.name, namespace: named[at+1:]}, nil
}
