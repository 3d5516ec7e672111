package runbook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

func containerIs(state, reason string) change {
	return func(w *world) {
		c := &w.facts.Pod.Containers[0]
		c.State, c.Reason, c.Message = state, reason, ""
	}
}

// restarted makes the container one that runs for so long, after restarts.
func restarted(times int, ago time.Duration) change {
	return func(w *world) {
		c := &w.facts.Pod.Containers[0]
		c.Restarts, c.ExitCode, c.Started = times, min(times, 1), w.facts.ObservedAt.Add(-ago)
	}
}

func TestNothingWrong(t *testing.T) {
	for _, r := range []struct {
		name  string
		world *world
		says  string
		first runbook.Kind
	}{
		{"running", newWorld("", containerIs(runbook.StateRunning, ""), event("Pulled", `Successfully pulled image "x" in 1s`, time.Hour)), "shop/web-1 pulls fine: image present since", ""},
		{"crashing", newWorld("", containerIs(runbook.StateWaiting, "CrashLoopBackOff")), "does not stay up", runbook.SeeOtherRunbook},
		{"between two crashes", newWorld("", containerIs(runbook.StateRunning, ""), restarted(3, 9*time.Minute)), "does not stay up (running again, last exit code 1, 3 restarts)", runbook.SeeOtherRunbook},
		{"restarted long ago", newWorld("", containerIs(runbook.StateRunning, ""), restarted(3, 11*time.Minute)), "pulls fine: every container has its image. Nothing to do.", ""},
		{"started a moment ago", newWorld("", containerIs(runbook.StateRunning, ""), restarted(0, time.Second)), "pulls fine: every container has its image. Nothing to do.", ""},
		{"config error", newWorld("", containerIs(runbook.StateWaiting, "CreateContainerConfigError")), "cannot be started (CreateContainerConfigError)", runbook.SeeOtherRunbook},
		{"pulling", newWorld("", containerIs(runbook.StateWaiting, "ContainerCreating"), event("Pulling", `Pulling image "x"`, time.Second)), `is still pulling ("Pulling image "x"", since`, ""},
		{"volume missing", newWorld("", containerIs(runbook.StateWaiting, "ContainerCreating"), warning("FailedMount", `configmap "nope" not found`)), `does not start, but no pull has failed: FailedMount "configmap "nope" not found".`, runbook.SeeOtherRunbook},
		{"being deleted", newWorld(notFound, func(w *world) { w.facts.Pod.Deleting = true }), "is being deleted", ""},
		{"starting", newWorld("", containerIs(runbook.StateWaiting, "ContainerCreating")), "no pull has failed", ""},
		{"unscheduled", newWorld("", containerIs("", ""), func(w *world) {
			w.facts.Pod.Scheduled, w.facts.Pod.Unschedulable, w.facts.Node = false, "0/3 nodes are available.", nil
		}), "is not scheduled yet, so nothing is pulled: 0/3 nodes are available.", runbook.SeeOtherRunbook},
	} {
		t.Run(r.name, func(t *testing.T) {
			_, v := r.world.diagnose(t)
			if v.Cause != cause.None || v.Severity != "" {
				t.Errorf("cause %s, severity %q", v.Cause, v.Severity)
			}
			if !strings.Contains(v.Summary, r.says) {
				t.Errorf("summary %q does not say %q", v.Summary, r.says)
			}
			if r.first != "" && (len(v.Remedies) == 0 || v.Remedies[0].Kind != r.first) {
				t.Errorf("remedies %+v", v.Remedies)
			}
		})
	}
}

// TestLostReason: after a kubelet restart the status may show nothing for a
// moment; the newest event still tells that the pull fails.
func TestLostReason(t *testing.T) {
	failed := event("Failed", `Failed to pull image "`+image+`": `+notFound, 2*time.Minute)
	missing := says("", answer(cause.TagNotFound, 404))
	_, v := newWorld("", containerIs(runbook.StateWaiting, "ContainerCreating"), failed, missing).diagnose(t)
	if v.Cause != cause.TagNotFound {
		t.Errorf("cause %s: %s", v.Cause, v.Summary)
	}
	_, v = newWorld("", containerIs(runbook.StateWaiting, "ContainerCreating"), failed, missing, event("Pulled", "Successfully pulled", time.Minute)).diagnose(t)
	if v.Cause != cause.None {
		t.Errorf("cause %s though it was pulled since", v.Cause)
	}
}

func TestImageVolume(t *testing.T) {
	volume := host + "/acme/data:v9"
	message := `failed to pull and unpack image "` + volume + `": failed to resolve image: ` + volume + `: not found`
	_, v := newWorld(message, says("", answer(cause.TagNotFound, 404)), func(w *world) {
		w.facts.Pod.Volumes = []runbook.Volume{{Name: "data", Image: volume}}
		w.facts.Pod.Containers[0].Volumes = []string{"data"}
	}).diagnose(t)
	if v.Image != volume || v.Cause != cause.TagNotFound {
		t.Errorf("image %s, cause %s", v.Image, v.Cause)
	}
}

func TestTwoContainersTwoFaults(t *testing.T) {
	_, v := newWorld(notFound, says("", answer(cause.TagNotFound, 404)), func(w *world) {
		w.facts.Pod.Containers = append(w.facts.Pod.Containers, runbook.Container{
			Name: "side", Kind: runbook.KindContainer, Image: "reg.example.com/Bad", State: runbook.StateWaiting, Reason: "InvalidImageName",
			Message: `couldn't parse image name "reg.example.com/Bad": invalid reference format: repository name (Bad) must be lowercase`,
		})
	}).diagnose(t)
	if v.Container != "app" || len(v.Failures) != 1 || v.Failures[0].Cause != cause.InvalidReference || v.Failures[0].Container != "side" {
		t.Errorf("verdict %s on %s, failures %+v", v.Cause, v.Container, v.Failures)
	}
	if got := v.Failures[0].Suggestions; len(got) != 1 || got[0] != "reg.example.com/bad" {
		t.Errorf("suggestions %v", got)
	}
}

func TestSandboxImage(t *testing.T) {
	message := `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image "registry.k8s.io/pause:3.9": failed to pull image "registry.k8s.io/pause:3.9": failed to pull and unpack image "registry.k8s.io/pause:3.9": failed to resolve reference "registry.k8s.io/pause:3.9": dial tcp: i/o timeout`
	_, v := newWorld("", containerIs(runbook.StateWaiting, "ContainerCreating"), func(w *world) {
		at := w.facts.ObservedAt
		w.facts.Events = append(w.facts.Events, runbook.Event{Reason: "FailedCreatePodSandBox", Message: message, First: at, Last: at, Count: 1})
	}).diagnose(t)
	if v.Cause != cause.SandboxImage || v.Certainty != cause.Certain || v.Remedies[0].Kind != runbook.Escalate {
		t.Errorf("verdict %s %s %v", v.Cause, v.Certainty, kinds(v.Remedies))
	}
}

func warning(reason, message string) change {
	return func(w *world) {
		event(reason, message, time.Minute)(w)
		w.facts.Events[len(w.facts.Events)-1].Type = "Warning"
	}
}

// TestTheNextRunbookHasACommandThatWorks: a container that never started has no
// log, and one that did not restart has no earlier one.
func TestTheNextRunbookHasACommandThatWorks(t *testing.T) {
	exited := func(w *world) {
		containerIs(runbook.StateTerminated, "Error")(w)
		w.facts.Pod.Phase, w.facts.Pod.Containers[0].ExitCode = "Failed", 1
	}
	restarted := func(w *world) {
		containerIs(runbook.StateWaiting, "CrashLoopBackOff")(w)
		w.facts.Pod.Containers[0].Restarts = 3
	}
	for want, w := range map[string]*world{
		"kubectl -n shop describe pod web-1":           newWorld("", containerIs(runbook.StateWaiting, "RunContainerError")),
		"kubectl -n shop logs web-1 -c app":            newWorld("", exited),
		"kubectl -n shop logs web-1 -c app --previous": newWorld("", restarted),
	} {
		_, v := w.diagnose(t)
		if v.Cause != cause.None || v.Remedies[0].Command != want {
			t.Errorf("%s: %s, want %s", v.Summary, v.Remedies[0].Command, want)
		}
	}
}
