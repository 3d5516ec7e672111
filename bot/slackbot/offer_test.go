package slackbot

import (
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	sandbox "github.com/pullfix/pullfix/sandbox/slack"
)

func only(p runbook.Plan) offer { return offer{remedy: p.Remedy, plans: []runbook.Plan{p}} }

func updateSecret() runbook.Remedy {
	return runbook.Remedy{
		ID: "update-secret", Kind: runbook.UpdateSecret, Title: "Update secret ecr-pull in shop", Why: "A fresh token works for 12 hours.",
		Command: "kubectl create secret docker-registry ecr-pull --dry-run=client -o yaml | kubectl apply -f -", Risk: "the old credential in the secret is overwritten",
		Object: "secret/ecr-pull", Approvable: true,
	}
}

// secretPlan is a new credential for some of the namespaces, from a source.
func secretPlan(source string, namespaces ...string) runbook.Plan {
	var actions []runbook.Action
	for _, n := range namespaces {
		actions = append(actions, runbook.Action{
			Verb: runbook.VerbUpdateSecret, Cluster: "prod-eu", Namespace: n, Kind: "Secret", Name: "ecr-pull", UID: n,
			Entry: &runbook.EntryChange{Key: ecrHost, Was: "3f9a", Becomes: "77c1", User: "A…S", Source: source, Host: ecrHost, Images: []string{ecrHost + "/shop/checkout:1"}},
		})
	}
	p := plan(updateSecret(), actions...)
	p.Choice = source
	return p
}

const ecrHost = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

// expired has a credential to replace, from one of two sources, and two remedies
// that have no button.
func expired() bot.Incident {
	i := judged()
	d := &i.Verdict.Diagnosis
	d.Cause, d.Vantage, d.Suggestions, d.Registry = cause.AuthExpired, runbook.VantageCredential, nil, ecrHost
	d.Summary = "The credential in secret ecr-pull expired 02:58 (14 min ago)"
	d.Details = []string{ecrHost + ` says 403 DENIED "Your authorization token has expired" to the pod's own credential (secret ecr-pull).`}
	sync := runbook.Remedy{ID: "sync-external-secret", Kind: runbook.SyncExternalSecret, Title: "Sync external secret ecr-pull", Why: "Its controller writes the secret.", Approvable: true}
	d.Remedies = []runbook.Remedy{updateSecret(), sync, deletePods()}
	ecr, golden := secretPlan("ECR in eu-west-1", "shop"), secretPlan("secret platform/ecr-golden, for all 2 namespaces", "shop", "web")
	ends := after(12 * 60)
	ecr.Expires = &ends
	soon := after(90)
	golden.Expires = &soon
	golden.Shows = []string{
		"Secret shop/ecr-pull: the entry for " + ecrHost + " gets user A…S, 3f9a → 77c1; the entry for quay.io stays as it is.", "Secret web/ecr-pull: the same.",
		"6 pods of 2 workloads pull with it.", "12 people and 3 ServiceAccounts may read secrets in shop.", "Nothing else keeps these secrets.",
		"Tested: accepted for shop/checkout.",
	}
	notOffered, missing := plan(sync), plan(deletePods(), deletePlan().Actions...)
	notOffered.Remedy.Approvable, notOffered.Shows = false, []string{"Not offered: no external secret keeps ecr-pull"}
	missing.Missing = "delete pods in shop"
	i.Plans = []runbook.Plan{ecr, golden, notOffered, missing}
	return i
}

// manyRemedies has more of them than a menu has room for.
func manyRemedies() bot.Incident {
	i := outage()
	for n, kind := range []runbook.Kind{runbook.UpdateSecret, runbook.AttachSecret, runbook.RolloutRestart} {
		p := deletePlan()
		p.Actions = append(p.Actions[:0:0], runbook.Action{Verb: "x", Name: string(kind), Revision: int64(n)})
		p.Remedy.ID, p.Remedy.Kind, p.Remedy.Title, p.Hash = strings.ToLower(string(kind)), kind, string(kind), runbook.PlanHash(p.Actions)
		i.Plans = append(i.Plans, p)
	}
	return i
}

// lookedBack is over, and people have said what they think.
func lookedBack() bot.Incident {
	i := resolvedIncident()
	i.PostmortemOwner = &carol
	i.Feedback = []bot.Feedback{{By: bob, Helpful: true}, {By: carol, Text: "the link is wrong"}}
	return i
}

// Of several plans of one remedy there is one button; the modal offers them, is
// drawn anew for the one that is chosen, and what is shown is what is approved.
func TestChoosingAPlan(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(expired())
	o.click(sandbox.Bob, i, "pullfix.approve", "")
	v := o.modal(sandbox.Bob, "pullfix.approve")
	first, second := i.Plans[0], i.Plans[1]
	if drawn := sprintf("%v", v.Blocks); !strings.Contains(drawn, "update-secret") || strings.Contains(drawn, "6 pods of 2 workloads") {
		t.Errorf("it begins with %s", drawn)
	}
	o.choose(v, second.Hash)
	o.eventually("the other plan", func() bool {
		v, _ = o.OpenView(sandbox.Bob)
		return strings.Contains(sprintf("%v", v.Blocks), "6 pods of 2 workloads")
	})
	if drawn := sprintf("%v", v.Blocks); !strings.Contains(drawn, "Short-lived") || !strings.Contains(drawn, "04:42 UTC") {
		t.Errorf("no warning of a short life: %s", drawn)
	}
	o.submit(sandbox.Bob, v, "")
	if p := o.desk.pressed(); len(p) != 1 || p[0].PlanHash != second.Hash || p[0].PlanHash == first.Hash || p[0].Remedy != "update-secret" {
		t.Errorf("%+v", p)
	}
}

func (o *office) choose(v sandbox.View, hash string) {
	o.t.Helper()
	d, err := o.Act(sandbox.Press{User: sandbox.Bob, ViewID: v.ID, BlockID: choiceBlock, ActionID: choiceAction, Value: hash})
	if err != nil {
		o.t.Fatal(err)
	}
	o.acknowledged(d)
}

// Who chooses and approves in one breath has not read it: the modal shows the
// choice, and waits for another click.
func TestNothingIsApprovedUnread(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(expired())
	o.click(sandbox.Bob, i, "pullfix.approve", "")
	v := o.modal(sandbox.Bob, "pullfix.approve")
	o.Break(sandbox.Fault{Method: "views.update", Error: "internal_error"})
	o.choose(v, i.Plans[1].Hash)
	o.eventually("the attempt to draw it", func() bool { return o.Calls("views.update") == 1 })
	o.submit(sandbox.Bob, v, "")
	if p := o.desk.pressed(); len(p) != 0 {
		t.Fatalf("recorded unread: %+v", p)
	}
	v, there := o.OpenView(sandbox.Bob)
	if !there || !strings.Contains(sprintf("%v", v.Blocks), "6 pods of 2 workloads") {
		t.Fatalf("the modal shows %v", v.Blocks)
	}
	o.submit(sandbox.Bob, v, "")
	if p := o.desk.pressed(); len(p) != 1 || p[0].PlanHash != i.Plans[1].Hash {
		t.Errorf("%+v", p)
	}
}

// A choice that is gone by now says so, and nothing can be approved.
func TestAChoiceThatIsGone(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(expired())
	o.click(sandbox.Bob, i, "pullfix.approve", "")
	v := o.modal(sandbox.Bob, "pullfix.approve")
	now := i
	now.Plans = i.Plans[:1]
	o.desk.put(now)
	o.choose(v, i.Plans[1].Hash)
	o.eventually("the answer", func() bool {
		v, _ = o.OpenView(sandbox.Bob)
		return strings.Contains(sprintf("%v", v.Blocks), "can no longer be approved") && v.Submit == ""
	})
}

// What has no button is explained.
func TestWithheldRemediesAreExplained(t *testing.T) {
	root := string(encoded(t, drawing{incident: expired()}.root().blocks))
	for _, want := range []string{"no external secret keeps ecr-pull", "pullfix lacks a right: delete pods in shop"} {
		if !strings.Contains(root, want) {
			t.Errorf("%q is not in the message", want)
		}
	}
	if strings.Contains(root, "approve:i-7f9c4:delete-pods") || strings.Contains(root, "approve:i-7f9c4:sync-external-secret") {
		t.Error("what is not offered has a button")
	}
	if n := strings.Count(root, "approve:i-7f9c4:update-secret"); n != 1 {
		t.Errorf("%d buttons for one remedy", n)
	}
	i := expired()
	i.Plans = i.Plans[2:]
	i.Verdict.Remedies = i.Verdict.Remedies[1:]
	text := drawing{incident: i}.advice()
	if !strings.Contains(string(text), "No button for it: no external secret keeps ecr-pull") {
		t.Errorf("%s", text)
	}
}

func TestASecurityIncidentNeedsAReason(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(judged())
	o.click(sandbox.Bob, i, actionMore, "compromise:"+i.ID)
	v := o.modal(sandbox.Bob, "pullfix.compromise")
	if d := o.submit(sandbox.Bob, v, " "); !strings.Contains(sprintf("%v", d.Response), "A few words are needed") {
		t.Errorf("%v", d.Response)
	}
	o.submit(sandbox.Bob, v, "the token was in a public repository")
	if p := o.desk.pressed(); len(p) != 1 || p[0].Button != bot.Compromise || p[0].Reason == "" {
		t.Errorf("%+v", p)
	}
}

func TestALongLifeIsNoWarning(t *testing.T) {
	p := secretPlan("golden", "shop")
	if ends(p) != "" {
		t.Error("a credential that does not say is warned of")
	}
	far := night.Add(90 * 24 * time.Hour)
	p.Expires = &far
	if ends(p) != "" {
		t.Error("90 days are not short")
	}
}
