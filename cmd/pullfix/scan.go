package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullfix/pullfix/k8s"
	"github.com/pullfix/pullfix/runbook"
)

func (t *tool) scanCommand() *cobra.Command {
	var named string
	var thorough bool
	cmd := &cobra.Command{
		Use:   "scan [-n [CLUSTER/]NAMESPACE] [--thorough]",
		Short: "list every pod that waits for an image, grouped by root cause",
		Long: `Lists every pod of the cluster that waits for an image: a line each as soon as
it is found, then the groups by root cause. Pods that never started, and those
that the kubelet's events of the last hour name, are found at once; --thorough
reads all pods.

Exit codes: 0 no pod waits for an image, 1 some do, 2 wrong usage or
configuration, 3 could not tell.`,
		Example: `  pullfix scan
  pullfix scan -n shop
  pullfix scan -n prod-eu/          (all namespaces of the cluster prod-eu)
  pullfix scan -o json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return t.scan(cmd.Context(), named, thorough) },
	}
	t.scopeFlag(cmd, &named)
	cmd.Flags().BoolVar(&thorough, "thorough", false, "read all pods, also those that ran before and whose events are gone")
	return cmd
}

func (t *tool) scan(ctx context.Context, named string, thorough bool) error {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	asked, err := t.openScope(named)
	if err != nil {
		return err
	}
	rows := t.newRows()
	seen, err := asked.cluster.Failing(ctx, k8s.ScanOptions{Namespace: asked.namespace, Thorough: thorough}, rows.found)
	if err != nil && len(rows.failing) == 0 {
		return unlessSorted(err, t.timeout.String())
	}
	found := newScanAnswer(asked.name, rows.failing)
	found.Complete, found.Gaps = seen.Complete && err == nil, orEmpty(seen.Gaps)
	if err := t.showScan(found, asked.namespace); err != nil {
		return err
	}
	return scanOutcome(found, err, t.timeout.String())
}

// scanOutcome decides the exit code: what was found counts more than what could
// not be read.
func scanOutcome(found scanAnswer, err error, timeout string) error {
	switch {
	case found.PodsFailing > 0:
		return errFound
	case err != nil:
		return unlessSorted(err, timeout)
	case !found.Complete:
		return unsure(errors.New("not everything could be read, so nothing can be said about the rest"), gapHints(found.Gaps)...)
	}
	return nil
}

func gapHints(gaps []runbook.Gap) []string {
	for _, g := range gaps {
		if g.Grant != "" {
			return []string{"your account lacks the right to " + g.Grant}
		}
	}
	return []string{"try again, or with a longer --timeout"}
}

// scanAnswer is the answer of a scan, as its JSON shows it.
type scanAnswer struct {
	Cluster     string          `json:"cluster"`
	PodsFailing int             `json:"podsFailing"`
	Groups      []runbook.Group `json:"groups"`
	Complete    bool            `json:"complete"`
	Gaps        []runbook.Gap   `json:"gaps"`
}

func newScanAnswer(cluster string, failing []runbook.FailingPull) scanAnswer {
	slices.SortFunc(failing, func(a, b runbook.FailingPull) int {
		return strings.Compare(rowKey(a), rowKey(b))
	})
	pods := make(map[string]bool)
	for _, f := range failing {
		pods[f.Namespace+"/"+f.Pod] = true
	}
	return scanAnswer{Cluster: cluster, PodsFailing: len(pods), Groups: orEmpty(runbook.Survey(failing))}
}

func (t *tool) showScan(found scanAnswer, namespace string) error {
	if t.json() {
		return t.printJSON(found)
	}
	p := t.newPage()
	p.survey(found, namespace)
	if err := p.writeTo(t.stdout); err != nil {
		return fmt.Errorf("writing the scan: %w", err)
	}
	return nil
}
