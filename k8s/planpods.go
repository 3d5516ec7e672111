package k8s

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullfix/pullfix/runbook"
)

// templateKey is where a template has the image of a pull.
func templateKey(p runbook.Pull) string {
	if p.Volume != "" {
		return "volume/" + p.Volume
	}
	return p.Container
}

// corrected are the images of the template, as it is now, in place of those
// that fail.
func (p *planner) corrected() map[string]string {
	wants := images(p.top.template)
	changed := make(map[string]string)
	for _, pull := range p.kase.Pulls {
		if now, ok := wants[templateKey(pull)]; ok && !sameImage(now, pull.Image) {
			changed[templateKey(pull)] = now
		}
	}
	return changed
}

// pullable proves that a new pod can pull what fails now: by the diagnosis
// where the image is the same, else by asking the registry.
func (p *planner) pullable(ctx context.Context) proof {
	all := proof{left: unlimited}
	changed := p.corrected()
	for _, pull := range p.kase.Pulls {
		if changed[templateKey(pull)] != "" {
			continue
		}
		one := p.proven(pull)
		all = all.and(one)
		all.accepted = one.accepted
	}
	if all.refused != "" || len(changed) == 0 {
		return all
	}
	asked := p.tested(ctx, p.top.template, slices.Collect(maps.Values(changed)))
	all = all.and(asked)
	all.accepted = asked.accepted
	return all
}

// deletePods plans the deletion of the pods that wait. It helps when a new pod
// pulls at once where the old one waits up to 5 minutes, or never could.
func (p *planner) deletePods(ctx context.Context) draft {
	if len(p.kase.Pulls) == 0 {
		return refuse("no pull fails")
	}
	if changed := p.corrected(); len(changed) > 0 && !p.waitsForPeople() {
		return refuse("the template is right by now, and %s replaces its pods by itself; "+
			"a pod deleted before that comes back from the old template", p.name())
	}
	found := p.pullable(ctx)
	if found.refused != "" {
		return draft{refused: found.refused}
	}
	chosen, spared := p.deletable()
	if len(chosen) == 0 {
		return refuse("%s", p.nobody(spared))
	}
	if why := found.enough(len(chosen)); why != "" {
		return draft{refused: why}
	}
	d := draft{
		conditions: []string{"the pods still wait for the image", found.accepted},
		rights:     []right{p.podRight()},
	}
	p.showDeletion(&d, chosen, spared)
	d.actions = p.deletions(chosen)
	return d
}

// waitsForPeople tells whether the controller leaves a broken pod alone though
// the template was corrected: an ordered StatefulSet stops at it, OnDelete and
// bare ReplicaSets never replace any.
func (p *planner) waitsForPeople() bool {
	switch p.top.kind {
	case kindReplicaSet, kindStatefulSet:
		return true
	}
	return p.top.strategy == strategyOnDelete
}

// deletable are the waiting pods that lose nothing and that a deletion helps;
// the others are spared, with the reason.
func (p *planner) deletable() (chosen []*corev1.Pod, spared []string) {
	for _, pod := range p.waiting {
		if why := p.spare(pod); why != "" {
			spared = append(spared, fmt.Sprintf("Pod %s is left alone: %s.", pod.Name, why))
			continue
		}
		chosen = append(chosen, pod)
	}
	return chosen, spared
}

func (p *planner) spare(pod *corev1.Pod) string {
	if p.heldBack(pod) {
		return fmt.Sprintf("the partition %d of %s keeps it at the old template, so it would come back as it is", p.top.partition, p.name())
	}
	if runs := running(pod); runs != "" {
		return "its container " + runs + " runs"
	}
	for _, f := range FailingPulls(pod) {
		if !slices.ContainsFunc(p.kase.Pulls, func(pull runbook.Pull) bool { return sameImage(pull.Image, f.Image) }) {
			return "it also waits for " + f.Image + ", which was not tested"
		}
	}
	if _, _, ok := p.binding(pod); !ok {
		return "it waits for another image"
	}
	return ""
}

// heldBack tells a pod of a StatefulSet that does not get the corrected template,
// however often it is made anew.
func (p *planner) heldBack(pod *corev1.Pod) bool {
	ordinal, ok := runbook.Ordinal(p.top.meta.Name, pod.Name)
	return ok && p.top.kind == kindStatefulSet && ordinal < p.top.partition && len(p.corrected()) > 0
}

// running is an ordinary container that runs: deleting the pod would stop it.
// Init containers run only for the sake of those.
func running(pod *corev1.Pod) string {
	for _, c := range containers(pod) {
		if c.kind != runbook.KindInit && c.status != nil && c.status.State.Running != nil {
			return c.name
		}
	}
	return ""
}

// binding is the container and the image for which the pod waits, of those that
// were diagnosed first.
func (p *planner) binding(pod *corev1.Pod) (container, image string, ok bool) {
	for _, f := range FailingPulls(pod) {
		if sameImage(f.Image, p.verdict.Image) && f.Container == p.verdict.Container {
			return f.Container, f.Image, true
		}
	}
	return "", "", false
}

func (p *planner) nobody(spared []string) string {
	if len(spared) > 0 {
		return spared[0]
	}
	return "no pod of " + p.name() + " waits for " + p.verdict.Image + " any more"
}

func (p *planner) podRight() right {
	return right{verb: "delete", resource: pods, namespace: p.top.meta.Namespace}
}

// deletions are the actions, each bound to the pod and what it waits for.
func (p *planner) deletions(chosen []*corev1.Pod) []runbook.Action {
	var actions []runbook.Action
	for _, pod := range chosen[:min(len(chosen), MaxActions)] {
		container, image, _ := p.binding(pod)
		actions = append(actions, runbook.Action{
			Verb: runbook.VerbDeletePod, Cluster: p.cluster, Namespace: pod.Namespace, Kind: kindPod, Name: pod.Name,
			UID: string(pod.UID), Container: container, Image: image,
		})
	}
	return actions
}

// showDeletion says what is deleted, what stays, and what is lost.
func (p *planner) showDeletion(d *draft, chosen []*corev1.Pod, spared []string) {
	now := chosen[:min(len(chosen), MaxActions)]
	names := make([]string, len(now))
	for i, pod := range now {
		names[i] = pod.Name
	}
	d.show("Deletes %s in %s: %s. %s makes new ones at once.", counted(len(now), "waiting pod"), p.top.meta.Namespace, several(names), p.name())
	if more := len(chosen) - len(now); more > 0 {
		d.show("Further pods wait: %d; plan again after these.", more)
	}
	changed := p.corrected()
	for _, key := range slices.Sorted(maps.Keys(changed)) {
		d.show("The new pods come from the corrected template: %s is %s.", key, changed[key])
	}
	if healthy := p.ready(""); healthy > 0 {
		d.show("No healthy pod would be replaced: %s.", stays(healthy))
	} else {
		d.show("No healthy pod would be replaced: there is none.")
	}
	for _, pod := range now {
		if keeps(pod) {
			d.show("Pod %s ran before: what it keeps in its emptyDir volumes is lost.", pod.Name)
		}
	}
	d.shows = append(d.shows, spared[:min(len(spared), 5)]...)
	d.shows = append(d.shows, p.budgetSentences()...)
}

func stays(healthy int) string {
	if healthy == 1 {
		return "1 pod stays"
	}
	return fmt.Sprintf("%d pods stay", healthy)
}

// keeps tells whether a pod that ran before may hold something that goes with it.
func keeps(pod *corev1.Pod) bool {
	ran := slices.ContainsFunc(pod.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool {
		return s.LastTerminationState.Terminated != nil || s.RestartCount > 0
	})
	return ran && slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.EmptyDir != nil })
}
