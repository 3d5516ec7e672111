package k8s

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pullfix/pullfix/runbook"
)

// kindPod is the kind of target that is looked at directly.
const kindPod = "Pod"

// Observe gathers everything about the target: for a workload about one of its
// pods, a failing one if there is any. It takes at most three round trips one
// after the other and, but for pods with many pull secrets, at most 12 requests,
// all of them GET.
//
// The error is a *runbook.NotFoundError with similar names, a *RequestError
// (ErrUnreachable, ErrForbidden, ErrUnauthorized), runbook.ErrNoPods or ErrUnknownKind.
// Anything else that could not be read stands in the gaps.
func (c *Cluster) Observe(ctx context.Context, target runbook.Target, progress runbook.Progress) (runbook.Observation, error) {
	if target.Cluster == "" {
		target.Cluster = c.name
	}
	if target.Kind == "" {
		target.Kind = kindPod
	}
	o := &observer{api: c.api, log: c.log, target: target, progress: progress}
	if target.Kind != kindPod && resourceOf(target.Kind) == "" {
		return runbook.Observation{}, fmt.Errorf("observing %s %s/%s: %w", target.Kind, target.Namespace, target.Name, ErrUnknownKind)
	}
	if !nameable(target) {
		return runbook.Observation{}, o.notFound(ctx)
	}
	seen, err := o.observe(ctx)
	if err != nil {
		return runbook.Observation{}, err
	}
	return o.observation(seen), nil
}

// nameable tells whether an object can be called that: what cannot exist is not
// asked for.
func nameable(target runbook.Target) bool {
	return len(validation.IsDNS1123Label(target.Namespace)) == 0 && len(validation.IsDNS1123Subdomain(target.Name)) == 0
}

// sighting is everything that was read about a target.
type sighting struct {
	at       time.Time
	pod      *corev1.Pod
	events   []corev1.Event
	failing  []runbook.FailingPull
	narrow   chan bool // tells, after failing is set, that only the namespace may be listed
	wallet   *wallet
	node     *corev1.Node
	account  *corev1.ServiceAccount
	noSuch   bool // the ServiceAccount does not exist
	top      *controller
	unasked  *runbook.Workload // an owner of a kind that is not followed
	its      herd
	herdSeen bool
	herdErr  error
	orphan   bool // the Deployment that the pod's ReplicaSet is named after does not exist
	history  []revision
}

// observe asks for the cluster-wide list beside the rounds that follow the
// target.
func (o *observer) observe(ctx context.Context) (*sighting, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &sighting{at: time.Now(), wallet: newWallet(o.target.Namespace), narrow: make(chan bool, 1)}
	rounds := o.podRounds
	if o.target.Kind != kindPod {
		rounds = o.workloadRounds
	}
	var err error
	sideBySide(
		func() {
			o.pending(ctx, s)
		},
		func() {
			if err = rounds(ctx, s); err != nil {
				cancel() // nobody wants the list any more
			}
		})
	return s, err
}

// pending lists the pods of the whole cluster that wait for an image, from the
// API server's watch cache.
func (o *observer) pending(ctx context.Context, s *sighting) {
	defer o.progress.Begin(runbook.StepScope, "listing the pods that wait for an image")()
	q := question{resource: pods, fields: pendingPods, version: "0"}
	found, err := o.listFailing(ctx, q)
	if err != nil {
		o.gap(ctx, q, err)
	}
	s.failing = found
	s.narrow <- errors.Is(err, ErrForbidden)
}

// pendingHere lists those of the namespace when the list of the cluster turned
// out to be forbidden, if a request is to spare.
func (o *observer) pendingHere(ctx context.Context, s *sighting, spare int) {
	if !<-s.narrow || spare < 1 {
		return
	}
	q := o.in(pods, "")
	q.fields, q.version = pendingPods, "0"
	found, err := o.listFailing(ctx, q)
	if err != nil {
		o.gap(ctx, q, err)
	}
	s.failing = found
}

// pendingPods selects the phase in which pods are that never ran.
const pendingPods = "status.phase=Pending"

func (o *observer) listFailing(ctx context.Context, q question) ([]runbook.FailingPull, error) {
	var found []runbook.FailingPull
	p, err := each(ctx, o.api, q, func(pod *corev1.Pod) bool {
		found = append(found, FailingPulls(pod)...)
		return len(found) < runbook.MaxFailing
	})
	if p.cut {
		o.note(runbook.Gap{What: q.what(), Why: fmt.Sprintf("only the first %d failing ones were read", runbook.MaxFailing)})
	}
	return found[:min(len(found), runbook.MaxFailing)], err
}
