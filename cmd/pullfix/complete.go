package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// patience is how long a person waits for a completion.
const patience = 2 * time.Second

// noFiles tells the shell not to offer files.
const noFiles = cobra.ShellCompDirectiveNoFileComp

// completeFlags completes the values of the common flags.
func (t *tool) completeFlags(root *cobra.Command) {
	outputs := func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		forms := []string{outputText, outputJSON}
		if more := cmd.Annotations[annotationOutputs]; more != "" {
			forms = append(forms, more)
		}
		return forms, noFiles
	}
	_ = root.RegisterFlagCompletionFunc("output", outputs) // the flag exists
}

// completeTarget completes the namespace, then the pod, from the live cluster.
// Errors are silent: a completion is no place to read them.
func (t *tool) completeTarget(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return t.completeNamespace(cmd.Context(), begun)
	case 1:
		return t.completePod(cmd.Context(), args[0], begun)
	}
	return nil, noFiles
}

func (t *tool) completeNamespace(ctx context.Context, begun string) ([]string, cobra.ShellCompDirective) {
	at := strings.LastIndexByte(begun, '/') + 1
	asked, ctx, cancel := t.clusterForCompletion(ctx, strings.TrimSuffix(begun[:at], "/"))
	defer cancel()
	if asked == nil {
		return t.completeCluster(begun)
	}
	names, err := asked.Namespaces(ctx, begun[at:])
	if err != nil {
		return nil, noFiles
	}
	for i := range names {
		names[i] = begun[:at] + names[i]
	}
	return names, noFiles
}

func (t *tool) completePod(ctx context.Context, scope, begun string) ([]string, cobra.ShellCompDirective) {
	at := strings.LastIndexByte(scope, '/')
	asked, ctx, cancel := t.clusterForCompletion(ctx, scope[:max(at, 0)])
	defer cancel()
	if asked == nil {
		return nil, noFiles
	}
	prefix, name := "", begun
	if word, rest, ok := strings.Cut(begun, "/"); ok {
		if k, known := kindOf(word); !known || k != "Pod" {
			return nil, noFiles
		}
		prefix, name = word+"/", rest
	}
	names, err := asked.Pods(ctx, scope[at+1:], name)
	if err != nil {
		return nil, noFiles
	}
	for i := range names {
		names[i] = prefix + names[i]
	}
	return names, noFiles
}

// completeCluster offers the configured clusters where it is not clear yet which
// one is meant.
func (t *tool) completeCluster(begun string) ([]string, cobra.ShellCompDirective) {
	s, err := loadSettings(t.config, t.getenv)
	if err != nil {
		return nil, noFiles
	}
	var names []string
	for _, c := range s.Clusters {
		if c.Name != "" && strings.HasPrefix(c.Name, begun) {
			names = append(names, c.Name+"/")
		}
	}
	return names, noFiles | cobra.ShellCompDirectiveNoSpace
}

// clusterForCompletion opens a cluster without complaining; nil when it cannot.
func (t *tool) clusterForCompletion(ctx context.Context, name string) (cluster, context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	s, err := loadSettings(t.config, t.getenv)
	if err != nil {
		return nil, ctx, cancel
	}
	asked, err := t.cluster(s, name)
	if err != nil {
		return nil, ctx, cancel
	}
	return asked, ctx, cancel
}
