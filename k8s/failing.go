package k8s

import (
	"strings"
	"time"

	"github.com/distribution/reference"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/message"
)

// FailingPulls are the containers of the pod that wait for an image they do not
// get, whatever the pod's phase. A pod that is being deleted or has ended has
// none: the kubelet no longer tries.
func FailingPulls(pod *corev1.Pod) []runbook.FailingPull {
	if pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded {
		return nil
	}
	var failing []runbook.FailingPull
	for _, c := range containers(pod) {
		if c.status == nil || c.status.State.Waiting == nil || !message.IsPullReason(c.status.State.Waiting.Reason) {
			continue
		}
		waiting := c.status.State.Waiting
		failing = append(failing, runbook.FailingPull{
			Namespace: pod.Namespace, Pod: pod.Name, Container: c.name,
			Image:  waitedFor(c, imageVolumes(&pod.Spec)),
			Reason: cut(waiting.Reason), Message: cut(waiting.Message),
			Since: waitingSince(pod, c), Workload: nearestOwner(pod.OwnerReferences),
			Ran: pod.Status.Phase == corev1.PodRunning, Ignored: asksToBeIgnored(&pod.ObjectMeta),
		})
	}
	return failing
}

// waitedFor is the image that the container waits for: its own, or that of an
// image volume it mounts. The kubelet shows a volume's failure on the container
// and quotes the image in the message only.
func waitedFor(c container, volumes []runbook.Volume) string {
	mounted := c.mounted(volumes)
	if len(mounted) == 0 {
		return c.image
	}
	quoted := message.Read(c.status.State.Waiting.Message).Image
	if quoted == "" || sameImage(quoted, c.image) {
		return c.image
	}
	for _, v := range mounted {
		if sameImage(quoted, v.Image) {
			return v.Image
		}
	}
	return c.image
}

// sameImage compares two references after the rules of Docker names: runtimes
// quote the full form of what a pod writes short.
func sameImage(a, b string) bool { return a == b || fullName(a) == fullName(b) }

func fullName(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return image
	}
	return strings.TrimSpace(reference.TagNameOnly(named).String())
}

// waitingSince is the best that the status tells about when the wait began: the
// moment the containers stopped being ready (for a pod that never was: when the
// kubelet first said so), or the end of the container's last run if that came
// later; else the pod's creation.
func waitingSince(pod *corev1.Pod, c container) time.Time {
	since := pod.CreationTimestamp.Time
	for _, kind := range []corev1.PodConditionType{corev1.ContainersReady, corev1.PodReady, corev1.PodInitialized} {
		if found := condition(pod, kind); found != nil && found.Status != corev1.ConditionTrue && !found.LastTransitionTime.IsZero() {
			since = found.LastTransitionTime.Time
			break
		}
	}
	if last := c.status.LastTerminationState.Terminated; last != nil && last.FinishedAt.After(since) {
		since = last.FinishedAt.Time
	}
	return since
}

// nearestOwner is KIND/NAME of the controller as the object names it.
func nearestOwner(owners []metav1.OwnerReference) string {
	if owner := controllerOf(owners); owner != nil {
		return owner.Kind + "/" + owner.Name
	}
	return ""
}

func controllerOf(owners []metav1.OwnerReference) *metav1.OwnerReference {
	for i := range owners {
		if owners[i].Controller != nil && *owners[i].Controller {
			return &owners[i]
		}
	}
	return nil
}
