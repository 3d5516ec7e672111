package slackbot

import (
	"fmt"
	"strings"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

var (
	night = time.Date(2026, 11, 22, 3, 12, 0, 0, time.UTC)
	ann   = bot.Person{Team: "T01ACME", ID: "U01ANN"}
	bob   = bot.Person{Team: "T01ACME", ID: "U02BOB"}
	carol = bot.Person{Team: "T01ACME", ID: "U03CAROL"}
)

func after(minutes int) time.Time { return night.Add(time.Duration(minutes) * time.Minute) }

// running is the first diagnosis of a pod of the shop, half way.
func running() bot.Incident {
	return bot.Incident{
		Version: 1, ID: "i-7f9c4", Target: runbook.Target{Cluster: "prod-eu", Namespace: "shop", Kind: "Pod", Name: "checkout-7f9c4"},
		Asked: ann, State: bot.Diagnosing, Opened: night, Deadline: after(20),
		Place:    bot.Place{Team: "T01ACME", Channel: "C01OPS", Message: "1763781120.000100"},
		Progress: []bot.Progress{{Step: runbook.StepScope, Done: true}, {Step: runbook.StepError, Done: true}, {Step: runbook.StepImage, Note: "asking ghcr.io"}},
		Timeline: []bot.Entry{{At: night, By: ann, What: "asked to diagnose shop/checkout-7f9c4"}},
	}
}

func tagVerdict() runbook.Verdict {
	since := after(-2)
	return runbook.Verdict{
		Cluster: "prod-eu", Namespace: "shop", Pod: "checkout-7f9c4", Workload: &runbook.WorkloadRef{Kind: "Deployment", Name: "checkout"},
		Node: "ip-10-0-1-7", Severity: runbook.P1, Since: &since, Scope: runbook.Scope{Pods: 3, Namespaces: 1},
		Notes: []string{"3 of 3 pods still serve."},
		Steps: []runbook.Result{
			{ID: runbook.StepScope, Row: "R0", Title: "Scope", Status: runbook.StatusOK, Summary: "3 pods of 1 workload, no other namespace", Command: "kubectl get pods --all-namespaces | grep -E 'ImagePull|ErrImage'"},
			{ID: runbook.StepError, Row: "R1", Title: "Error", Status: runbook.StatusProblem, Summary: `kubelet: "not found"`, Evidence: []string{`ErrImagePull: failed to resolve image: ghcr.io/acme/checkout:1.4.22: not found`}, Command: "kubectl -n shop describe pod checkout-7f9c4"},
			{ID: runbook.StepImage, Row: "R2", Title: "Image", Status: runbook.StatusProblem, Summary: "ghcr.io: 404 MANIFEST_UNKNOWN with secret ghcr-pull", Command: "docker manifest inspect ghcr.io/acme/checkout:1.4.22"},
			{ID: runbook.StepSecret, Row: "R3", Title: "Pull secret", Status: runbook.StatusOK, Summary: "ghcr-pull has an entry for ghcr.io"},
			{ID: runbook.StepAuth, Row: "R4", Title: "Credentials", Status: runbook.StatusWarning, Summary: "ghcr-pull accepted for acme/checkout (pull)"},
		},
		Diagnosis: runbook.Diagnosis{
			Container: "app", Image: "ghcr.io/acme/checkout:1.4.22", Registry: "ghcr.io", Cause: cause.TagNotFound, Certainty: cause.Certain,
			Summary: "The tag 1.4.22 does not exist in ghcr.io/acme/checkout", Vantage: runbook.VantageImage,
			Details:     []string{"ghcr.io says 404 MANIFEST_UNKNOWN to the pod's own credential (secret ghcr-pull).", `The node says "not found".`},
			Suggestions: []string{"1.4.2", "1.4.3"},
			Credentials: []runbook.Credential{{Source: "secret/ghcr-pull", Key: "ghcr.io", User: "b…t", Used: true, Test: "accepted", HTTPStatus: 200}},
			Remedies: []runbook.Remedy{
				{ID: "fix-image", Kind: runbook.FixImage, Title: "Set the image to a tag that exists", Why: "The old pods still serve: no hurry.", Command: "kubectl -n shop set image deployment/checkout app=ghcr.io/acme/checkout:1.4.3", Risk: "a new rollout"},
				rollBack(), deletePods(),
			},
		},
	}
}

func rollBack() runbook.Remedy {
	return runbook.Remedy{
		ID: "rollback", Kind: runbook.RollBack, Title: "Roll back to revision 41 (1.4.1)", Why: "That revision ran.",
		Command: "kubectl -n shop rollout undo deployment/checkout --to-revision=41", Risk: "everything else that changed since goes back, too",
		Preconditions: []string{"the image of revision 41 can be pulled"}, Object: "deployment/checkout", Approvable: true,
	}
}

func deletePods() runbook.Remedy {
	return runbook.Remedy{
		ID: "delete-pods", Kind: runbook.DeletePods, Title: "Delete the 3 waiting pods", Why: "A new pod tries at once.",
		Command: "kubectl -n shop delete pod checkout-7f9c4 checkout-8a1 checkout-9b2", Risk: "none", Approvable: true,
	}
}

func plan(r runbook.Remedy, actions ...runbook.Action) runbook.Plan {
	return runbook.Plan{Remedy: r, Actions: actions, Hash: runbook.PlanHash(actions), Made: night}
}

func rollBackPlan() runbook.Plan {
	return plan(rollBack(), runbook.Action{Verb: runbook.VerbRollBack, Cluster: "prod-eu", Namespace: "shop", Kind: "Deployment", Name: "checkout", UID: "u1", Generation: 7, Revision: 41})
}

func deletePlan() runbook.Plan {
	var actions []runbook.Action
	for _, name := range []string{"checkout-7f9c4", "checkout-8a1", "checkout-9b2"} {
		actions = append(actions, runbook.Action{Verb: runbook.VerbDeletePod, Cluster: "prod-eu", Namespace: "shop", Kind: "Pod", Name: name, UID: name, Container: "app", Image: "ghcr.io/acme/checkout:1.4.22"})
	}
	return plan(deletePods(), actions...)
}

// judged has a verdict, and two plans that can be approved.
func judged() bot.Incident {
	i := running()
	v := tagVerdict()
	i.State, i.Progress, i.Verdict = bot.Open, nil, &v
	i.Case = &runbook.Case{Facts: runbook.Facts{Workload: &runbook.Workload{Kind: "Deployment", Name: "checkout", Desired: 3, Available: 3}}}
	i.Plans = []runbook.Plan{rollBackPlan(), deletePlan()}
	i.Timeline = append(i.Timeline, bot.Entry{At: after(0), What: "verdict: " + v.Summary})
	return i
}

func decided(state bot.State) bot.Incident {
	i := judged()
	i.State = state
	started := after(4)
	i.Decision = &bot.Decision{
		Remedy: "rollback", Title: rollBack().Title, PlanHash: rollBackPlan().Hash, Needed: 2, Expires: after(34),
		Granted: []bot.Approval{{Person: bob, At: after(4), Remedy: "rollback"}},
	}
	if state != bot.Asking {
		i.Decision.Needed, i.Decision.Started = 1, &started
	}
	return i
}

func watched() bot.Incident {
	i := decided(bot.Watching)
	i.Decision.Receipts = []runbook.Receipt{{Done: true, At: after(5)}, {Unsure: true, At: after(5)}}
	i.Recovery = &runbook.Recovery{Wanted: 12, Pulled: 9, Waiting: 2, Pulling: 1}
	return i
}

func resolvedIncident() bot.Incident {
	i := watched()
	i.State, i.Plans = bot.Resolved, nil
	i.Recovery = &runbook.Recovery{Wanted: 12, Pulled: 12, Ready: 12}
	i.Ending = &bot.Ending{At: after(7), Resolution: "Roll back to revision 41 (1.4.1), approved by <@U02BOB>", Proof: []string{"container app of pod checkout-1a has ghcr.io/acme/checkout@sha256:" + strings.Repeat("0f", 32)}, Elsewhere: 0}
	return i
}

func closedIncident(by bot.Person, resolution string) bot.Incident {
	i := judged()
	i.State, i.Plans = bot.Closed, nil
	i.Ending = &bot.Ending{At: after(9), By: by, Resolution: resolution, Elsewhere: -1}
	return i
}

func healthyIncident() bot.Incident {
	summary := "shop/checkout-7f9c4 pulls fine: image present since 02:10. Nothing to do."
	i := closedIncident(bot.Person{}, summary)
	i.Verdict.Diagnosis = runbook.Diagnosis{Cause: cause.None, Certainty: cause.Certain, Summary: summary}
	i.Verdict.Severity = ""
	return i
}

func escalatedIncident() bot.Incident {
	i := judged()
	i.Deadline = after(30)
	i.Escalated = []bot.Escalated{{At: after(20), Why: "not resolved in time", Route: "platform", Told: []string{"PagerDuty"}, Failed: []string{"webhook: 503"}, Key: i.ID}}
	return i
}

func unknownIncident() bot.Incident {
	i := judged()
	i.Plans = nil
	d := &i.Verdict.Diagnosis
	d.Cause, d.Certainty, d.Vantage, d.Suggestions = cause.BackOffOnly, cause.CertaintyUnknown, runbook.VantageUnknown, nil
	d.Summary = "Only back-off is left"
	d.Remedies = []runbook.Remedy{{ID: "wait", Kind: runbook.Wait, Title: "Wait: the kubelet tries again by itself within 5 min", Why: "The next attempt tells the cause; until then nothing should be changed.", Risk: "none", Command: "kubectl -n shop get pod checkout-7f9c4 --watch"}}
	i.Verdict.Notes = []string{"The kubelet tries again by 03:20 UTC at the latest.", "Could not read secrets: forbidden; grant: get secrets in shop."}
	return i
}

func anotherCause() bot.Incident {
	i := judged()
	i.Earlier = []bot.Earlier{{Cause: cause.AuthExpired, Summary: "The credential in secret ecr-pull expired 02:58", At: night, Until: after(5)}}
	return i
}

// evil is what a tenant or a registry could say to do harm.
const evil = "password=MARKER-hunter2 https://bob:MARKER-s3cret@ghcr.io/v2/?X-Amz-Signature=MARKERabcdef0123 <!channel> <!here> <@U0VICTIM> <!subteam^S0ALL> " +
	"<https://evil.example|Approve> ``` *bold* `code` \u202eRTL\u202c \x1b[31mred\x07 & < > :boom: eyJhbGciOiJIUzI1NiJ9.MARKERMARKER.x\nsecond line @channel @here"

// hostile puts it into every field that comes from outside, at great length.
func hostile() bot.Incident {
	long := strings.Repeat(evil+" ", 40)
	i := escalatedIncident()
	i.Target = runbook.Target{Cluster: long, Namespace: long, Kind: "Pod", Name: long}
	i.Trouble, i.Asked = long, ann
	i.Escalated[0] = bot.Escalated{At: after(20), Why: long, By: bob, Told: many(long, 50), Failed: many(long, 50)}
	i.Earlier = []bot.Earlier{{Summary: long, Until: after(3)}}
	v := i.Verdict
	v.Cluster, v.Namespace, v.Pod, v.Node = long, long, long, long
	v.Workload = &runbook.WorkloadRef{Kind: long, Name: long}
	v.Notes = many(long, 30)
	for n := range v.Steps {
		v.Steps[n].Summary, v.Steps[n].Evidence, v.Steps[n].Command = long, many(long, 100), long
	}
	d := &v.Diagnosis
	d.Container, d.Image, d.Registry, d.Summary = long, long, long, long
	d.Details, d.Suggestions = many(long, 30), many(long, 30)
	d.Credentials = nil
	for range 40 {
		d.Credentials = append(d.Credentials, runbook.Credential{Source: long, Key: long, User: long, Reason: long, Test: long, HTTPStatus: 401})
	}
	r := runbook.Remedy{ID: "rollback", Kind: runbook.RollBack, Title: long, Why: long, Command: long, Risk: long, Preconditions: many(long, 40), Approvable: true}
	d.Remedies = []runbook.Remedy{r, r, r, r, r, r, r}
	v.Failures = []runbook.Diagnosis{*d, *d, *d, *d, *d, *d, *d, *d}
	i.Plans = nil
	for n := range 12 {
		p := plan(r, runbook.Action{Verb: long, Kind: long, Namespace: long, Name: long, Image: long, Revision: int64(n)})
		p.Choice = long
		p.Remedy.ID, p.Shows = fmt.Sprintf("rollback-%d", n+2), many(long, 60)
		i.Plans = append(i.Plans, p)
	}
	for range 30 {
		i.Timeline = append(i.Timeline, bot.Entry{At: after(1), By: bob, What: long})
	}
	return i
}

func many(s string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = s
	}
	return list
}
