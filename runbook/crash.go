package runbook

import (
	"fmt"
	"strings"
	"time"
)

// steady is how long a container must have run before the kubelet starts its
// back-off anew, and before a restart is history: twice the longest back-off
// (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy).
const steady = 10 * time.Minute

// crashing finds a container that was pulled and does not stay up. One that
// crashes runs for a moment between two crashes, and is no better for it.
func crashing(p Pod, now time.Time) *Container {
	for i, c := range p.Containers {
		switch {
		case c.State == StateRunning && c.Restarts > 0 && !c.Started.IsZero() && now.Sub(c.Started) < steady:
			return &p.Containers[i]
		case c.State == StateWaiting && (c.Reason == "CrashLoopBackOff" || strings.HasPrefix(c.Reason, "Create") || strings.HasPrefix(c.Reason, "Run")):
			return &p.Containers[i]
		case c.State == StateTerminated && c.ExitCode != 0 && p.Phase != "Succeeded":
			return &p.Containers[i]
		}
	}
	return nil
}

func crashSummary(where string, c Container) string {
	if c.neverStarted() {
		return fmt.Sprintf("%s pulls fine: container %s has its image, but cannot be started (%s).", where, c.Name, c.Reason)
	}
	return fmt.Sprintf("%s pulls fine: container %s has its image, but does not stay up (%s).", where, c.Name, crashWord(c))
}

// neverStarted tells that the runtime could not start the container, which then
// has no log.
func (c Container) neverStarted() bool {
	return c.State == StateWaiting && c.Reason != "CrashLoopBackOff"
}

func afterCrash(f Facts, c Container) Remedy {
	if c.neverStarted() {
		return otherRunbook(f, "Find out why it cannot be started", "describe", "pod", f.Pod.Name)
	}
	words := []string{"logs", f.Pod.Name, "-c", c.Name}
	if c.Restarts > 0 {
		words = append(words, "--previous")
	}
	r := otherRunbook(f, "Find out why it crashes", words...)
	if c.endsAtOnce() {
		r.Why += fmt.Sprintf(" If its log says %q, the image is built for another architecture than %s.", wrongFormat, orWord(f.arch(), "the node's"))
	}
	return r
}

func crashWord(c Container) string {
	if c.State == StateRunning {
		return fmt.Sprintf("running again, last exit code %d, %s", c.ExitCode, count(c.Restarts, "restart"))
	}
	if c.State == StateTerminated || c.Reason == "CrashLoopBackOff" {
		return fmt.Sprintf("%s, last exit code %d, %s", orWord(c.Reason, "terminated"), c.ExitCode, count(c.Restarts, "restart"))
	}
	return c.Reason
}
