package k8s

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// MaxActions bounds one plan: more than that nobody reads before approving.
const MaxActions = 50

// PlanOptions say what planning may use besides the cluster and the case.
type PlanOptions struct {
	// Registry tests images that the case has no answer for: those of a revision
	// to roll back to, of a corrected template, or of the other containers that
	// a restart replaces. It is asked as the kubelet would ask, with the pull
	// secrets of the pods to be. Without it, nothing that needs such a test is
	// offered.
	Registry runbook.Registry
	// Vault is where new credentials come from; without it no remedy that needs
	// one is offered.
	Vault *runbook.Vault
	// FingerprintKey tells credentials apart, as in the case.
	FingerprintKey []byte
}

// Plan says exactly what each remedy of the verdict that pullfix can carry out
// would do now. It only reads, and asks the API server what pullfix is allowed
// to do. A remedy that needs a new credential has one plan for each source that
// has one for the registry: all with the same Remedy, and a Choice of their own.
//
// A plan that can be approved has Remedy.Approvable set, and Missing empty. One
// that would not help, or of which that is not proven, has no actions, and its
// Shows say why it is not offered. The error is for a workload that could not
// be read, a *RequestError, or for a case of another cluster.
func (c *Cluster) Plan(ctx context.Context, k runbook.Case, v runbook.Verdict, options PlanOptions) ([]runbook.Plan, error) {
	var wanted []runbook.Remedy
	for _, r := range v.Remedies {
		if plannable(r.Kind) {
			wanted = append(wanted, r)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	if k.Facts.Target.Cluster != c.name {
		return nil, fmt.Errorf("planning for cluster %q on cluster %q: not the same", k.Facts.Target.Cluster, c.name)
	}
	p := &planner{
		api: c.api, cluster: c.name, kase: k, verdict: v,
		registry: options.Registry, vault: options.Vault, key: options.FingerprintKey,
	}
	if err := p.look(ctx); err != nil {
		return nil, fmt.Errorf("planning remedies: %w", err)
	}
	var plans []runbook.Plan
	var rights [][]right
	for _, r := range wanted {
		for _, d := range p.drafts(ctx, r) {
			plans, rights = append(plans, d.plan(r)), append(rights, d.rights)
		}
	}
	p.mayCarry(ctx, plans, rights)
	return plans, nil
}

// plannable tells whether pullfix can carry out remedies of a kind.
func plannable(kind runbook.Kind) bool {
	switch kind {
	case runbook.DeletePods, runbook.RolloutRestart, runbook.RollBack,
		runbook.UpdateSecret, runbook.CreateSecret, runbook.AttachSecret, runbook.SyncExternalSecret:
		return true
	}
	return false
}

// drafts works a remedy out, in each of the ways that people can choose from.
func (p *planner) drafts(ctx context.Context, r runbook.Remedy) []draft {
	switch r.Kind {
	case runbook.UpdateSecret:
		return p.updateSecret(ctx, r)
	case runbook.CreateSecret:
		return p.createSecret(ctx, r)
	case runbook.AttachSecret:
		return []draft{p.attachSecret(ctx, r)}
	case runbook.SyncExternalSecret:
		return []draft{p.syncExternalSecret(ctx, r)}
	}
	return []draft{p.draft(ctx, r.Kind)}
}

// draft is a plan in the making. Refused says why there is none.
type draft struct {
	actions    []runbook.Action
	shows      []string
	conditions []string
	rights     []right
	refused    string
	choice     string // tells it from others of the same remedy
	expires    *time.Time
}

func refuse(format string, values ...any) draft {
	return draft{refused: fmt.Sprintf(format, values...)}
}

func (d *draft) show(format string, values ...any) {
	d.shows = append(d.shows, fmt.Sprintf(format, values...))
}

// plan is the draft of a remedy, bound.
func (d draft) plan(r runbook.Remedy) runbook.Plan {
	plan := runbook.Plan{Remedy: r, Made: time.Now(), Choice: d.choice, Expires: d.expires}
	if d.refused != "" {
		plan.Remedy.Approvable = false
		plan.Shows = []string{"Not offered: " + d.refused}
		plan.Hash = runbook.PlanHash(nil)
		return plan
	}
	plan.Remedy.Approvable, plan.Remedy.Preconditions = true, d.conditions
	plan.Actions, plan.Shows, plan.Hash = d.actions, d.shows, runbook.PlanHash(d.actions)
	return plan
}

// draft works one remedy out. What holds for all of them comes first.
func (p *planner) draft(ctx context.Context, kind runbook.Kind) draft {
	if p.refused != "" {
		return draft{refused: p.refused}
	}
	for _, d := range slices.Concat([]runbook.Diagnosis{p.verdict.Diagnosis}, p.verdict.Failures) {
		if why := troubled(d.Cause); why != "" {
			return refuse("%s; new pods would only pull in vain", why)
		}
	}
	switch kind {
	case runbook.DeletePods:
		return p.deletePods(ctx)
	case runbook.RolloutRestart:
		return p.restart(ctx)
	}
	return p.rollBack(ctx)
}
