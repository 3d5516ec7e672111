package runbook

import (
	"slices"
	"strings"
)

// severityOf is P1 when the failure blocks a rollout or costs a workload its
// availability, P2 for a single pod.
func severityOf(hit bool) string {
	if hit {
		return P1
	}
	return P2
}

// hit tells that the failure blocks a rollout or costs a workload its
// availability.
func hit(f Facts) bool {
	w := f.Workload
	if w == nil || w.Kind == "Job" || w.Kind == "CronJob" {
		return false
	}
	return w.Blocked || w.Available < w.Desired
}

// hit tells the same of a group as far as a list of pods allows: a pod of a
// controller that keeps pods running is either one that it misses, or one that
// its rollout waits for. More than one pod is no single one.
func (g Group) hit() bool {
	if g.Scope().Pods > 1 {
		return true
	}
	return slices.ContainsFunc(g.Pods, func(p GroupPod) bool {
		kind, _, _ := strings.Cut(p.Workload, "/")
		return serving(kind)
	})
}

// serving tells the nearest owners that keep a number of pods running.
func serving(kind string) bool {
	switch kind {
	case "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController":
		return true
	}
	return false
}
