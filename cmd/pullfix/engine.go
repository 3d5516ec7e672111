package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/k8s"
	"github.com/pullfix/pullfix/runbook"
)

// served is one cluster as serve uses it.
type served interface {
	runbook.Cluster
	finder
	keeper
	Plan(ctx context.Context, c runbook.Case, v runbook.Verdict, o k8s.PlanOptions) ([]runbook.Plan, error)
	Ignored(ctx context.Context, namespace, workload string) (bool, error)
	Recovery(ctx context.Context, q k8s.RecoveryQuestion) (r runbook.Recovery, over bool, err error)
	Golden(namespace, name string) runbook.Source
	Sharing(ctx context.Context, q k8s.SharingQuestion) ([]string, error)
}

// engine is the runbook over the configured clusters and the registries, as the
// desk asks it. It only reads.
type engine struct {
	clusters []namedCluster // in the order of the configuration
	registry prober
	vault    *runbook.Vault // of new credentials; nil when no source is configured
	key      []byte         // for fingerprints
	runbooks runbookSettings
	zone     *time.Location // in which moments are told; nil: the machine's
}

// namedCluster is a cluster by the name that people type.
type namedCluster struct {
	name string
	served
	writes runbook.Changer // nil when nothing may be changed
}

// cluster finds a cluster by name. The only one needs no name.
func (e engine) cluster(target runbook.Target) (namedCluster, error) {
	missing := &runbook.NotFoundError{Target: target}
	for _, c := range e.clusters {
		if c.name == target.Cluster || (target.Cluster == "" && len(e.clusters) == 1) {
			return c, nil
		}
		missing.Clusters = append(missing.Clusters, c.name)
	}
	return namedCluster{}, missing
}

// usual is the name that the only cluster has; "" when there are several, and
// people have to say which they mean.
func (e engine) usual() string {
	if len(e.clusters) == 1 {
		return e.clusters[0].name
	}
	return ""
}

// Diagnose gathers a case about the target and judges it.
func (e engine) Diagnose(ctx context.Context, target runbook.Target, progress runbook.Progress) (runbook.Case, runbook.Verdict, error) {
	asked, err := e.cluster(target)
	if err != nil {
		return runbook.Case{}, runbook.Verdict{}, err
	}
	target.Cluster = asked.name
	c, v, err := runbook.Diagnose(ctx, runbook.Sources{Cluster: asked, Registry: e.registry, FingerprintKey: e.key, Zone: e.zone}, target, progress)
	if err == nil {
		v.Notes = append(v.Notes, e.runbooks.notes(c, v)...)
	}
	return c, v, err
}

// Plan says what each approvable remedy would do now.
func (e engine) Plan(ctx context.Context, c runbook.Case, v runbook.Verdict) ([]runbook.Plan, error) {
	asked, err := e.cluster(c.Facts.Target)
	if err != nil {
		return nil, err
	}
	return asked.Plan(ctx, c, v, k8s.PlanOptions{Registry: e.registry, Vault: e.vault, FingerprintKey: e.key})
}

// Recovery looks at the pods of an incident.
func (e engine) Recovery(ctx context.Context, i bot.Incident) (runbook.Recovery, bool, error) {
	if i.Case == nil {
		return runbook.Recovery{}, false, errors.New("nothing is known yet about what fails")
	}
	asked, err := e.cluster(i.Target)
	if err != nil {
		return runbook.Recovery{}, false, err
	}
	r, over, err := asked.Recovery(ctx, k8s.RecoveryQuestion{Facts: i.Case.Facts, Pulls: i.Case.Pulls, Crashed: i.Case.Crashed})
	if err != nil || i.Canary() {
		return r, over, err
	}
	return e.everywhere(ctx, i, r, over)
}

// Carry makes one change, in the cluster that the action is for.
func (e engine) Carry(ctx context.Context, a runbook.Action, by runbook.Actor) (runbook.Receipt, error) {
	at, err := e.cluster(runbook.Target{Cluster: a.Cluster, Namespace: a.Namespace})
	if err != nil {
		return runbook.Receipt{}, err
	}
	hands := runbook.Hands{Changer: at.writes, Vault: e.vault, Registry: e.registry, FingerprintKey: e.key}
	return hands.Carry(ctx, a, by)
}

// errPartly says that a scan saw only a part.
var errPartly = errors.New("not everything could be read")

// Scan groups what fails in a cluster; "" means the only one, and all its
// namespaces. What could not be read is an error when nothing was found: nothing
// is no proof then.
func (e engine) Scan(ctx context.Context, cluster, namespace string) ([]runbook.Group, error) {
	asked, err := e.cluster(runbook.Target{Cluster: cluster, Namespace: namespace})
	if err != nil {
		return nil, err
	}
	var rows []runbook.FailingPull
	seen, err := asked.Failing(ctx, k8s.ScanOptions{Namespace: namespace}, func(more []runbook.FailingPull) { rows = append(rows, more...) })
	if err != nil && len(rows) == 0 {
		return nil, err
	}
	if !seen.Complete && len(rows) == 0 {
		return nil, fmt.Errorf("%w: %s", errPartly, strings.Join(gapHints(seen.Gaps), "; "))
	}
	slices.SortFunc(rows, func(a, b runbook.FailingPull) int { return strings.Compare(rowKey(a), rowKey(b)) })
	return runbook.Survey(rows), nil
}
