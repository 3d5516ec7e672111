//go:build e2e && linux

package e2e

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// condition is what a pod has to have come to.
type condition func(pod *corev1.Pod) bool

// reached waits for a condition of the stage's pods, all of them where there
// are several.
func (s *stage) reached(what string, is condition) {
	s.t.Helper()
	s.await(what, func(ctx context.Context) bool {
		pods := s.pods(ctx)
		return len(pods) > 0 && !slices.ContainsFunc(pods, func(p corev1.Pod) bool { return !is(&p) })
	})
}

func (s *stage) pods(ctx context.Context) []corev1.Pod {
	s.t.Helper()
	list, err := s.Client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{})
	s.must(err)
	return list.Items
}

// statuses are those of all kinds of containers.
func statuses(pod *corev1.Pod) []corev1.ContainerStatus {
	return slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses)
}

// waitsForImage says that a container waits because of its image, for whatever
// reason the kubelet gives: with a malformed secret the reason is free text.
func waitsForImage(status corev1.ContainerStatus) bool {
	w := status.State.Waiting
	if w == nil {
		return false
	}
	switch w.Reason {
	case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable":
		return true
	}
	return strings.Contains(w.Message, "illegal base64")
}

// failing is a condition: so many containers wait for their image.
func failing(containers int) condition {
	return func(pod *corev1.Pod) bool {
		n := 0
		for _, status := range statuses(pod) {
			if waitsForImage(status) {
				n++
			}
		}
		return n >= containers
	}
}

// running is a condition: all containers run.
func running(pod *corev1.Pod) bool { return pod.Status.Phase == corev1.PodRunning }

// crashing is a condition: a container was started again. It may wait for the
// next time, run for a moment, or have just ended.
func crashing(pod *corev1.Pod) bool {
	return slices.ContainsFunc(statuses(pod), func(s corev1.ContainerStatus) bool { return s.RestartCount > 0 })
}

// unscheduled is a condition: the scheduler found no node.
func unscheduled(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable
	})
}

// backedOff is a condition: the kubelet waits before the next attempt.
func backedOff(pod *corev1.Pod) bool {
	return slices.ContainsFunc(statuses(pod), func(s corev1.ContainerStatus) bool {
		return s.State.Waiting != nil && s.State.Waiting.Reason == "ImagePullBackOff"
	})
}

func (s *stage) events(ctx context.Context) []corev1.Event {
	s.t.Helper()
	list, err := s.Client.CoreV1().Events(s.namespace).List(ctx, metav1.ListOptions{})
	s.must(err)
	slices.SortStableFunc(list.Items, func(a, b corev1.Event) int {
		return cmp.Or(a.FirstTimestamp.Compare(b.FirstTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return list.Items
}

// forgetFailures deletes the events that tell why a pull failed, as time does
// after an hour, and leaves those of reason BackOff.
func (s *stage) forgetFailures() {
	s.t.Helper()
	var left []string
	s.await("BackOff event", func(ctx context.Context) bool {
		left = nil
		for _, e := range s.events(ctx) {
			left = append(left, e.Reason)
		}
		return slices.Contains(left, "BackOff")
	})
	for _, e := range s.events(s.t.Context()) {
		if e.Reason != "BackOff" {
			s.must(s.Client.CoreV1().Events(s.namespace).Delete(s.t.Context(), e.Name, metav1.DeleteOptions{}))
		}
	}
}

// describe is what a person would look at: the pods' statuses and the events.
func (s *stage) describe() string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.t.Context()), 10*time.Second)
	defer cancel()
	var text strings.Builder
	pods, err := s.Client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	for _, pod := range pods.Items {
		for _, status := range statuses(&pod) {
			state, _ := yaml.Marshal(status.State) // an API type always marshals
			fmt.Fprintf(&text, "pod %s, phase %s, container %s, image %s:\n%s", pod.Name, pod.Status.Phase, status.Name, status.Image, state)
		}
	}
	for _, e := range s.events(ctx) {
		fmt.Fprintf(&text, "event %s %s (%d, %s): %s\n", e.InvolvedObject.Name, e.Reason, e.Count, e.InvolvedObject.FieldPath, e.Message)
	}
	return text.String()
}
