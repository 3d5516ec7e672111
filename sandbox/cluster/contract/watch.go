package contract

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// next returns the next event as "KIND name", or what is wrong.
func next(t *testing.T, w watch.Interface) (string, watch.Event) {
	t.Helper()
	select {
	case event, ok := <-w.ResultChan():
		if !ok {
			return "closed", event
		}
		accessor, err := meta.Accessor(event.Object)
		if err != nil {
			return string(event.Type), event
		}
		return string(event.Type) + " " + accessor.GetName(), event
	case <-time.After(10 * time.Second):
		return "nothing in 10 s", watch.Event{}
	}
}

func (s *suite) watchPods(t *testing.T, o metav1.ListOptions) watch.Interface {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w, err := s.client.CoreV1().Pods(s.namespace).Watch(ctx, o)
	if err != nil {
		t.Fatalf("watching pods: %v", err)
	}
	t.Cleanup(func() {
		w.Stop()
		cancel()
	})
	return w
}

func watches(t *testing.T, s *suite) {
	s.createPod(t, s.pod("one", map[string]string{"app": "a"}))
	list, err := s.client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	all := s.watchPods(t, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	chosen := s.watchPods(t, metav1.ListOptions{ResourceVersion: list.ResourceVersion, LabelSelector: "app=b"})
	pods := s.client.CoreV1().Pods(s.namespace)
	s.createPod(t, s.pod("two", nil))
	for _, label := range []string{"b", "c"} {
		if _, err := pods.Patch(t.Context(), "one", types.MergePatchType, []byte(`{"metadata":{"labels":{"app":"`+label+`"}}}`), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := pods.Delete(t.Context(), "two", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	wantEvents(t, "all", all, "ADDED two", "MODIFIED one", "MODIFIED one", "MODIFIED two", "DELETED two")
	wantEvents(t, "selected", chosen, "ADDED one", "DELETED one")
	// From the same version again, everything comes again.
	again := s.watchPods(t, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	wantEvents(t, "resumed", again, "ADDED two", "MODIFIED one", "MODIFIED one", "MODIFIED two", "DELETED two")
	fresh := s.watchPods(t, metav1.ListOptions{})
	wantEvents(t, "without a version", fresh, "ADDED one")
	s.watchList(t)
	s.watchEnds(t)
}

func wantEvents(t *testing.T, name string, w watch.Interface, want ...string) {
	t.Helper()
	var got []string
	for range want {
		event, _ := next(t, w)
		got = append(got, event)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

// watchList is a list in a watch: what is there, a marked bookmark, what comes.
func (s *suite) watchList(t *testing.T) {
	t.Helper()
	yes := true
	w := s.watchPods(t, metav1.ListOptions{
		SendInitialEvents: &yes, AllowWatchBookmarks: true, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	})
	wantEvents(t, "initial events", w, "ADDED one")
	kind, event := next(t, w)
	bookmark, ok := event.Object.(*corev1.Pod)
	if kind != "BOOKMARK " || !ok || bookmark.Annotations[metav1.InitialEventsAnnotationKey] != "true" || bookmark.ResourceVersion == "" {
		t.Errorf("after the initial events: %s %+v", kind, event.Object)
	}
	s.createPod(t, s.pod("three", nil))
	wantEvents(t, "after the bookmark", w, "ADDED three")
}

func (s *suite) watchEnds(t *testing.T) {
	t.Helper()
	second := int64(1)
	w := s.watchPods(t, metav1.ListOptions{TimeoutSeconds: &second, FieldSelector: "metadata.name=absent"})
	if got, _ := next(t, w); got != "closed" {
		t.Errorf("after its timeout: %s, want closed", got)
	}
}
