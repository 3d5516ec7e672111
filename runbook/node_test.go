package runbook_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// nodeDown is a node whose kubelet stopped so long ago.
func nodeDown(ago time.Duration) change {
	return func(w *world) {
		n := w.facts.Node
		n.Ready, n.Turned, n.Unready = false, w.facts.ObservedAt.Add(-ago), "Kubelet stopped posting node status."
	}
}

func madeAgo(ago time.Duration) change {
	return func(w *world) { w.facts.Pod.Created = w.facts.ObservedAt.Add(-ago) }
}

// given is the scheduler's word that the pod was given to its node.
func given(ago time.Duration) change {
	return func(w *world) {
		event("Scheduled", "Successfully assigned shop/web-1 to node1", ago)(w)
		w.facts.Events[len(w.facts.Events)-1].Type = "Normal"
	}
}

// TestNodeThatDoesNothing: whoever waits for a pod has to hear that its kubelet
// is not at work.
func TestNodeThatDoesNothing(t *testing.T) {
	down, silent := nodeDown(time.Hour), containerIs("", "")
	const stopped = `("Kubelet stopped posting node status.")`
	for _, r := range []struct {
		name   string
		world  *world
		says   string
		looks  bool
		status string // of the error step
	}{
		{"never started", newWorld("", silent, down), "web-1 has not started, and no pull has failed: node node1 is NotReady since ", true, runbook.StatusWarning},
		{"why", newWorld("", silent, down), stopped + ", and its kubelet pulls nothing meanwhile.", true, runbook.StatusWarning},
		{"waits for a volume", newWorld("", containerIs(runbook.StateWaiting, "ContainerCreating"), warning("FailedMount", "x"), down), "pulls nothing meanwhile", true, runbook.StatusWarning},
		{"was pulling", newWorld("", containerIs(runbook.StateWaiting, "ContainerCreating"), event("Pulling", "x", time.Hour), down), "pulls nothing meanwhile", true, runbook.StatusWarning},
		{"crashed", newWorld("", containerIs(runbook.StateWaiting, "CrashLoopBackOff"), down), stopped + ": this is what it said last.", true, runbook.StatusWarning},
		{"ran", newWorld("", containerIs(runbook.StateRunning, ""), down), "every container has its image. Nothing to do. But node node1 is NotReady", true, runbook.StatusWarning},
		{"no moment known", newWorld("", silent, func(w *world) { w.facts.Node.Ready, w.facts.Node.Unready = false, "NodeStatusUnknown" }), `node node1 is NotReady ("NodeStatusUnknown"), and its kubelet`, true, runbook.StatusWarning},
		{"nothing said of the node", newWorld("", silent, madeAgo(time.Minute), func(w *world) { w.facts.Node.Ready = false }), "Ask again in a minute", false, runbook.StatusOK},
		{"node not readable", newWorld("", silent, madeAgo(time.Minute), func(w *world) { w.facts.Node = nil }), "Ask again in a minute", false, runbook.StatusOK},
		{"not taken up", newWorld("", silent, madeAgo(10*time.Minute)), "the kubelet of node node1 has not taken it up since ", true, runbook.StatusOK},
		{"just made", newWorld("", silent, madeAgo(time.Minute)), "Ask again in a minute", false, runbook.StatusOK},
		{"just given to the node", newWorld("", silent, madeAgo(time.Hour), given(time.Second)), "Ask again in a minute", false, runbook.StatusOK},
		{"given to the node long ago", newWorld("", silent, madeAgo(time.Hour), given(5*time.Minute)), "has not taken it up since ", true, runbook.StatusOK},
		{"ended", newWorld("", containerIs(runbook.StateTerminated, "Completed"), func(w *world) { w.facts.Pod.Phase = "Succeeded" }, down), "its containers ran and ended. Nothing to do.", false, runbook.StatusWarning},
	} {
		t.Run(r.name, func(t *testing.T) {
			_, v := r.world.diagnose(t)
			if v.Cause != cause.None || !strings.Contains(v.Summary, r.says) {
				t.Errorf("%s: %s does not say %q", v.Cause, v.Summary, r.says)
			}
			if looksAtNode(v) != r.looks || v.Steps[1].Status != r.status {
				t.Errorf("remedies %v, step %s %s", v.Remedies, v.Steps[1].Status, v.Steps[1].Summary)
			}
		})
	}
}

func looksAtNode(v runbook.Verdict) bool {
	return slices.ContainsFunc(v.Remedies, func(r runbook.Remedy) bool {
		return r.Kind == runbook.SeeOtherRunbook && r.Command == "kubectl describe node node1"
	})
}

// TestNoCureOnANodeThatIsDown: the cause stays what it is, but nobody may
// expect its cure to be tried.
func TestNoCureOnANodeThatIsDown(t *testing.T) {
	down := nodeDown(time.Hour)
	for _, r := range []row{
		{"tag", missingTag(down), cause.TagNotFound, cause.Certain, "", runbook.FixImage},
		{"login", newWorld(noLogin, down), cause.AuthMissing, cause.Certain, "", runbook.CreateSecret},
		{"server error", newWorld(broken, says("", answer(cause.RegistryServerError, 503)), down), cause.RegistryServerError, cause.Certain, "", runbook.Wait},
		{"only back-off", newWorld("", waits("ImagePullBackOff", backOff), says("", answer(cause.None, 200)), down), cause.BackOffOnly, cause.CertaintyUnknown, "", runbook.Wait},
	} {
		_, v := r.world.diagnose(t)
		if v.Cause != r.cause || v.Certainty != r.certainty || v.Remedies[0].Kind != r.first {
			t.Errorf("%s: %s, %s, %s first", r.name, v.Cause, v.Certainty, v.Remedies[0].Kind)
		}
		said := strings.Join(slices.Concat(v.Details, v.Notes, v.Steps[1].Evidence), "\n")
		if !strings.Contains(v.Summary, "nothing is retried there") || !strings.Contains(said, "Kubelet stopped posting") || !strings.Contains(v.Steps[1].Summary, "NotReady") || !looksAtNode(v) {
			t.Errorf("%s: %s\n%s\n%s\n%v", r.name, v.Summary, said, v.Steps[1].Summary, v.Remedies)
		}
		if all := said + v.Remedies[0].Title; strings.Contains(all, "within") || strings.Contains(all, "at the latest") {
			t.Errorf("%s promises an attempt: %s", r.name, all)
		}
	}
}
