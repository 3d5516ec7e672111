package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullfix/pullfix/bot/report"
	"github.com/pullfix/pullfix/runbook"
)

// keeper says which registries and pull secrets a cluster uses.
type keeper interface {
	Inventory(ctx context.Context, namespace string) (runbook.Inventory, error)
}

// outputMarkdown is a form of answers that are put into documents.
const outputMarkdown = "markdown"

func (t *tool) registriesCommand() *cobra.Command {
	var named string
	cmd := &cobra.Command{
		Use:   "registries [-n [CLUSTER/]NAMESPACE] [-o text|json|markdown]",
		Short: "from which registries the cluster pulls, by which secrets",
		Long: `Lists the registries that pods pull from, with the pull secrets that have a
credential for each: what keeps the secret, until when the credential is valid
(where it says so itself), and how many workloads use it. Workloads without a
pod are not seen, nor what nodes send of their own. No credential is shown.

Exit codes: 0 the whole was read, 2 wrong usage, configuration or no such
namespace, 3 a part could not be read.`,
		Example: `  pullfix registries
  pullfix registries -n shop
  pullfix registries -o markdown > registries.md`,
		Annotations: map[string]string{annotationOutputs: outputMarkdown},
		Args:        noArguments,
		RunE:        func(cmd *cobra.Command, _ []string) error { return t.registries(cmd.Context(), named) },
	}
	t.scopeFlag(cmd, &named)
	return cmd
}

func (t *tool) registries(ctx context.Context, named string) error {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	asked, err := t.openScope(named)
	if err != nil {
		return err
	}
	i, err := asked.cluster.Inventory(ctx, asked.namespace)
	if err != nil {
		return unlessSorted(err, t.timeout.String())
	}
	i.Cluster = asked.name
	if err := t.showInventory(i); err != nil {
		return err
	}
	if !i.Complete {
		return unsure(fmt.Errorf("%w", errPartly), gapHints(i.Gaps)...)
	}
	return nil
}

func (t *tool) showInventory(i runbook.Inventory) error {
	switch t.output {
	case outputJSON:
		return t.printJSON(i)
	case outputMarkdown:
		if _, err := io.WriteString(t.stdout, report.Inventory(i)); err != nil {
			return fmt.Errorf("writing the inventory: %w", err)
		}
		return nil
	}
	p := t.newPage()
	p.inventory(i)
	if err := p.writeTo(t.stdout); err != nil {
		return fmt.Errorf("writing the inventory: %w", err)
	}
	return nil
}

// inventory lays the registries out, the most used first.
func (p *page) inventory(i runbook.Inventory) {
	p.line(fmt.Sprintf("%d %s, %d %s, %d %s", len(i.Registries), registryNoun(len(i.Registries)), i.Workloads, plural(i.Workloads, "workload"), i.Pods, plural(i.Pods, "pod")))
	now := time.Now()
	for _, r := range i.Registries {
		p.line("")
		p.line(fmt.Sprintf("%s (%s): %d %s in %d %s", oneLine(r.Host), r.Vendor, r.Workloads, plural(r.Workloads, "workload"), len(r.Namespaces), plural(len(r.Namespaces), "namespace")))
		t := table{head: []string{"SECRET", "WORKLOADS", "STATE"}}
		for _, s := range r.Secrets {
			line := strings.ReplaceAll(report.SecretLine(s, func(at time.Time) string { return clock(at, now) }), "`", "")
			t.add(s.Namespace+"/"+s.Name, fmt.Sprint(s.Workloads), line)
			if len(s.Keys) > 0 {
				t.below("entry " + strings.Join(s.Keys, ", "))
			}
		}
		if r.WithoutSecret > 0 {
			t.add("none", fmt.Sprint(r.WithoutSecret), "no pull secret has a credential")
		}
		p.table(t)
	}
	for _, u := range i.Unused {
		p.line("")
		p.row(label{text: "unused"}, oneLine(fmt.Sprintf("%s/%s, named by %d %s: %s", u.Namespace, u.Name, u.Workloads, plural(u.Workloads, "workload"), u.Why)))
	}
	for _, g := range i.Gaps {
		p.row(label{text: "not read"}, oneLine(g.What+": "+g.Why))
	}
}

// Inventory says which registries and pull secrets a cluster uses; "" means the
// only cluster, and all its namespaces.
func (e engine) Inventory(ctx context.Context, cluster, namespace string) (runbook.Inventory, error) {
	asked, err := e.cluster(runbook.Target{Cluster: cluster, Namespace: namespace})
	if err != nil {
		return runbook.Inventory{}, err
	}
	return asked.Inventory(ctx, namespace)
}
