package k8s

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

func quietMeta(namespace, name string, owners ...metav1.OwnerReference) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, Annotations: map[string]string{IgnoreAnnotation: "true"}, OwnerReferences: owners}
}

func TestIgnored(t *testing.T) {
	stand := town(t)
	yes := true
	labels := map[string]string{"app": "quiet"}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "a:1"}}}}
	replicas := int32(0)
	owner := metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "quiet", UID: "u-quiet", Controller: &yes}
	deployment := &appsv1.Deployment{ObjectMeta: quietMeta("shop", "quiet"), Spec: appsv1.DeploymentSpec{Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template}}
	deployment.UID = "u-quiet"
	set := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "quiet-1", OwnerReferences: []metav1.OwnerReference{owner}}, Spec: appsv1.ReplicaSetSpec{Replicas: &replicas, Selector: deployment.Spec.Selector, Template: template}}
	if err := stand.Add(&corev1.Namespace{ObjectMeta: quietMeta("", "hushed")}, deployment, set); err != nil {
		t.Fatal(err)
	}
	c := enter(t, stand)
	for _, row := range []struct {
		namespace, workload string
		want                bool
	}{
		{"hushed", "", true},
		{"hushed", "ReplicaSet/none", true},
		{"shop", "Deployment/quiet", true},
		{"shop", "ReplicaSet/quiet-1", true},
		{"shop", "ReplicaSet/none", false},
		{"shop", "Deployment/web", false},
		{"shop", "", false},
		{"shop", "Rollout/canary", false},
		{"nowhere", "Deployment/quiet", false},
		{"../secrets", "Deployment/quiet", false},
		{"shop", "Deployment/../../secrets", false},
	} {
		got, err := c.Ignored(t.Context(), row.namespace, row.workload)
		if err != nil || got != row.want {
			t.Errorf("%s %s: %v, %v", row.namespace, row.workload, got, err)
		}
	}
	for _, r := range stand.Requests() {
		if r.Method != http.MethodGet {
			t.Errorf("it changes something: %+v", r)
		}
	}
	stand.Inject(cluster.Fault{Rule: cluster.Rule{Resource: "namespaces"}, Status: http.StatusForbidden, Times: -1})
	if got, err := c.Ignored(t.Context(), "shop", "Deployment/web"); got || !errors.Is(err, ErrForbidden) {
		t.Errorf("a namespace that may not be read: %v, %v", got, err)
	}
}

// TestPendingReadsNothingElse: one list from the API server's cache.
func TestPendingReadsNothingElse(t *testing.T) {
	stand := town(t)
	quiet := &corev1.Pod{
		ObjectMeta: quietMeta("shop", "hush"), Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "a:1"}}},
		Status: corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{
			Name: "app", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull"}},
		}}},
	}
	if err := stand.Add(quiet); err != nil {
		t.Fatal(err)
	}
	c := enter(t, stand)
	var names, ignored []string
	survey, err := c.Failing(t.Context(), ScanOptions{Pending: true}, func(found []runbook.FailingPull) {
		for _, p := range found {
			names = append(names, p.Pod)
			if p.Ran {
				t.Errorf("%s ran", p.Pod)
			}
			if p.Ignored {
				ignored = append(ignored, p.Pod)
			}
		}
	})
	if err != nil || !survey.Complete || slices.Contains(names, "restarted") || !slices.Equal(ignored, []string{"hush"}) {
		t.Errorf("found %v, ignored %v, %+v, %v", names, ignored, survey, err)
	}
	if n := len(stand.Requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
	ran := 0
	if _, err := c.Failing(t.Context(), ScanOptions{}, func(found []runbook.FailingPull) {
		for _, p := range found {
			if p.Ran {
				ran++
			}
		}
	}); err != nil || ran == 0 {
		t.Errorf("%d of those that ran, %v", ran, err)
	}
}
