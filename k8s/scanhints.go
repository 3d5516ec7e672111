package k8s

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"github.com/pullfix/pullfix/runbook"
)

// backOffEvents selects the kubelet's events about images in back-off: those
// about containers that crash have the same reason, and type Warning.
const backOffEvents = "involvedObject.kind=Pod,reason=BackOff,type=Normal"

// hints are the pods, by namespace, that events call waiting for an image.
// Tenants may write such events: they tell where to look and nothing else.
func (s *scan) hints(ctx context.Context) (map[string][]string, error) {
	q := question{resource: events, namespace: s.options.Namespace, fields: backOffEvents}
	hints := make(map[string][]string)
	named := make(map[string]bool)
	read := 0
	p, err := each(ctx, s.api, q, func(e *corev1.Event) bool {
		read++
		namespace, name := e.InvolvedObject.Namespace, e.InvolvedObject.Name
		// An event stands in the namespace of its object; a name that cannot be is forged.
		key := namespace + "/" + name
		if named[key] || namespace != e.Namespace || !strings.HasPrefix(e.Message, "Back-off pulling image") ||
			!nameable(runbook.Target{Namespace: namespace, Name: name}) {
			return read < hintsRead
		}
		named[key] = true
		hints[namespace] = append(hints[namespace], name)
		return read < hintsRead
	})
	if err != nil {
		s.gap(ctx, q, err)
	}
	if p.cut {
		s.note(runbook.Gap{What: q.what(), Why: "too many: not all were read"})
	}
	return hints, err
}

// verify looks at the pods that events named: few of a namespace one by one,
// many by listing it.
func (s *scan) verify(ctx context.Context, hints map[string][]string) {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for namespace, names := range hints {
		names = slices.DeleteFunc(names, func(name string) bool { return s.told(namespace + "/" + name) })
		if len(names) > hintsByName {
			group.Go(func() error { s.wholeNamespace(ctx, namespace); return nil })
			continue
		}
		for _, name := range names {
			q := question{resource: pods, namespace: namespace, name: name}
			group.Go(func() error { s.one(ctx, q); return nil })
		}
	}
	_ = group.Wait() // each question that failed is a gap of its own
}

func (s *scan) one(ctx context.Context, q question) {
	pod, err := get[corev1.Pod](ctx, s.api, q)
	switch {
	case err == nil:
		s.look(pod)
	case !missing(err):
		s.gap(ctx, q, err)
	}
}

// runningPods leaves out what cannot wait for an image or was read already.
const runningPods = "status.phase=Running"

func (s *scan) wholeNamespace(ctx context.Context, namespace string) {
	q := question{resource: pods, namespace: namespace, fields: runningPods, version: "0"}
	_, err := each(ctx, s.api, q, func(pod *corev1.Pod) bool {
		s.look(pod)
		return true
	})
	if err != nil {
		s.gap(ctx, q, err)
	}
}
