package contract

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// kinds have habits of their own.
func kinds(t *testing.T, s *suite) {
	s.leases(t)
	s.budgets(t)
	s.jobs(t)
	namespaces, err := s.client.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{
		FieldSelector: "status.phase=Active,metadata.name=" + s.namespace,
	})
	if err != nil || len(namespaces.Items) != 1 || namespaces.Items[0].Labels[corev1.LabelMetadataName] != s.namespace {
		t.Errorf("the namespace: %v, %v", namespaces, err)
	}
	_, err = s.client.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{FieldSelector: "metadata.uid=x"})
	wantError(t, err, metav1.StatusReasonBadRequest, "field label not supported: metadata.uid")
	if _, err := s.client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{FieldSelector: "spec.unschedulable=true"}); err != nil {
		t.Errorf("nodes by a selector: %v", err)
	}
}

// leases must say which version they change; leader election relies on it.
func (s *suite) leases(t *testing.T) {
	t.Helper()
	leases := s.client.CoordinationV1().Leases(s.namespace)
	holder := "a"
	made, err := leases.Create(t.Context(), &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: "l"}, Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	blind := made.DeepCopy()
	blind.ResourceVersion = ""
	_, err = leases.Update(t.Context(), blind, metav1.UpdateOptions{})
	wantError(t, err, metav1.StatusReasonInvalid, `leases.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update`)
	other := "b"
	made.Spec.HolderIdentity = &other
	if _, err := leases.Update(t.Context(), made, metav1.UpdateOptions{}); err != nil {
		t.Errorf("a new holder: %v", err)
	}
	if _, err := leases.Update(t.Context(), made, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("an old version of the lease: %v, want a conflict", err)
	}
}

func (s *suite) budgets(t *testing.T) {
	t.Helper()
	one := intstr.FromInt32(1)
	b, err := s.client.PolicyV1().PodDisruptionBudgets(s.namespace).Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "b"},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &one, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}},
	}, metav1.CreateOptions{})
	if err != nil || b.Generation != 1 {
		t.Errorf("a budget: %+v, %v", b, err)
	}
}

func (s *suite) jobs(t *testing.T) {
	t.Helper()
	jobs := s.client.BatchV1().Jobs(s.namespace)
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "j"}}
	job.Spec.Template.Spec = s.pod("", nil).Spec
	job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	suspended := true
	job.Spec.Suspend = &suspended
	if _, err := jobs.Create(t.Context(), job, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	list, err := jobs.List(t.Context(), metav1.ListOptions{FieldSelector: "status.successful=0"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"j"}, names(list.Items)); diff != "" {
		t.Error(diff)
	}
	_, err = jobs.List(t.Context(), metav1.ListOptions{FieldSelector: "status.phase=x"})
	wantError(t, err, metav1.StatusReasonBadRequest, `field label "status.phase" not supported for Job`)
}
