package k8s

import (
	"context"
	"fmt"
	"slices"

	"github.com/pullfix/pullfix/runbook"
)

// workloadRounds follow a workload: the controller; its pods, of which one is
// chosen; then what that pod points to.
func (o *observer) workloadRounds(ctx context.Context, s *sighting) error {
	near, err := o.workloadItself(ctx, s)
	if err != nil {
		return err
	}
	if err := o.chosenPod(ctx, s, near); err != nil {
		return err
	}
	defer o.progress.Begin(runbook.StepError, "reading events and node of pod "+s.pod.Name)()
	spare := requestsMost - 9 // what the rounds take at most, the secrets by name aside
	name := s.pod.Spec.ServiceAccountName
	again := func() {}
	if name != accountOf(near) { // made from an older template
		spare--
		again = func() { o.account(ctx, s, name) }
	}
	tasks := o.byName(ctx, s, referenced(s.pod.Spec.ImagePullSecrets), spare)
	spare -= len(tasks)
	others := slices.DeleteFunc(s.namedElsewhere(near), func(name string) bool {
		return slices.Contains(referenced(s.pod.Spec.ImagePullSecrets), name)
	})
	tasks = append(tasks, o.unlisted(ctx, s, others, spare-1)...) // one for pendingHere
	sideBySide(append(tasks,
		again,
		func() { o.eventsOf(ctx, s, s.pod.Name) },
		func() { o.node(ctx, s) },
		func() { o.pendingHere(ctx, s, spare) },
	)...)
	return nil
}

func (o *observer) workloadItself(ctx context.Context, s *sighting) (near *controller, err error) {
	q := o.in(resourceOf(o.target.Kind), o.target.Name)
	defer o.progress.Begin(runbook.StepError, "reading "+q.what())()
	sideBySide(
		func() { near, err = readController(ctx, o.api, q) },
		func() { o.walletListed(ctx, s) },
	)
	if missing(err) {
		return nil, o.notFound(ctx)
	}
	s.top = near
	return near, err
}

// chosenPod reads the workload's pods and revisions and chooses the pod to look
// at.
func (o *observer) chosenPod(ctx context.Context, s *sighting, near *controller) error {
	defer o.progress.Begin(runbook.StepError, "reading the pods of "+o.target.Name)()
	labels := near.siblingLabels()
	if o.target.Kind == kindReplicaSet {
		labels = near.podLabels()
	}
	sideBySide(
		func() { o.parent(ctx, s, near) },
		func() { o.herd(ctx, s, near, labels) },
		func() { o.pastRevisions(ctx, s, near) },
		func() { o.account(ctx, s, accountOf(near)) },
	)
	if s.herdErr != nil {
		return s.herdErr
	}
	if s.pod = s.its.representative(s.newest()); s.pod == nil {
		return fmt.Errorf("observing %s %s/%s: %w", o.target.Kind, o.target.Namespace, o.target.Name, runbook.ErrNoPods)
	}
	return nil
}

// newest is the name of the revision that the workload wants.
func (s *sighting) newest() string {
	if s.top == nil {
		return ""
	}
	return currentRevision(s.top, s.history)
}

// accountOf is the ServiceAccount of the pods that the controller makes now.
func accountOf(c *controller) string { return templateOf(c.template).Account }
