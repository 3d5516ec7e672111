package k8s

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullfix/pullfix/runbook"
)

// proofsMost bounds the sentences of a proof.
const proofsMost = 5

// add counts a pod. One that is going, or that its owner replaces, no longer
// counts.
func (r *recovery) add(pod *corev1.Pod) {
	ended := pod.Status.Phase == corev1.PodFailed && r.top != nil && r.top.kind != kindJob && r.top.kind != kindCronJob
	if pod.DeletionTimestamp != nil || ended {
		return
	}
	ready := condition(pod, corev1.PodReady)
	counts := tally{pulled: 1}
	if ready != nil && ready.Status == corev1.ConditionTrue {
		counts.ready = 1
	}
	switch {
	case len(FailingPulls(pod)) > 0, r.stillCrashes(pod):
		r.count.Waiting++
		return
	case !r.pulledBy(pod):
		r.count.Pulling++
		return
	}
	r.count.Pulled, r.count.Ready = r.count.Pulled+1, r.count.Ready+counts.ready
	if r.by == nil {
		r.by = make(map[string]tally)
	}
	r.by[revisionOf(pod)] = r.by[revisionOf(pod)].plus(counts)
	if r.top != nil && likeTemplate(pod, r.top.template) {
		r.like = r.like.plus(counts)
	}
	r.note(pod)
}

func (t tally) plus(more tally) tally { return tally{t.pulled + more.pulled, t.ready + more.ready} }

// stillCrashes tells whether a container still has the image that the node
// cannot run, and does not run.
func (r *recovery) stillCrashes(pod *corev1.Pod) bool {
	bad := r.ask.Crashed
	return bad != nil && slices.ContainsFunc(containers(pod), func(c container) bool {
		done := c.status != nil && c.status.State.Terminated != nil && c.status.State.Terminated.ExitCode == 0
		return c.name == bad.Container && sameImage(c.image, bad.Image) && !done && (c.status == nil || !c.status.Ready)
	})
}

// pulledBy tells whether the incident's containers of the pod have their images.
func (r *recovery) pulledBy(pod *corev1.Pod) bool {
	of := r.concerned(pod)
	return len(of) > 0 && !slices.ContainsFunc(of, func(c container) bool { return !c.pulled() })
}

// concerned are the containers of the pod that the incident is about: all the
// ordinary ones where it does not say, or where the pod has none of that name.
func (r *recovery) concerned(pod *corev1.Pod) []container {
	var named, ordinary []container
	for _, c := range containers(pod) {
		if c.kind == runbook.KindContainer {
			ordinary = append(ordinary, c)
		}
		if slices.ContainsFunc(r.ask.Pulls, func(p runbook.Pull) bool { return p.Container == c.name }) {
			named = append(named, c)
		}
	}
	all := slices.ContainsFunc(r.ask.Pulls, func(p runbook.Pull) bool { return p.Container == "" })
	if all || len(named) == 0 {
		return ordinary
	}
	return named
}

// pulled tells whether the container got beyond the pull: it has an image id,
// or fails at a step that the kubelet takes after it
// (pkg/kubelet/kuberuntime/kuberuntime_container.go, startContainer).
func (c container) pulled() bool {
	return c.status != nil && (c.status.ImageID != "" || c.stuckAfter() != "")
}

// stuckAfter is what goes wrong with the container after the pull.
func (c container) stuckAfter() string {
	if c.status == nil || c.status.State.Waiting == nil {
		return ""
	}
	switch reason := c.status.State.Waiting.Reason; reason {
	case "CrashLoopBackOff", "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
		"PreCreateHookError", "PreStartHookError", "PostStartHookError":
		return reason
	}
	return ""
}

// note keeps what proves the pull, and what goes wrong after it.
func (r *recovery) note(pod *corev1.Pod) {
	for _, c := range r.concerned(pod) {
		if why := c.stuckAfter(); why != "" && len(r.after) < proofsMost {
			r.after = append(r.after, fmt.Sprintf("container %s of pod %s is in %s after the pull", c.name, pod.Name, why))
		}
		if c.status.ImageID != "" && len(r.proof) < proofsMost {
			r.proof = append(r.proof, fmt.Sprintf("container %s of pod %s has %s", c.name, pod.Name, cut(c.status.ImageID)))
		}
	}
}

// likeTemplate tells whether the pod has the images of the template. Admission
// may have rewritten them, so that only a yes means something.
func likeTemplate(pod *corev1.Pod, template *corev1.PodTemplateSpec) bool {
	wants := images(template)
	for _, c := range containers(pod) {
		if want, has := wants[c.name]; has && !sameImage(want, c.image) {
			return false
		}
	}
	for _, v := range imageVolumes(&pod.Spec) {
		if want, has := wants["volume/"+v.Name]; has && !sameImage(want, v.Image) {
			return false
		}
	}
	return true
}

// judge decides for a controller: it has seen its newest template, none of its
// pods waits or pulls, and as many as it wants have their image.
func (r *recovery) judge() bool {
	t := r.top
	if t.kind == kindDeployment && !t.paused {
		// The old pods that still serve do not show that new ones can pull.
		now := r.like
		if r.newest != "" {
			now = r.by[r.newest]
		}
		r.count.Pulled, r.count.Ready = now.pulled, now.ready
	}
	if r.count.Waiting+r.count.Pulling > 0 || t.observed < t.meta.Generation {
		return false
	}
	batch := t.kind == kindJob || t.kind == kindCronJob
	switch {
	case batch && t.paused, t.kind != kindCronJob && t.desired == 0:
		r.proof = append([]string{t.name() + " wants no pods now, and none waits for an image"}, r.proof...)
		return true
	case batch:
		return r.count.Pulled > 0
	}
	if r.count.Pulled < t.desired {
		return false
	}
	if said := r.otherwise(); said != "" {
		r.proof = append([]string{said}, r.proof...)
	}
	return true
}

// otherwise says that the images which failed are no longer asked for.
func (r *recovery) otherwise() string {
	wants := images(r.top.template)
	for _, p := range r.ask.Pulls {
		if now, has := wants[templateKey(p)]; has && !sameImage(now, p.Image) {
			return fmt.Sprintf("%s asks for %s now; no pod waits for %s, and %d of %d are available",
				r.top.name(), now, p.Image, r.top.available, r.top.desired)
		}
	}
	return ""
}

// allPulled tells whether that many pods have their image, and none waits.
func (r *recovery) allPulled(wanted int) bool {
	return r.count.Waiting+r.count.Pulling == 0 && r.count.Pulled >= wanted
}

// result is the count, with what proves it once it is over.
func (r *recovery) result(over bool) (runbook.Recovery, bool, error) {
	if over {
		r.count.Proof = r.proof[:min(len(r.proof), proofsMost)]
	}
	r.count.After = r.after
	return r.count, over, nil
}

func (r *recovery) unwanted(why string) (runbook.Recovery, bool, error) {
	return runbook.Recovery{Proof: []string{why}}, true, nil
}
