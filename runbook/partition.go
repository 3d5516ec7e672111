package runbook

import (
	"fmt"
	"strconv"
	"strings"
)

// Ordinal is the number of a StatefulSet's pod, NAME-NUMBER.
func Ordinal(set, pod string) (int, bool) {
	number, ok := strings.CutPrefix(pod, set+"-")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(number)
	return n, err == nil && n >= 0
}

// heldBack tells a pod that its StatefulSet makes from the old template again: a
// rollout stops at the partition, and pods below it keep their revision
// (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#partitions).
func (e evidence) heldBack() bool {
	w := e.facts.Workload
	if w == nil || w.Kind != "StatefulSet" {
		return false
	}
	ordinal, ok := Ordinal(w.Name, e.facts.Pod.Name)
	return ok && ordinal < w.Partition
}

// lowerPartition lets the corrected template reach the failing pods. A
// StatefulSet in order does not replace the broken one by itself.
func (e evidence) lowerPartition() Remedy {
	w := e.facts.Workload
	lowest := w.Partition
	for _, pod := range e.failingPods() {
		if n, ok := Ordinal(w.Name, pod); ok {
			lowest = min(lowest, n)
		}
	}
	patch := fmt.Sprintf(`{"spec":{"updateStrategy":{"rollingUpdate":{"partition":%d}}}}`, lowest)
	r := Remedy{
		Kind: FixImage, Title: fmt.Sprintf("Lower the partition of %s to %d", e.object(), lowest), Object: e.object(),
		Why:     fmt.Sprintf("The template is right by now, but the partition %d keeps the pods below it at the old one: a pod that is deleted comes back as it was.", w.Partition),
		Command: e.kubectl("patch", e.object(), "--type=merge", "--patch", patch),
		Risk:    fmt.Sprintf("every pod from %s-%d on gets the new template", w.Name, lowest) + e.reverted(w.Owner),
	}
	if w.Ordered {
		r.Command += " && " + e.kubectl(append([]string{"delete", "pod"}, e.failingPods()...)...)
	}
	return r
}
