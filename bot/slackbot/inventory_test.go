package slackbot

import (
	"context"
	"slices"
	"testing"

	"github.com/pullfix/pullfix/runbook"
	sandbox "github.com/pullfix/pullfix/sandbox/slack"
)

func inventory() runbook.Inventory {
	ended, good := after(-14), after(12*60)
	return runbook.Inventory{
		TakenAt: night, Workloads: 9, Pods: 21, Complete: false,
		Registries: []runbook.RegistryUse{
			{Host: ecrHost, Workloads: 6, Namespaces: []string{"media", "shop", "team-01"}, Secrets: []runbook.SecretUse{
				{Namespace: "media", Name: "ecr-pull", State: runbook.SecretMatches, Workloads: 1, Expires: &ended},
				{Namespace: "shop", Name: "ecr-pull", State: runbook.SecretMatches, Workloads: 4, Expires: &good, Owner: "External Secrets (ecr-pull)"},
				{Namespace: "team-01", Name: "regcred", State: runbook.SecretMissing, Workloads: 1},
			}},
			{Host: "docker.io", Workloads: 3, Namespaces: []string{"web"}, WithoutSecret: 3},
		},
		Gaps: []runbook.Gap{{What: "secret web/old", Why: "forbidden"}},
	}
}

func longInventory(long string) runbook.Inventory {
	s := runbook.SecretUse{Namespace: long, Name: long, State: runbook.SecretMalformed, Owner: long, Workloads: 3}
	r := runbook.RegistryUse{Host: long, Vendor: long, Namespaces: many(long, 40), Secrets: slices.Repeat([]runbook.SecretUse{s}, 30), WithoutSecret: 2}
	return runbook.Inventory{Registries: slices.Repeat([]runbook.RegistryUse{r}, 60), Gaps: slices.Repeat([]runbook.Gap{{What: long, Why: long}}, 40)}
}

// Inventory makes the remembering desk an Inventory, too.
func (d *desk) Inventory(_ context.Context, _, namespace string) (runbook.Inventory, error) {
	i := inventory()
	i.Namespace = namespace
	return i, d.err
}

// Who may not ask hears the same as if there were nothing.
func TestRegistries(t *testing.T) {
	o := open(t, setting{})
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix registries")
	o.message(sandbox.Ops, hears("2 registries, 9 workloads"))
	o.desk.only(func(string) bool { return false })
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix registries payroll")
	o.message(sandbox.Ops, hears("There is no namespace payroll."))
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix registries")
	o.message(sandbox.Ops, hears("You may not ask about all namespaces"))
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix registries a b")
	o.message(sandbox.Ops, hears("Registries takes one namespace"))
}
