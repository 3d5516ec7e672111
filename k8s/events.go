package k8s

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullfix/pullfix/runbook"
)

// Bounds of the events of one pod: how many are kept, and how many are read for
// finding the newest, since the API server returns them in no order of time.
const (
	eventsKept = 500
	eventsRead = 20000
)

// eventsQuestion asks for the events about one pod.
func eventsQuestion(namespace, pod string) question {
	return question{resource: events, namespace: namespace, fields: fields.Set{
		"involvedObject.kind": "Pod", "involvedObject.namespace": namespace, "involvedObject.name": pod,
	}.String()}
}

// podEvents reads the newest events about any pod of that name; which of them
// are about this very pod is for eventFacts to say, because the pod may be read
// at the same time.
func podEvents(ctx context.Context, a api, q question) (kept []corev1.Event, more bool, err error) {
	read := 0
	p, err := each(ctx, a, q, func(e *corev1.Event) bool {
		read++
		e.Message = cut(e.Message)
		e.ManagedFields = nil
		if kept = append(kept, *e); len(kept) >= 2*eventsKept {
			kept = newestEvents(kept)
			more = true
		}
		return read < eventsRead
	})
	return newestEvents(kept), more || p.cut || len(kept) > eventsKept, err
}

func newestEvents(all []corev1.Event) []corev1.Event {
	slices.SortStableFunc(all, func(a, b corev1.Event) int { return lastSeen(b).Compare(lastSeen(a)) })
	return all[:min(len(all), eventsKept)]
}

// eventFacts are the events about this pod, oldest first. A pod of the same
// name that was there before has another UID; a static pod's events carry the
// UID that the kubelet gave it.
func eventFacts(all []corev1.Event, pod *corev1.Pod) []runbook.Event {
	var facts []runbook.Event
	for i := range all {
		e := &all[i]
		uid := e.InvolvedObject.UID
		if uid != pod.UID && (uid == "" || uid != types.UID(pod.Annotations[mirrorAnnotation])) {
			continue
		}
		facts = append(facts, runbook.Event{
			Type: e.Type, Reason: e.Reason, Message: cut(e.Message),
			Container: containerOf(e.InvolvedObject.FieldPath),
			Count:     max(int(e.Count), seriesCount(e), 1), First: firstSeen(e), Last: lastSeen(*e),
		})
	}
	slices.SortStableFunc(facts, func(a, b runbook.Event) int {
		return cmp.Or(a.Last.Compare(b.Last), a.First.Compare(b.First))
	})
	return facts
}

// fieldPath is how the kubelet points to a container (pkg/kubelet/container/ref.go).
var fieldPath = regexp.MustCompile(`^spec\.(?:initContainers|containers|ephemeralContainers)\{([^}]+)\}$`)

func containerOf(path string) string {
	if found := fieldPath.FindStringSubmatch(path); found != nil {
		return found[1]
	}
	return ""
}

func seriesCount(e *corev1.Event) int {
	if e.Series == nil {
		return 0
	}
	return int(e.Series.Count)
}

func firstSeen(e *corev1.Event) time.Time {
	if !e.FirstTimestamp.IsZero() {
		return e.FirstTimestamp.Time
	}
	if !e.EventTime.IsZero() {
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}

func lastSeen(e corev1.Event) time.Time {
	if e.Series != nil && !e.Series.LastObservedTime.IsZero() {
		return e.Series.LastObservedTime.Time
	}
	if !e.LastTimestamp.IsZero() {
		return e.LastTimestamp.Time
	}
	return firstSeen(&e)
}
