package k8s

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullfix/pullfix/runbook"
)

// Bounds of a workload's history: what is read of it and what is told.
const (
	revisionsRead = 200
	revisionsKept = 10
)

// revision is one recorded template: a ReplicaSet of a Deployment, or a
// ControllerRevision.
type revision struct {
	number    int64
	label     string // as its pods carry it
	template  *corev1.PodTemplateSpec
	available int // pods that are available now, where the record says
}

// revisionAnnotation numbers a Deployment's ReplicaSets.
const revisionAnnotation = "deployment.kubernetes.io/revision"

// historyQuestion asks for the recorded templates of a workload; ok is false
// for the kinds that keep none.
func historyQuestion(top *controller, labels string) (q question, ok bool) {
	q = question{namespace: top.meta.Namespace, labels: labels}
	switch top.kind {
	case kindDeployment:
		q.resource = replicaSets
	case kindStatefulSet, kindDaemonSet:
		q.resource = controllerRevisions
	}
	return q, q.resource != "" && labels != ""
}

// history reads the recorded templates that controller uid owns, newest first.
func history(ctx context.Context, a api, q question, uid func(types.UID) bool) ([]revision, error) {
	var all []revision
	read := 0
	var err error
	if q.resource == replicaSets {
		_, err = each(ctx, a, q, func(r *appsv1.ReplicaSet) bool {
			read++
			if owner := controllerOf(r.OwnerReferences); owner != nil && uid(owner.UID) {
				all = append(all, ofReplicas(r))
			}
			return read < revisionsRead
		})
	} else {
		_, err = each(ctx, a, q, func(r *appsv1.ControllerRevision) bool {
			read++
			if owner := controllerOf(r.OwnerReferences); owner != nil && uid(owner.UID) {
				all = append(all, ofRecord(r, owner.Kind))
			}
			return read < revisionsRead
		})
	}
	slices.SortStableFunc(all, func(a, b revision) int { return cmp.Compare(b.number, a.number) })
	return all, err
}

func ofReplicas(r *appsv1.ReplicaSet) revision {
	number, err := strconv.ParseInt(r.Annotations[revisionAnnotation], 10, 64)
	if err != nil {
		number = 0 // not numbered yet: older than any that is
	}
	return revision{
		number: number, label: r.Labels[hashLabel], template: &r.Spec.Template,
		available: int(r.Status.AvailableReplicas),
	}
}

// ofRecord reads a ControllerRevision. Pods of a DaemonSet carry the hash, pods
// of a StatefulSet the name of the whole record.
func ofRecord(r *appsv1.ControllerRevision, kind string) revision {
	found := revision{number: r.Revision, label: r.Labels[revisionLabel], template: &corev1.PodTemplateSpec{}}
	if kind == kindStatefulSet {
		found.label = r.Name
	}
	var patch struct {
		Spec struct {
			Template *corev1.PodTemplateSpec `json:"template"`
		} `json:"spec"`
	}
	if json.Unmarshal(r.Data.Raw, &patch) == nil && patch.Spec.Template != nil {
		found.template = patch.Spec.Template
	}
	return found
}

// revisionFacts tell of the newest revisions. A revision ran when pods of it
// are available, or have every image they need: a ReplicaSet that was scaled
// down tells no more whether it ever was.
func revisionFacts(all []revision, its herd) []runbook.Revision {
	var facts []runbook.Revision
	for _, r := range all[:min(len(all), revisionsKept)] {
		group := its.group(r.label)
		facts = append(facts, runbook.Revision{
			Number: r.number, Images: images(r.template), Ran: r.available > 0 || group.ran,
			Pods: group.pods, Ready: group.ready,
		})
	}
	return facts
}

// herd are the pods of a workload, as little of them as is needed.
type herd struct {
	groups  map[string]*group // by revision
	waiting []string
	pulls   []runbook.FailingPull
}

// group are the pods of one revision.
type group struct {
	pods, ready, failing int
	ran                  bool
	best                 *corev1.Pod // the one to look at
	worth                int
}

// The worth of a pod for a diagnosis of its workload.
const (
	worthEnded = iota
	worthReady
	worthNotReady
	worthFailing
)

func (h *herd) add(pod *corev1.Pod) {
	if h.groups == nil {
		h.groups = make(map[string]*group)
	}
	g := h.groups[revisionOf(pod)]
	if g == nil {
		g = &group{}
		h.groups[revisionOf(pod)] = g
	}
	failing := FailingPulls(pod)
	if len(failing) > 0 && len(h.waiting) < runbook.MaxFailing {
		h.waiting = append(h.waiting, pod.Name)
		h.pulls = append(h.pulls, failing[:min(len(failing), max(runbook.MaxFailing-len(h.pulls), 0))]...)
	}
	g.add(pod, worthOf(pod, len(failing) > 0))
}

func worthOf(pod *corev1.Pod, failing bool) int {
	ready := condition(pod, corev1.PodReady)
	switch {
	case failing:
		return worthFailing
	case pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed:
		return worthEnded
	case ready != nil && ready.Status == corev1.ConditionTrue:
		return worthReady
	}
	return worthNotReady
}

func (g *group) add(pod *corev1.Pod, worth int) {
	g.pods++
	switch worth {
	case worthFailing:
		g.failing++
	case worthReady:
		g.ready++
		g.ran = true
	default:
		g.ran = g.ran || pulledAll(pod)
	}
	if g.best == nil || worth > g.worth || worth == g.worth && g.best.CreationTimestamp.Before(&pod.CreationTimestamp) {
		g.best, g.worth = pod, worth
	}
}

// pulledAll tells whether every ordinary container has its image.
func pulledAll(pod *corev1.Pod) bool {
	for _, s := range pod.Status.ContainerStatuses {
		if s.ImageID == "" {
			return false
		}
	}
	return len(pod.Status.ContainerStatuses) > 0
}

func (h herd) failing() []string { return slices.Sorted(slices.Values(h.waiting)) }

func (h herd) group(label string) group {
	if g := h.groups[label]; g != nil && label != "" {
		return *g
	}
	return group{}
}

// failingOf tells whether pods of the revision wait for an image; of any pod
// when it is not known which revision is the newest.
func (h herd) failingOf(label string) bool {
	if label == "" {
		return len(h.waiting) > 0
	}
	return h.group(label).failing > 0
}

// representative is the pod to look at: a failing one, rather of the newest
// revision and rather young; else one that is not ready; else any.
func (h herd) representative(current string) *corev1.Pod {
	better := func(a, b group, aLabel, bLabel string) bool {
		if a.worth != b.worth {
			return a.worth > b.worth
		}
		if (aLabel == current) != (bLabel == current) {
			return aLabel == current
		}
		if !a.best.CreationTimestamp.Equal(&b.best.CreationTimestamp) {
			return b.best.CreationTimestamp.Before(&a.best.CreationTimestamp)
		}
		return strings.Compare(aLabel, bLabel) < 0
	}
	var found *group
	var label string
	for name, g := range h.groups {
		if found == nil || better(*g, *found, name, label) {
			found, label = g, name
		}
	}
	if found == nil {
		return nil
	}
	return found.best
}
