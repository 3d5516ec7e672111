//go:build linux

package cluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestSeedCounts(t *testing.T) {
	for _, o := range []SeedOptions{BenchSeed(), {Pods: 7, Pending: 2, Waiting: 1}, {Pods: 3, Pending: 3}, {Pods: 5}} {
		got := map[seedKind]int{}
		for i := range o.Pods {
			got[o.kind(i)]++
		}
		if got[pendingPod] != o.Pending || got[waitingPod] != o.Waiting || got[healthyPod] != o.Pods-o.Pending-o.Waiting {
			t.Errorf("%+v makes %v", o, got)
		}
	}
}

// A pod that ran before stays in phase Running while it waits for its image:
// that is what makes it hard to find.
func TestSeedStatusIsTheKubelets(t *testing.T) {
	got := map[seedKind]string{}
	for _, kind := range []seedKind{healthyPod, pendingPod, waitingPod} {
		status := seedStatus(kind, "registry.example.com/a:1")
		c := status.ContainerStatuses[0]
		words := []string{string(status.Phase)}
		if c.State.Waiting != nil {
			words = append(words, c.State.Waiting.Reason)
		}
		if c.LastTerminationState.Terminated != nil {
			words = append(words, "ran")
		}
		got[kind] = strings.Join(words, " ")
	}
	want := map[seedKind]string{healthyPod: "Running", pendingPod: "Pending ImagePullBackOff", waitingPod: "Running ImagePullBackOff ran"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBackOffEventPointsAtItsPod(t *testing.T) {
	pod := seedPod(7)
	pod.Namespace, pod.UID = "team-07", "uid"
	e := backOffEvent(pod)
	if e.InvolvedObject.UID != "uid" || e.InvolvedObject.Name != pod.Name || e.Reason != "BackOff" || e.Type != corev1.EventTypeWarning {
		t.Errorf("event %+v", e)
	}
}
