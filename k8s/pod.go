package k8s

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullfix/pullfix/runbook"
)

// messageBytes bounds a quoted message.
const messageBytes = 8 << 10

// mirrorAnnotation marks the API server's copy of a static pod; its value is
// the UID under which the kubelet reports events about it.
const mirrorAnnotation = corev1.MirrorPodAnnotationKey

// podFacts are what a pod says about itself.
func podFacts(pod *corev1.Pod) runbook.Pod {
	facts := runbook.Pod{
		Name: pod.Name, UID: string(pod.UID), Phase: string(pod.Status.Phase),
		Created: pod.CreationTimestamp.Time, Deleting: pod.DeletionTimestamp != nil,
		Static:        pod.Annotations[mirrorAnnotation] != "",
		Scheduled:     pod.Spec.NodeName != "",
		Unschedulable: unschedulable(pod), PullSecrets: referenced(pod.Spec.ImagePullSecrets),
		Nameless:       nameless(pod.Spec.ImagePullSecrets),
		ServiceAccount: pod.Spec.ServiceAccountName, Volumes: imageVolumes(&pod.Spec),
	}
	for _, c := range containers(pod) {
		facts.Containers = append(facts.Containers, c.facts(facts.Volumes))
	}
	return facts
}

func unschedulable(pod *corev1.Pod) string {
	if c := condition(pod, corev1.PodScheduled); c != nil && c.Status == corev1.ConditionFalse {
		return cut(c.Message)
	}
	return ""
}

func condition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == kind {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

// referenced are the names of pull secrets; the kubelet skips empty ones.
func referenced(references []corev1.LocalObjectReference) []string {
	var names []string
	for _, r := range references {
		if r.Name != "" {
			names = append(names, r.Name)
		}
	}
	return names
}

// nameless tells a list that names no pull secret and still is one: admission
// adds a ServiceAccount's secrets only to a pod whose list is empty
// (plugin/pkg/admission/serviceaccount).
func nameless(references []corev1.LocalObjectReference) bool {
	return len(references) > 0 && len(referenced(references)) == 0
}

func imageVolumes(spec *corev1.PodSpec) []runbook.Volume {
	var volumes []runbook.Volume
	for _, v := range spec.Volumes {
		if v.Image != nil {
			volumes = append(volumes, runbook.Volume{Name: v.Name, Image: v.Image.Reference, PullPolicy: string(v.Image.PullPolicy)})
		}
	}
	return volumes
}

// container is one container of any kind with its status, which is nil while
// the kubelet reports none.
type container struct {
	kind, name, image, policy string
	mounts                    []corev1.VolumeMount
	status                    *corev1.ContainerStatus
}

// containers is the one walk over a pod's containers: init, ordinary and
// ephemeral ones, in that order.
func containers(pod *corev1.Pod) []container {
	var all []container
	add := func(kind string, c corev1.Container, statuses []corev1.ContainerStatus) {
		all = append(all, container{
			kind: kind, name: c.Name, image: c.Image, policy: string(c.ImagePullPolicy),
			mounts: c.VolumeMounts, status: statusOf(statuses, c.Name),
		})
	}
	for _, c := range pod.Spec.InitContainers {
		add(runbook.KindInit, c, pod.Status.InitContainerStatuses)
	}
	for _, c := range pod.Spec.Containers {
		add(runbook.KindContainer, c, pod.Status.ContainerStatuses)
	}
	for _, c := range pod.Spec.EphemeralContainers {
		add(runbook.KindEphemeral, corev1.Container(c.EphemeralContainerCommon), pod.Status.EphemeralContainerStatuses)
	}
	return all
}

func statusOf(statuses []corev1.ContainerStatus, name string) *corev1.ContainerStatus {
	i := slices.IndexFunc(statuses, func(s corev1.ContainerStatus) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &statuses[i]
}

func (c container) facts(volumes []runbook.Volume) runbook.Container {
	facts := runbook.Container{Name: c.name, Kind: c.kind, Image: c.image, PullPolicy: c.policy}
	for _, v := range c.mounted(volumes) {
		facts.Volumes = append(facts.Volumes, v.Name)
	}
	if c.status == nil {
		return facts
	}
	facts.ImageID, facts.Ready, facts.Restarts = c.status.ImageID, c.status.Ready, int(c.status.RestartCount)
	if last := c.status.LastTerminationState.Terminated; last != nil {
		facts.ExitCode, facts.LastMessage, facts.Lasted = int(last.ExitCode), cut(last.Message), lasted(last)
	}
	switch state := c.status.State; {
	case state.Waiting != nil:
		facts.State, facts.Reason, facts.Message = runbook.StateWaiting, cut(state.Waiting.Reason), cut(state.Waiting.Message)
	case state.Running != nil:
		facts.State, facts.Started = runbook.StateRunning, state.Running.StartedAt.UTC()
	case state.Terminated != nil:
		facts.State, facts.Reason, facts.Message = runbook.StateTerminated, cut(state.Terminated.Reason), cut(state.Terminated.Message)
		facts.ExitCode, facts.Lasted = int(state.Terminated.ExitCode), lasted(state.Terminated)
	}
	return facts
}

// lasted is how long a container ran; zero when that is not known.
func lasted(t *corev1.ContainerStateTerminated) time.Duration {
	if t.StartedAt.IsZero() || t.FinishedAt.IsZero() {
		return 0
	}
	return max(t.FinishedAt.Sub(t.StartedAt.Time), 0)
}

// mounted are the image volumes that the container mounts.
func (c container) mounted(volumes []runbook.Volume) []runbook.Volume {
	var mounted []runbook.Volume
	for _, v := range volumes {
		if slices.ContainsFunc(c.mounts, func(m corev1.VolumeMount) bool { return m.Name == v.Name }) {
			mounted = append(mounted, v)
		}
	}
	return mounted
}

// cut bounds a text that came from outside, at the end of a letter.
func cut(text string) string {
	if len(text) <= messageBytes {
		return strings.ToValidUTF8(text, "�")
	}
	end := messageBytes
	for end > messageBytes-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.ToValidUTF8(text[:end], "�") + "…"
}
