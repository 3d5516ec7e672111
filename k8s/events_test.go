package k8s

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func eventAt(uid types.UID, path, message string, last time.Time) corev1.Event {
	return corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop"},
		Type:       "Warning", Reason: "Failed", Message: message, Count: 3,
		FirstTimestamp: metav1.NewTime(last.Add(-time.Minute)), LastTimestamp: metav1.NewTime(last),
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: "shop", UID: uid, FieldPath: path},
	}
}

func TestEventFactsAreOfThisPodAndInOrder(t *testing.T) {
	noon := clock(t, "2026-11-22T12:00:00Z")
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "this", Annotations: map[string]string{mirrorAnnotation: "mirrored"}}}
	series := eventAt("this", "", "series", time.Time{})
	series.FirstTimestamp, series.LastTimestamp, series.Count = metav1.Time{}, metav1.Time{}, 0
	series.EventTime = metav1.NewMicroTime(noon)
	series.Series = &corev1.EventSeries{Count: 9, LastObservedTime: metav1.NewMicroTime(noon.Add(4 * time.Minute))}
	got := eventFacts([]corev1.Event{
		series,
		eventAt("this", "spec.initContainers{setup}", "init", noon.Add(2*time.Minute)),
		eventAt("before", "spec.containers{app}", "a pod of the same name that is gone", noon),
		eventAt("", "spec.containers{app}", "forged", noon),
		eventAt("mirrored", "spec.containers{app}", "static", noon.Add(time.Minute)),
		eventAt("this", "spec.ephemeralContainers{debug}", "ephemeral", noon.Add(3*time.Minute)),
		eventAt("this", "spec.containers{app}.oddity", "odd path", noon),
	}, pod)
	type row struct {
		Message, Container string
		Count              int
		First, Last        string
	}
	var rows []row
	for _, e := range got {
		rows = append(rows, row{e.Message, e.Container, e.Count, e.First.Format(time.TimeOnly), e.Last.Format(time.TimeOnly)})
	}
	want := []row{
		{"odd path", "", 3, "11:59:00", "12:00:00"},
		{"static", "app", 3, "12:00:00", "12:01:00"},
		{"init", "setup", 3, "12:01:00", "12:02:00"},
		{"ephemeral", "debug", 3, "12:02:00", "12:03:00"},
		{"series", "", 9, "12:00:00", "12:04:00"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestEventFactsOfAPodWithoutMirror(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "this"}}
	if got := eventFacts([]corev1.Event{eventAt("", "", "forged", time.Now())}, pod); got != nil {
		t.Errorf("an event about no UID counts: %v", got)
	}
}

// A pod with 10,000 events costs bounded memory, and the newest are kept.
func TestEventsAreBounded(t *testing.T) {
	noon := clock(t, "2026-11-22T12:00:00Z")
	list := &corev1.EventList{}
	for i := range 10000 {
		list.Items = append(list.Items, eventAt("this", "", fmt.Sprint(i), noon.Add(time.Duration((i*7919)%10000)*time.Second)))
	}
	c := scripted(t, map[string]reply{"/api/v1/namespaces/shop/events": {protobuf: list}})
	found, more, err := podEvents(context.Background(), c.api, eventsQuestion("shop", "web"))
	if err != nil || !more || len(found) != eventsKept {
		t.Fatalf("%d events, more %v, %v", len(found), more, err)
	}
	oldest := noon.Add((10000 - eventsKept) * time.Second)
	for _, e := range found {
		if e.LastTimestamp.Time.Before(oldest) {
			t.Fatalf("kept an event of %v; the newest %d begin at %v", e.LastTimestamp, eventsKept, oldest)
		}
	}
	facts := eventFacts(found, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "this"}})
	if !facts[0].Last.Equal(oldest) {
		t.Errorf("the oldest that is kept is of %v, want %v", facts[0].Last, oldest)
	}
}
