package runbook_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

func kinds(remedies []runbook.Remedy) []runbook.Kind {
	var out []runbook.Kind
	for _, r := range remedies {
		out = append(out, r.Kind)
	}
	return out
}

func missingTag(changes ...change) *world {
	return newWorld(notFound, append([]change{says("", answer(cause.TagNotFound, 404))}, changes...)...)
}

func workload(set func(*runbook.Workload)) change {
	return func(w *world) { set(w.facts.Workload) }
}

func TestRollBackGoesByContent(t *testing.T) {
	w := missingTag(workload(func(w *runbook.Workload) {
		w.Revisions = []runbook.Revision{
			{Number: 5, Images: map[string]string{"app": image}},
			{Number: 4, Images: map[string]string{"app": image}, Ran: false}, // a restart of the same broken image
			{Number: 3, Images: map[string]string{"app": host + "/acme/app:v0"}, Ran: true},
		}
	}))
	_, v := w.diagnose(t)
	if diff := cmp.Diff([]runbook.Kind{runbook.FixImage, runbook.RollBack}, kinds(v.Remedies)); diff != "" {
		t.Fatal(diff)
	}
	back := v.Remedies[1]
	if back.ID != "rollback" || back.Command != "kubectl -n shop rollout undo deployment/web --to-revision=3" {
		t.Errorf("roll back is %q by %q", back.ID, back.Command)
	}
}

func TestCorrectedTemplate(t *testing.T) {
	at := time.Date(2026, 3, 1, 3, 10, 0, 0, time.UTC)
	corrected := func(w *runbook.Workload) {
		w.OldRevision = true
		w.Template = runbook.Template{Images: map[string]string{"app": host + "/acme/app:v2"}, LastWriter: "kubectl-edit", LastWritten: &at}
	}
	_, v := missingTag(workload(corrected)).diagnose(t)
	if v.Remedies[0].Kind != runbook.Wait {
		t.Errorf("a Deployment replaces the pod by itself; got %v", kinds(v.Remedies))
	}
	if !strings.Contains(v.Summary, "(the template was corrected") || slices.Contains(kinds(v.Remedies), runbook.FixImage) {
		t.Errorf("%s; remedies %v: nothing is left to correct", v.Summary, kinds(v.Remedies))
	}
	if notes := strings.Join(v.Notes, "\n"); !strings.Contains(notes, "by kubectl-edit") || !strings.Contains(notes, "web-1 is of the old revision") {
		t.Errorf("notes do not tell of the correction: %s", notes)
	}
	_, v = missingTag(workload(corrected), workload(func(w *runbook.Workload) { w.Kind, w.Ordered = "StatefulSet", true })).diagnose(t)
	if v.Remedies[0].Kind != runbook.DeletePods || v.Remedies[0].Command != "kubectl -n shop delete pod web-1" {
		t.Errorf("a StatefulSet in order never replaces a broken pod; got %+v", v.Remedies[0])
	}
}

func TestSuggestedTagIsInTheCommand(t *testing.T) {
	w := missingTag(says("", runbook.Answer{Result: cause.TagNotFound, Status: 404, Tags: []string{"v1.0", "v2"}, Unlike: 1}))
	_, v := w.diagnose(t)
	if diff := cmp.Diff([]string{"v1.0", "v2"}, v.Suggestions); diff != "" {
		t.Error(diff)
	}
	want := "kubectl -n shop set image deployment/web app=" + host + "/acme/app:v1.0"
	if v.Remedies[0].Command != want {
		t.Errorf("command %q; want %q", v.Remedies[0].Command, want)
	}
}

func TestGitOpsIsNamed(t *testing.T) {
	w := missingTag(workload(func(w *runbook.Workload) {
		w.Owner = &runbook.Ownership{By: runbook.OwnerArgoCD, Name: "shop", Effect: "reverted at the next sync"}
	}))
	_, v := w.diagnose(t)
	if !strings.Contains(v.Remedies[0].Risk, "Argo CD (shop) manages it: a change by hand is reverted at the next sync") {
		t.Errorf("risk %q does not name the owner", v.Remedies[0].Risk)
	}
}

func TestPlatformNamesTheNodesToo(t *testing.T) {
	w := newWorld(noPlatform, says("", runbook.Answer{Result: cause.PlatformMismatch, Platforms: []string{"linux/arm64/v8"}}))
	_, v := w.diagnose(t)
	if len(v.Remedies) < 2 || v.Remedies[1].ID != "fix-image-2" || !strings.Contains(v.Remedies[1].Command, `"kubernetes.io/arch":"arm64"`) {
		t.Errorf("remedies %+v", v.Remedies)
	}
}

func TestBarePodIsNotThrownAway(t *testing.T) {
	w := newWorld(noLogin, has(secret("good", entry(host, "bob", "pw"))), says("bob", answer(cause.None, 200)), accountLists("good"),
		func(w *world) { w.facts.Workload = nil })
	_, v := w.diagnose(t)
	if v.Remedies[0].Kind != runbook.DeletePods || !strings.Contains(v.Remedies[0].Command, "kubectl -n shop replace --force -f -") {
		t.Errorf("nothing would make the pod again: %+v", v.Remedies[0])
	}
}

func TestSeverity(t *testing.T) {
	for _, r := range []struct {
		name  string
		world *world
		want  string
	}{
		{"bare pod", missingTag(func(w *world) { w.facts.Workload = nil }), runbook.P2},
		{"nothing available", missingTag(), runbook.P1},
		{"rollout blocked, old pods serve", missingTag(workload(func(w *runbook.Workload) { w.Available, w.Blocked = 1, true })), runbook.P1},
		{"one pod of an available workload", missingTag(workload(func(w *runbook.Workload) { w.Available = 1 })), runbook.P2},
		{"job", missingTag(workload(func(w *runbook.Workload) { w.Kind = "Job" })), runbook.P2},
	} {
		if _, v := r.world.diagnose(t); v.Severity != r.want {
			t.Errorf("%s: severity %s, want %s", r.name, v.Severity, r.want)
		}
	}
}

func TestRemedyIDsAreUnique(t *testing.T) {
	for _, r := range append(append(imageRows(), credentialRows()...), secretRows()...) {
		_, v := r.world.diagnose(t)
		seen := map[string]bool{}
		for _, remedy := range v.Remedies {
			if seen[remedy.ID] || remedy.Title == "" || remedy.Why == "" || remedy.Command == "" || remedy.Risk == "" {
				t.Errorf("%s: remedy %+v", r.name, remedy)
			}
			seen[remedy.ID] = true
		}
	}
}

// TestTheBigHammerComesAfterTheSmallOne: a restart is offered where new pods
// are what helps, behind the deletion of the waiting ones.
func TestTheBigHammerComesAfterTheSmallOne(t *testing.T) {
	good := []change{has(secret("good", entry(host, "bob", "pw"))), says("bob", answer(cause.None, 200)), accountLists("good")}
	_, v := newWorld(noLogin, good...).diagnose(t)
	if diff := cmp.Diff([]runbook.Kind{runbook.DeletePods, runbook.RolloutRestart, runbook.AttachSecret}, kinds(v.Remedies)); diff != "" {
		t.Error(diff)
	}
	ordered := workload(func(w *runbook.Workload) { w.Kind, w.Ordered = "StatefulSet", true })
	_, v = newWorld(noLogin, append(good, ordered)...).diagnose(t)
	if slices.Contains(kinds(v.Remedies), runbook.RolloutRestart) {
		t.Errorf("an ordered StatefulSet stops at the pod that waits: %v", kinds(v.Remedies))
	}
}
