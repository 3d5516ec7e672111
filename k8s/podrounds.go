package k8s

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullfix/pullfix/runbook"
)

// podRounds follow a pod: the pod itself with what its name alone lets us ask;
// then what it points to; then what its owner points to.
func (o *observer) podRounds(ctx context.Context, s *sighting) error {
	if err := o.podItself(ctx, s); err != nil {
		return err
	}
	defer o.progress.Begin(runbook.StepError, "reading node, ServiceAccount and owner")()
	spare := spareFor(s.pod)
	named := o.byName(ctx, s, referenced(s.pod.Spec.ImagePullSecrets), spare)
	spare -= len(named)
	var near *controller
	sideBySide(append(named,
		func() { o.node(ctx, s) },
		func() { o.account(ctx, s, s.pod.Spec.ServiceAccountName) },
		func() { near = o.owner(ctx, s) },
	)...)
	sideBySide(append(o.unlisted(ctx, s, s.namedElsewhere(near), spare-1), // one for pendingHere
		func() { o.pendingHere(ctx, s, spare) },
		func() { o.parent(ctx, s, near) },
		func() { o.herd(ctx, s, near, near.siblingLabels()) },
		func() { o.pastRevisions(ctx, s, near) },
	)...)
	return nil
}

// spareFor is how many of the budget's requests are left for secrets by name
// and other extras: four go out at first, the others depend on the pod.
func spareFor(pod *corev1.Pod) int {
	spare := requestsMost - 4
	if pod.Spec.NodeName != "" {
		spare--
	}
	if pod.Spec.ServiceAccountName != "" {
		spare--
	}
	if owner := controllerOf(pod.OwnerReferences); owner != nil && followed(owner) {
		spare -= 3 // the owner, its pods, its revisions or its parent
		if _, derived := deploymentName(pod, owner.Name); owner.Kind == kindReplicaSet && !derived {
			spare--
		}
	}
	return spare
}

func (o *observer) podItself(ctx context.Context, s *sighting) error {
	defer o.progress.Begin(runbook.StepError, "reading pod "+o.target.Namespace+"/"+o.target.Name)()
	var err error
	sideBySide(
		func() { s.pod, err = get[corev1.Pod](ctx, o.api, o.in(pods, o.target.Name)) },
		func() { o.eventsOf(ctx, s, o.target.Name) },
		func() { o.walletListed(ctx, s) },
	)
	if missing(err) {
		return o.notFound(ctx)
	}
	return err
}

func (o *observer) eventsOf(ctx context.Context, s *sighting, pod string) {
	q := eventsQuestion(o.target.Namespace, pod)
	found, more, err := podEvents(ctx, o.api, q)
	s.events = found
	if err != nil {
		o.gap(ctx, q, err)
	}
	if more {
		o.note(runbook.Gap{What: "events of pod " + o.target.Namespace + "/" + pod, Why: "too many: only the newest were kept"})
	}
}

func (o *observer) node(ctx context.Context, s *sighting) {
	if s.pod.Spec.NodeName != "" {
		s.node, _ = ask[corev1.Node](ctx, o, question{resource: nodes, name: s.pod.Spec.NodeName})
	}
}

func (o *observer) account(ctx context.Context, s *sighting, name string) {
	if name != "" {
		s.account, s.noSuch = ask[corev1.ServiceAccount](ctx, o, o.in(serviceAccounts, name))
	}
}

// owner reads the controller of the pod, or at once the Deployment above its
// ReplicaSet, whose name is known: that spares a round trip.
func (o *observer) owner(ctx context.Context, s *sighting) *controller {
	reference := controllerOf(s.pod.OwnerReferences)
	if reference == nil || s.pod.Annotations[mirrorAnnotation] != "" {
		return nil // a static pod's owner is its node
	}
	s.unasked = named(reference)
	if !followed(reference) {
		return nil
	}
	kind, name := reference.Kind, reference.Name
	if above, ok := deploymentName(s.pod, name); ok && kind == kindReplicaSet {
		kind, name = kindDeployment, above
	}
	s.top, s.orphan = o.controller(ctx, kind, name)
	if s.top == nil && !s.orphan && kind == kindDeployment {
		s.unasked = &runbook.Workload{Kind: kind, Name: name}
	}
	return s.top
}

// named is a controller of which no more is known than its name.
func named(reference *metav1.OwnerReference) *runbook.Workload {
	return &runbook.Workload{Kind: reference.Kind, Name: reference.Name, UID: string(reference.UID)}
}

func (o *observer) controller(ctx context.Context, kind, name string) (found *controller, gone bool) {
	q := o.in(resourceOf(kind), name)
	found, err := readController(ctx, o.api, q)
	if err != nil && !missing(err) {
		o.gap(ctx, q, err)
	}
	return found, missing(err)
}

// parent goes one step up the owner chain: from a Job to its CronJob, from a
// ReplicaSet to its Deployment, or to the name of a kind that is not followed.
func (o *observer) parent(ctx context.Context, s *sighting, near *controller) {
	if near == nil {
		if s.orphan && s.unasked.Kind == kindReplicaSet { // it looked like a Deployment's
			s.top, _ = o.controller(ctx, kindReplicaSet, s.unasked.Name)
		}
		return
	}
	reference := controllerOf(near.meta.OwnerReferences)
	if reference == nil || near.kind != kindReplicaSet && near.kind != kindJob {
		return
	}
	if !followed(reference) {
		s.top, s.unasked = nil, named(reference)
		return
	}
	if top, _ := o.controller(ctx, reference.Kind, reference.Name); top != nil {
		if top.kind == kindCronJob { // which has no counts of its own
			top.desired, top.updated, top.ready, top.available = near.desired, near.updated, near.ready, near.available
		}
		s.top = top
	}
}

// herd reads the pods that the labels select, those of the workload.
func (o *observer) herd(ctx context.Context, s *sighting, near *controller, labels string) {
	if labels == "" {
		return
	}
	q := o.in(pods, "")
	q.labels = labels
	read := 0
	p, err := each(ctx, o.api, q, func(pod *corev1.Pod) bool {
		read++
		s.its.add(pod)
		return read < podsRead
	})
	if err != nil {
		o.gap(ctx, q, err)
	}
	if p.cut {
		o.note(runbook.Gap{What: "pods of " + near.kind + " " + near.meta.Name, Why: "too many: not all were read"})
	}
	s.herdSeen, s.herdErr = err == nil, err
}

// podsRead bounds the pods of one workload.
const podsRead = 20000

// pastRevisions reads the recorded templates of the workload.
func (o *observer) pastRevisions(ctx context.Context, s *sighting, near *controller) {
	if near == nil {
		return
	}
	q, ok := historyQuestion(near, near.siblingLabels())
	owner := near.meta.UID
	if near.kind == kindReplicaSet {
		above := controllerOf(near.meta.OwnerReferences)
		if above == nil || above.Kind != kindDeployment {
			return
		}
		q, ok, owner = question{resource: replicaSets, namespace: near.meta.Namespace, labels: near.siblingLabels()}, true, above.UID
	}
	if !ok {
		return
	}
	all, err := history(ctx, o.api, q, func(uid types.UID) bool { return uid == owner })
	s.history = all
	if err != nil {
		o.gap(ctx, q, err)
	}
}
