package slackbot

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// inWaves is a change of forty namespaces, after its first, or with some of its
// waves done.
func inWaves(state bot.State, done int) bot.Incident {
	i := expired()
	var namespaces []string
	for n := range 40 {
		namespaces = append(namespaces, fmt.Sprintf("team-%02d", n+1))
	}
	p := secretPlan("all 40 namespaces", namespaces...)
	started := after(4)
	i.State, i.Plans = state, nil
	i.Decision = &bot.Decision{
		Remedy: "update-secret", Title: "Update secret ecr-pull in 40 namespaces", PlanHash: p.Hash, Needed: 1, Plan: &p, Begun: done,
		Granted: []bot.Approval{{Person: bob, At: started}}, Started: &started,
	}
	for _, a := range p.Actions[:done] {
		i.Decision.Receipts = append(i.Decision.Receipts, runbook.Receipt{Action: a, Done: true, At: after(5)})
	}
	i.Recovery = &runbook.Recovery{Wanted: 12, Waiting: 3, Pulling: 1, Pulled: 8, Ready: 6}
	return i
}

// written is a secret that was changed: the kubelet comes by itself, it can be
// hastened, and it can be undone.
func written() bot.Incident {
	i := inWaves(bot.Watching, 40)
	p := secretPlan("ECR in eu-west-1", "shop")
	i.Decision.Title, i.Decision.Plan, i.Decision.Begun = p.Remedy.Title, &p, 1
	i.Decision.Receipts = []runbook.Receipt{{Action: p.Actions[0], Done: true, At: after(5)}}
	undo := plan(runbook.Remedy{ID: "undo-secret", Kind: runbook.UndoSecret, Title: "Undo: put the former entry back into secret ecr-pull", Approvable: true},
		runbook.Action{Verb: runbook.VerbUndo, Namespace: "shop", Name: "ecr-pull"})
	i.Plans = []runbook.Plan{deletePlan(), undo}
	return i
}

// handedOverIncident is over, but its pods crash; the way back is open.
func handedOverIncident() bot.Incident {
	i := written()
	i.State, i.Recovery = bot.Resolved, &runbook.Recovery{Wanted: 12, Pulled: 12}
	i.Past = []bot.Decision{*decided(bot.Watching).Decision}
	i.Ending = &bot.Ending{
		At: after(9), Resolution: "Update secret ecr-pull in shop, approved by <@U02BOB>", Elsewhere: 2,
		HandedOver: "The pulls work, but container app of pod checkout-1a crashes (exit code 1): that is another runbook's matter: https://wiki.example/crashloop?x=1",
	}
	return i
}

// declared is a security incident.
func declared() bot.Incident {
	i := escalatedIncident()
	i.Compromised = &bot.Compromised{At: after(21), By: carol, Reason: "MARKER: the token was in a public repository", Confided: true}
	return i
}

func snoozed() bot.Incident {
	i := escalatedIncident()
	i.Snoozed = &bot.Snoozed{Until: after(40), By: bob, Reason: "the vendor is on it"}
	return i
}

// addCalls are what people are called with, in the thread and in another channel.
func (p product) addCalls(evilDrawing drawing) {
	c := bot.Call{
		Key: "k", Mention: "S01PLATFORM", Buttons: true, Text: "▲ P1: Container registry pull failure blocking deployments in shop",
		Details: []string{"The tag 1.4.22 does not exist in ghcr.io/acme/checkout, since 03:10 UTC.", "Tried: nothing yet."},
	}
	link := link42(escalatedIncident().Place)
	p.messages["call"] = drawing{incident: escalatedIncident()}.call(c, link, false)
	c.Channel = "C02PLATFORM"
	p.messages["call-elsewhere"] = drawing{incident: escalatedIncident()}.call(c, link, true)
	p.messages["registries"] = inventoried(inventory(), "all namespaces on prod-eu")
	p.messages["registries-none"] = inventoried(runbook.Inventory{Complete: true}, "shop")
	long := evilDrawing.incident.Trouble
	p.messages["hostile-registries"] = inventoried(longInventory(long), long)
	c.Text, c.Details = long, many(long, 30)
	p.messages["hostile-call"] = evilDrawing.call(c, link, true)
}

// While a change is watched it can be hastened or undone; while it waits for its
// first namespace it can only be stopped; after the end only the way back is
// left, and after a declared compromise nothing.
func TestWhatCanBeApprovedWhen(t *testing.T) {
	canary := inWaves(bot.Watching, 1)
	canary.Plans = written().Plans
	nobodyWaits := written()
	nobodyWaits.Recovery = &runbook.Recovery{Wanted: 12, Pulling: 2, Pulled: 10}
	frozen := written()
	frozen.Compromised = declared().Compromised
	for name, test := range map[string]struct {
		incident bot.Incident
		has, not []string
	}{
		"watching":     {written(), []string{"approve:i-7f9c4:delete-pods", "approve:i-7f9c4:undo-secret"}, []string{"reject:"}},
		"nobody waits": {nobodyWaits, []string{"approve:i-7f9c4:undo-secret"}, []string{"approve:i-7f9c4:delete-pods"}},
		"canary":       {canary, []string{"Stop the rest"}, []string{"approve:"}},
		"resolved":     {handedOverIncident(), []string{"approve:i-7f9c4:undo-secret", "reopen:"}, []string{"approve:i-7f9c4:delete-pods"}},
		"compromise":   {frozen, []string{"declared by <@U03CAROL>"}, []string{"approve:", "compromise:", "MARKER"}},
	} {
		t.Run(name, func(t *testing.T) {
			root := string(encoded(t, drawing{incident: test.incident}.root().blocks))
			for _, want := range test.has {
				if !strings.Contains(root, want) {
					t.Errorf("%q is not in %s", want, root)
				}
			}
			for _, bad := range test.not {
				if strings.Contains(root, bad) {
					t.Errorf("%q is in %s", bad, root)
				}
			}
		})
	}
}
