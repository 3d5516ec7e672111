//go:build linux

package cluster

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// seedKind is what a seeded pod does.
type seedKind int

const (
	healthyPod seedKind = iota
	pendingPod          // waits for its first image
	waitingPod          // ran, was restarted, and now waits for its image
)

// seedPod is a pod of ordinary size on a node that does not exist.
func seedPod(i int) *corev1.Pod {
	app := fmt.Sprintf("app-%03d", i%400)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name:   fmt.Sprintf("%s-%06d", app, i),
			Labels: map[string]string{"app.kubernetes.io/name": app, "app.kubernetes.io/part-of": "seed", "pod-template-hash": fmt.Sprintf("%08x", i%400)},
		},
		Spec: corev1.PodSpec{
			NodeName: fmt.Sprintf("node-%d", i%200),
			Containers: []corev1.Container{{
				Name: "app", Image: fmt.Sprintf("registry.example.com/team/%s:1.%d.0", app, i%7),
				Env: []corev1.EnvVar{{Name: "LOG_LEVEL", Value: "info"}, {Name: "PORT", Value: "8080"}},
			}},
			ImagePullSecrets: []corev1.LocalObjectReference{{Name: "regcred"}},
		},
	}
}

// seedStatus is what a kubelet would report of such a pod.
func seedStatus(kind seedKind, image string) corev1.PodStatus {
	since := metav1.NewTime(time.Now().Add(-10 * time.Minute))
	status := corev1.ContainerStatus{Name: "app", Image: image}
	phase, ready := corev1.PodRunning, corev1.ConditionFalse
	switch kind {
	case pendingPod, waitingPod:
		status.State.Waiting = &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: backOffMessage(image)}
		if kind == pendingPod {
			phase = corev1.PodPending
			break
		}
		status.RestartCount = 3
		status.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", StartedAt: since, FinishedAt: since}
	default:
		ready = corev1.ConditionTrue
		status.Ready = true
		status.ImageID = "registry.example.com/team/app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
		status.State.Running = &corev1.ContainerStateRunning{StartedAt: since}
	}
	return corev1.PodStatus{
		Phase: phase, StartTime: &since, PodIP: "10.1.2.3", HostIP: "192.0.2.17",
		ContainerStatuses: []corev1.ContainerStatus{status},
		Conditions: []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: since},
			{Type: corev1.PodInitialized, Status: corev1.ConditionTrue, LastTransitionTime: since},
			{Type: corev1.ContainersReady, Status: ready, LastTransitionTime: since},
			{Type: corev1.PodReady, Status: ready, LastTransitionTime: since},
		},
	}
}

func backOffMessage(image string) string {
	return fmt.Sprintf("Back-off pulling image %q: ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image %q: failed to resolve image: %s: not found", image, image, image)
}

// backOffEvent is the event that a kubelet writes while a pod waits.
func backOffEvent(pod *corev1.Pod) *corev1.Event {
	at := metav1.Now()
	return &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Name: pod.Name + ".backoff", Namespace: pod.Namespace},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, FieldPath: "spec.containers{app}",
		},
		Reason: "BackOff", Message: backOffMessage(pod.Spec.Containers[0].Image), Type: corev1.EventTypeWarning,
		Count: 12, FirstTimestamp: at, LastTimestamp: at, Source: corev1.EventSource{Component: "kubelet", Host: pod.Spec.NodeName},
	}
}
