package cluster

import (
	"crypto/sha256"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// publish writes the pod's status as the worker knows it.
func (w *worker) publish() {
	c := w.kubelet.cluster
	_, err := c.store.write(c.byKind("Pod"), w.key, func(now object) (object, error) {
		if now == nil || string(now.GetUID()) != w.uid {
			return now, nil
		}
		pod, _ := now.DeepCopyObject().(*corev1.Pod)
		w.fill(pod)
		if equality.Semantic.DeepEqual(now, pod) {
			return now, nil
		}
		e := editor{manager: "kubelet", apiVersion: "v1", subresource: "status"}
		return pod, e.record(now, pod)
	})
	if err != nil {
		c.log.Error("publishing a pod's status", "pod", w.key.path(), "err", err)
	}
}

func (w *worker) fill(pod *corev1.Pod) {
	if pod.Status.StartTime == nil {
		start := metav1.NewTime(w.since.UTC().Truncate(1e9))
		pod.Status.StartTime = &start
	}
	pod.Status.HostIP = "127.0.0.1"
	pod.Status.HostIPs = []corev1.HostIP{{IP: "127.0.0.1"}}
	pod.Status.PodIP = w.address()
	pod.Status.PodIPs = []corev1.PodIP{{IP: pod.Status.PodIP}}
	initialized := true
	for _, container := range pod.Spec.InitContainers {
		state := w.states[containerAt{spec: container, list: "initContainers"}.id()]
		initialized = initialized && (state.Terminated != nil || state.Running != nil)
	}
	pod.Status.InitContainerStatuses = w.statuses(pod.Spec.InitContainers, "initContainers", true)
	pod.Status.ContainerStatuses = w.statuses(pod.Spec.Containers, "containers", initialized)
	pod.Status.Phase = phaseOf(pod, initialized)
	setConditions(pod, initialized)
}

// address is a pod address that stays the same for the pod.
func (w *worker) address() string {
	sum := sha256.Sum256([]byte(w.uid))
	return fmt.Sprintf("10.244.%d.%d", sum[0]%250+1, sum[1]%250+2)
}

func (w *worker) statuses(containers []corev1.Container, list string, begun bool) []corev1.ContainerStatus {
	var out []corev1.ContainerStatus
	for _, container := range containers {
		id := containerAt{spec: container, list: list}.id()
		state, known := w.states[id]
		status := corev1.ContainerStatus{Name: container.Name, Image: container.Image, State: state, LastTerminationState: w.last[id]}
		if status.LastTerminationState.Terminated != nil {
			status.RestartCount = 1
		}
		if !known {
			reason := "ContainerCreating"
			if !begun || list == "initContainers" {
				reason = "PodInitializing"
			}
			status.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}
		}
		status.ImageID = w.pulled[id+"@"+container.Image]
		if status.ImageID != "" {
			status.Image, _ = fullName(container.Image) // it was pulled, so it has one
			status.ContainerID = fmt.Sprintf("containerd://%x", sha256.Sum256([]byte(w.uid+id)))
		}
		started := state.Running != nil
		status.Started = &started
		status.Ready = started || list == "initContainers" && state.Terminated != nil
		out = append(out, status)
	}
	return out
}

// phaseOf is the kubelet's getPhase: a container that never ran keeps the pod
// pending.
func phaseOf(pod *corev1.Pod, initialized bool) corev1.PodPhase {
	running, done, waiting := 0, 0, 0
	for _, status := range pod.Status.ContainerStatuses {
		switch {
		case status.State.Running != nil:
			running++
		case status.State.Terminated != nil, status.LastTerminationState.Terminated != nil:
			done++
		default:
			waiting++
		}
	}
	switch {
	case !initialized, waiting > 0:
		return corev1.PodPending
	case running == 0 && done > 0 && pod.Spec.RestartPolicy != corev1.RestartPolicyAlways:
		return corev1.PodSucceeded
	}
	return corev1.PodRunning
}

func setConditions(pod *corev1.Pod, initialized bool) {
	var unready []string
	for _, status := range pod.Status.ContainerStatuses {
		if !status.Ready {
			unready = append(unready, status.Name)
		}
	}
	reason, message := "", ""
	switch {
	case pod.Status.Phase == corev1.PodSucceeded:
		reason = "PodCompleted"
	case len(unready) > 0:
		reason, message = "ContainersNotReady", fmt.Sprintf("containers with unready status: %s", listed(unready))
	}
	setCondition(pod, corev1.PodCondition{Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionTrue})
	uninitialized := corev1.PodCondition{Type: corev1.PodInitialized, Status: corev1.ConditionTrue}
	if !initialized {
		uninitialized.Status, uninitialized.Reason = corev1.ConditionFalse, "ContainersNotInitialized"
	}
	setCondition(pod, uninitialized)
	for _, kind := range []corev1.PodConditionType{corev1.PodReady, corev1.ContainersReady} {
		status := corev1.ConditionTrue
		if reason != "" {
			status = corev1.ConditionFalse
		}
		setCondition(pod, corev1.PodCondition{Type: kind, Status: status, Reason: reason, Message: message})
	}
}

func listed(names []string) string { return "[" + strings.Join(names, " ") + "]" }

// setCondition keeps the time of the last transition.
func setCondition(pod *corev1.Pod, want corev1.PodCondition) {
	want.LastTransitionTime = timestamp()
	for i, have := range pod.Status.Conditions {
		if have.Type != want.Type {
			continue
		}
		if have.Status == want.Status {
			want.LastTransitionTime = have.LastTransitionTime
		}
		pod.Status.Conditions[i] = want
		return
	}
	pod.Status.Conditions = append(pod.Status.Conditions, want)
}
