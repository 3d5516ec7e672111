package k8s

import (
	"context"
	"fmt"
	"slices"

	"github.com/pullfix/pullfix/runbook"
)

// restart plans a rollout restart: it replaces healthy pods, too, and each new
// one has to pull, so every image of the template has to be proven.
func (p *planner) restart(ctx context.Context) draft {
	if why := p.immovable(); why != "" {
		return draft{refused: why}
	}
	if p.top.strategy == strategyOnDelete {
		return refuse("%s replaces pods only when they are deleted", p.name())
	}
	if p.top.ordered && len(p.waiting) > 0 {
		return refuse("%s is ordered and stops at the pod that waits; a restart never reaches it, deleting that pod does", p.name())
	}
	found := p.pullable(ctx)
	if found.refused == "" {
		if others := p.untested(); len(others) > 0 {
			found = found.and(p.tested(ctx, p.top.template, others))
		}
	}
	if why := found.enough(p.top.desired); why != "" {
		return draft{refused: why}
	}
	d := draft{conditions: []string{"the template is still the same", found.accepted}, rights: []right{p.templateRight()}}
	d.show("Restarts the rollout of %s: all of its %s are replaced, by its strategy %s.", p.name(), counted(p.top.desired, "pod"), orDefault(p.top.strategy))
	d.show("%s.", replaced(p.ready("")))
	d.shows = append(d.shows, p.budgetSentences()...)
	d.actions = []runbook.Action{p.action(runbook.VerbRestart)}
	return d
}

// immovable says why the template of the workload is not changed by pullfix.
func (p *planner) immovable() string {
	switch {
	case !rolls(p.top.kind):
		return "a " + p.top.kind + " has no rollout"
	case p.top.paused:
		return p.name() + " is paused: resume it first (kubectl rollout resume)"
	}
	return ""
}

// untested are the images of the template that the diagnosis did not ask for.
func (p *planner) untested() []string {
	var others []string
	changed := p.corrected()
	for key, image := range images(p.top.template) {
		known := changed[key] != "" || slices.ContainsFunc(p.kase.Pulls, func(pull runbook.Pull) bool { return sameImage(pull.Image, image) })
		if !known {
			others = append(others, image)
		}
	}
	return others
}

func (p *planner) templateRight() right {
	return right{verb: "patch", resource: resourceOf(p.top.kind), namespace: p.top.meta.Namespace, name: p.top.meta.Name}
}

// action is a change of the workload, bound to it as it is now.
func (p *planner) action(verb string) runbook.Action {
	return runbook.Action{
		Verb: verb, Cluster: p.cluster, Namespace: p.top.meta.Namespace, Kind: p.top.kind, Name: p.top.meta.Name,
		UID: string(p.top.meta.UID), Generation: p.top.meta.Generation,
	}
}

func replaced(healthy int) string {
	if healthy == 0 {
		return "No healthy pod would be replaced"
	}
	return fmt.Sprintf("%s would be replaced", counted(healthy, "healthy pod"))
}

func orDefault(strategy string) string {
	if strategy == "" {
		return "RollingUpdate"
	}
	return strategy
}
