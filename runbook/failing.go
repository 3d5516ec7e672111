package runbook

import (
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/message"
)

// failingPulls finds the images that the pod waits for, in the order of its
// containers: one walk over all kinds of container, image volumes and the pause
// image, for everything that reports or acts.
func failingPulls(f Facts) []Pull {
	var pulls []Pull
	if f.Pod.Deleting || f.Pod.Phase == "Failed" || f.Pod.Phase == "Succeeded" {
		return nil // the kubelet does not try any more
	}
	for _, c := range f.Pod.Containers {
		if p, ok := containerPull(f, c); ok && !contains(pulls, p) {
			pulls = append(pulls, p)
		}
	}
	if len(pulls) == 0 {
		pulls = append(pulls, podWidePulls(f)...)
	}
	return pulls
}

// contains tells whether the same image already fails for the same reason in
// another container: an image volume that two containers mount is one failure.
func contains(pulls []Pull, p Pull) bool {
	for _, q := range pulls {
		if q.Image == p.Image && q.Volume != "" && q.Volume == p.Volume {
			return true
		}
	}
	return false
}

// containerPull judges one container's status; events fill in what the status
// does not say.
func containerPull(f Facts, c Container) (Pull, bool) {
	if c.State == StateRunning || c.State == StateTerminated {
		return Pull{}, false
	}
	p := Pull{
		Container: c.Name, Kind: c.Kind, Image: c.Image, PullPolicy: c.PullPolicy,
		Reason: c.Reason, Message: c.Message, Since: waitingSince(f, c.Name),
	}
	reading := message.Waiting(c.Reason, c.Message)
	switch {
	case message.IsPullReason(c.Reason) || reading.Cause == cause.PullSecretMalformed:
	case quiet(c.Reason):
		event, ok := newestFailure(f.Events, c.Name)
		if !ok || pulledAfter(f.Events, c.Name, event.Last) {
			return Pull{}, false
		}
		p.Reason = "ErrImagePull"
	case reading.Cause == cause.NotPullFailure || reading.Cause == cause.Unknown:
		return Pull{}, false
	}
	return withVolume(f, c, withEvent(f, p)), true
}

// quiet are the reasons under which the kubelet may hide a pull failure for a
// moment: its reason cache is lost when it restarts.
func quiet(reason string) bool {
	return reason == "" || reason == "ContainerCreating" || reason == "PodInitializing"
}

// withEvent takes the cause from the newest event when the status has only the
// back-off (kubelet ≤ 1.31).
func withEvent(f Facts, p Pull) Pull {
	reading := message.Waiting(p.Reason, p.Message)
	if reading.Cause != cause.BackOffOnly && p.Message != "" {
		return p
	}
	if event, ok := newestFailure(f.Events, p.Container); ok && mentions(event.Message, p.Image) {
		p.Message, p.FromEvent = event.Message, true
	}
	return p
}

func mentions(text, image string) bool {
	return message.Names(text, image)
}

// withVolume finds out that the image is not the container's own but one of an
// image volume: the kubelet puts the failure on the container that mounts it.
func withVolume(f Facts, c Container, p Pull) Pull {
	quoted := message.Read(p.Message).Image
	if quoted == "" || sameImage(quoted, c.Image) {
		return p
	}
	for _, v := range f.Pod.Volumes {
		if sameImage(quoted, v.Image) {
			p.Volume, p.Image, p.PullPolicy = v.Name, v.Image, v.PullPolicy
			return p
		}
	}
	return p
}

// podWidePulls are failures that no container status shows: an image volume
// that no container mounts, and the pause image.
func podWidePulls(f Facts) []Pull {
	if !f.Pod.Scheduled || anyStarted(f.Pod) {
		return nil
	}
	for _, e := range slices.Backward(f.Events) {
		reading := message.Read(e.Message)
		if e.Reason == "FailedCreatePodSandBox" && reading.Cause == cause.SandboxImage {
			return []Pull{{Kind: KindContainer, Image: reading.Image, Reason: e.Reason, Message: e.Message, FromEvent: true, Since: e.First}}
		}
		if v, ok := volumeOf(f, reading.Image); ok && e.Reason == "Failed" && isPullEvent(e) {
			return []Pull{{Kind: KindContainer, Volume: v.Name, Image: v.Image, PullPolicy: v.PullPolicy, Reason: "ErrImagePull", Message: e.Message, FromEvent: true, Since: e.First}}
		}
	}
	return nil
}

func volumeOf(f Facts, image string) (Volume, bool) {
	for _, v := range f.Pod.Volumes {
		if image != "" && sameImage(image, v.Image) {
			return v, true
		}
	}
	return Volume{}, false
}

func anyStarted(p Pod) bool {
	for _, c := range p.Containers {
		if c.State == StateRunning || c.State == StateTerminated {
			return true
		}
	}
	return false
}

// newestFailure is the newest event that tells why a pull of this container
// failed. Events about image volumes carry no container.
func newestFailure(events []Event, container string) (Event, bool) {
	var newest Event
	for _, e := range events {
		if isPullEvent(e) && (e.Container == container || e.Container == "") && !e.Last.Before(newest.Last) {
			newest = e
		}
	}
	return newest, newest.Message != ""
}

// isPullEvent tells the one kind of event that has the cause: the reason Failed
// is shared with failures to create or start a container.
func isPullEvent(e Event) bool {
	text := strings.TrimPrefix(e.Message, "(combined from similar events): ")
	switch e.Reason {
	case "Failed":
		return strings.HasPrefix(text, "Failed to pull image")
	case "InspectFailed", "ErrImageNeverPull":
		return true
	}
	return false
}

func pulledAfter(events []Event, container string, moment time.Time) bool {
	for _, e := range events {
		if e.Reason == "Pulled" && e.Container == container && !e.Last.Before(moment) {
			return true
		}
	}
	return false
}

// waitingSince is when the container began to wait for its image: the first
// failing attempt that is still on record, else the pod's creation.
func waitingSince(f Facts, container string) time.Time {
	for _, p := range f.Failing {
		if p.Namespace == f.Target.Namespace && p.Pod == f.Pod.Name && p.Container == container && !p.Since.IsZero() {
			return p.Since
		}
	}
	return f.Pod.Created
}
