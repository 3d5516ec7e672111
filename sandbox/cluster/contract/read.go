package contract

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// names lists the names of a list.
func names[T any, P interface {
	*T
	metav1.Object
}](items []T,
) []string {
	out := []string{}
	for i := range items {
		out = append(out, P(&items[i]).GetName())
	}
	return out
}

// seedPods makes web-1 (running), web-2 and db-1 (pending).
func (s *suite) seedPods(t *testing.T) {
	t.Helper()
	for _, name := range []string{"web-1", "web-2", "db-1"} {
		s.createPod(t, s.pod(name, map[string]string{"app": name[:len(name)-2], "index": name[len(name)-1:]}))
	}
	running, err := s.client.CoreV1().Pods(s.namespace).Get(t.Context(), "web-1", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	running.Status = corev1.PodStatus{Phase: corev1.PodRunning, PodIPs: []corev1.PodIP{{IP: "10.0.0.9"}}, PodIP: "10.0.0.9"}
	if _, err := s.client.CoreV1().Pods(s.namespace).UpdateStatus(t.Context(), running, metav1.UpdateOptions{}); err != nil {
		t.Fatalf("setting the status: %v", err)
	}
}

func selectors(t *testing.T, s *suite) {
	s.seedPods(t)
	for _, tc := range []struct {
		fields, labels string
		want           []string
	}{
		{"status.phase=Pending", "", []string{"db-1", "web-2"}},
		{"status.phase!=Pending", "", []string{"web-1"}},
		{"metadata.name=web-1", "", []string{"web-1"}},
		{"metadata.name=web-1,status.phase=Pending", "", []string{}},
		{"spec.nodeName=", "", []string{"db-1", "web-1", "web-2"}},
		{"spec.serviceAccountName=puller,spec.schedulerName=nobody,spec.restartPolicy=Always", "", []string{"db-1", "web-1", "web-2"}},
		{"status.podIP=10.0.0.9", "", []string{"web-1"}},
		{"spec.hostNetwork=true", "", []string{}},
		{"", "app=web", []string{"web-1", "web-2"}},
		{"", "app in (web,db),index!=1", []string{"web-2"}},
		{"", "!app", []string{}},
		{"status.phase=Pending", "app=web", []string{"web-2"}},
	} {
		list, err := s.client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{FieldSelector: tc.fields, LabelSelector: tc.labels})
		if err != nil {
			t.Errorf("%q %q: %v", tc.fields, tc.labels, err)
			continue
		}
		if diff := cmp.Diff(tc.want, names(list.Items)); diff != "" {
			t.Errorf("%q %q: %s", tc.fields, tc.labels, diff)
		}
	}
	_, err := s.client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "spec.image=x"})
	wantError(t, err, metav1.StatusReasonBadRequest, "field label not supported: spec.image")
	_, err = s.client.AppsV1().Deployments(s.namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "status.replicas=1"})
	wantError(t, err, metav1.StatusReasonBadRequest, `"status.replicas" is not a known field selector: only "metadata.name", "metadata.namespace"`)
	s.selectEvents(t)
	s.selectSecrets(t)
}

func (s *suite) selectEvents(t *testing.T) {
	t.Helper()
	for i, reason := range []string{"BackOff", "Failed", "Scheduled"} {
		event := &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Name: fmt.Sprintf("event-%d", i)},
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: s.namespace, Name: "web-1", UID: "u1", FieldPath: "spec.containers{app}"},
			Reason:         reason, Type: []string{"Normal", "Warning", "Normal"}[i],
			Source: corev1.EventSource{Component: []string{"kubelet", "kubelet", "default-scheduler"}[i]},
		}
		if _, err := s.client.CoreV1().Events(s.namespace).Create(t.Context(), event, metav1.CreateOptions{}); err != nil {
			t.Fatalf("creating an event: %v", err)
		}
	}
	for selector, want := range map[string][]string{
		"reason=BackOff": {"event-0"},
		"involvedObject.kind=Pod,involvedObject.name=web-1,involvedObject.uid=u1": {"event-0", "event-1", "event-2"},
		"involvedObject.uid=u2":                                {},
		"involvedObject.fieldPath=spec.containers{app}":        {"event-0", "event-1", "event-2"},
		"type=Warning,source=kubelet":                          {"event-1"},
		"source=default-scheduler":                             {"event-2"},
		"reportingComponent=kubelet":                           {},
		"metadata.namespace=" + s.namespace + ",reason=Failed": {"event-1"},
	} {
		list, err := s.client.CoreV1().Events(s.namespace).List(t.Context(), metav1.ListOptions{FieldSelector: selector})
		if err != nil {
			t.Errorf("%s: %v", selector, err)
			continue
		}
		if diff := cmp.Diff(want, names(list.Items)); diff != "" {
			t.Errorf("%s: %s", selector, diff)
		}
	}
}

func (s *suite) selectSecrets(t *testing.T) {
	t.Helper()
	s.createSecret(t, opaque("plain"))
	s.createSecret(t, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "pull"}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte(`{"auths":{}}`)},
	})
	list, err := s.client.CoreV1().Secrets(s.namespace).List(t.Context(),
		metav1.ListOptions{FieldSelector: "type=kubernetes.io/dockerconfigjson"})
	if err != nil {
		t.Fatalf("listing secrets by type: %v", err)
	}
	if diff := cmp.Diff([]string{"pull"}, names(list.Items)); diff != "" {
		t.Error(diff)
	}
}

func pages(t *testing.T, s *suite) {
	maps := s.client.CoreV1().ConfigMaps(s.namespace)
	want := []string{"m-0", "m-1", "m-2", "m-3", "m-4"}
	for _, name := range want {
		_, err := maps.Create(t.Context(), &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"of": "contract"}},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	options := metav1.ListOptions{Limit: 2, LabelSelector: "of=contract"}
	first, err := maps.List(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if first.Continue == "" || first.RemainingItemCount != nil {
		t.Errorf("a page of a selection: continue %q, remaining %v, want a token and no count", first.Continue, first.RemainingItemCount)
	}
	if err := maps.Delete(t.Context(), "m-4", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	got, options := names(first.Items), metav1.ListOptions{Limit: 2, LabelSelector: "of=contract", Continue: first.Continue}
	for options.Continue != "" {
		next, err := maps.List(t.Context(), options)
		if err != nil {
			t.Fatalf("a further page: %v", err)
		}
		if next.ResourceVersion != first.ResourceVersion {
			t.Errorf("a further page is of version %s, the first of %s", next.ResourceVersion, first.ResourceVersion)
		}
		got = append(got, names(next.Items)...)
		options.Continue = next.Continue
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the pages are not of one version: %s", diff)
	}
	s.limits(t, first.Continue)
}

// limits are counted, lifted by the watch cache, and bound to their token.
func (s *suite) limits(t *testing.T, token string) {
	t.Helper()
	maps := s.client.CoreV1().ConfigMaps(s.namespace)
	all, err := maps.List(t.Context(), metav1.ListOptions{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if all.RemainingItemCount == nil || *all.RemainingItemCount < 3 {
		t.Errorf("remaining items: %v, want at least 3", all.RemainingItemCount)
	}
	cached, err := maps.List(t.Context(), metav1.ListOptions{Limit: 1, LabelSelector: "of=contract", ResourceVersion: "0"})
	if err != nil {
		t.Fatal(err)
	}
	if len(cached.Items) < 4 || cached.Continue != "" {
		t.Errorf("version 0 with a limit: %d items, continue %q, want all at once", len(cached.Items), cached.Continue)
	}
	_, err = maps.List(t.Context(), metav1.ListOptions{Continue: token, ResourceVersion: "5"})
	wantError(t, err, metav1.StatusReasonBadRequest, "specifying resource version is not allowed when using continue")
	_, err = maps.List(t.Context(), metav1.ListOptions{Continue: "bm8"})
	if !apierrors.IsBadRequest(err) {
		t.Errorf("a token that is none: %v, want a bad request", err)
	}
}

func versions(t *testing.T, s *suite) {
	maps := s.client.CoreV1().ConfigMaps(s.namespace)
	make1 := func(name string) *corev1.ConfigMap {
		made, err := maps.Create(t.Context(), &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"of": "contract"}},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	first := make1("a")
	second := make1("b")
	for _, tc := range []struct {
		version string
		match   metav1.ResourceVersionMatch
		limit   int64
		want    []string
	}{
		{first.ResourceVersion, metav1.ResourceVersionMatchExact, 0, []string{"a"}},
		{second.ResourceVersion, metav1.ResourceVersionMatchExact, 0, []string{"a", "b"}},
		{first.ResourceVersion, "", 10, []string{"a"}}, // with a limit, the old default is exact
		{second.ResourceVersion, metav1.ResourceVersionMatchNotOlderThan, 0, []string{"a", "b"}},
		{second.ResourceVersion, "", 0, []string{"a", "b"}},
		{"", "", 0, []string{"a", "b"}},
	} {
		list, err := maps.List(t.Context(), metav1.ListOptions{
			LabelSelector: "of=contract", ResourceVersion: tc.version, ResourceVersionMatch: tc.match, Limit: tc.limit,
		})
		if err != nil {
			t.Errorf("version %q %q: %v", tc.version, tc.match, err)
			continue
		}
		if diff := cmp.Diff(tc.want, names(list.Items)); diff != "" {
			t.Errorf("version %q %q limit %d: %s", tc.version, tc.match, tc.limit, diff)
		}
	}
	_, err := maps.List(t.Context(), metav1.ListOptions{ResourceVersionMatch: metav1.ResourceVersionMatchExact})
	if !apierrors.IsInvalid(err) {
		t.Errorf("a match without a version: %v, want Invalid", err)
	}
	_, err = maps.List(t.Context(), metav1.ListOptions{ResourceVersion: "x"})
	if !apierrors.IsBadRequest(err) && !apierrors.IsInvalid(err) {
		t.Errorf("a version that is no number: %v", err)
	}
	number, err := strconv.ParseUint(second.ResourceVersion, 10, 64)
	if err != nil {
		t.Fatalf("the version is no number: %v", err)
	}
	err = s.client.CoreV1().RESTClient().Get().Namespace(s.namespace).Resource("configmaps").Name("a").
		Param("resourceVersion", strconv.FormatUint(number+100000, 10)).MaxRetries(0).Do(t.Context()).Error()
	if !apierrors.IsTimeout(err) || !apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge) {
		t.Errorf("a version of the future: %v, want a Timeout that says so", err)
	}
}
