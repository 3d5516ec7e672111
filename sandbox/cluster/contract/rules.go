package contract

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func immutables(t *testing.T, s *suite) {
	secrets := s.client.CoreV1().Secrets(s.namespace)
	fixed := true
	secret := opaque("fixed")
	secret.Immutable = &fixed
	s.createSecret(t, secret)
	for name, patch := range map[string]string{
		"data of an immutable secret": `{"data":{"a":"bm8="}}`,
		"the mark itself":             `{"immutable":false}`,
		"the type":                    `{"type":"kubernetes.io/dockerconfigjson"}`,
	} {
		_, err := secrets.Patch(t.Context(), "fixed", types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		if !apierrors.IsInvalid(err) {
			t.Errorf("changing %s: %v, want Invalid", name, err)
		}
	}
	for name, broken := range map[string]*corev1.Secret{
		"no key":  {Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{"x": []byte("{}")}},
		"no JSON": {Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte("{")}},
	} {
		broken.Name = "broken"
		if _, err := secrets.Create(t.Context(), broken, metav1.CreateOptions{}); !apierrors.IsInvalid(err) {
			t.Errorf("a pull secret with %s: %v, want Invalid", name, err)
		}
	}
	pods := s.client.CoreV1().Pods(s.namespace)
	s.createPod(t, s.pod("p", nil))
	_, err := pods.Patch(t.Context(), "p", types.MergePatchType, []byte(`{"spec":{"imagePullSecrets":[{"name":"x"}]}}`), metav1.PatchOptions{})
	if !apierrors.IsInvalid(err) {
		t.Errorf("other pull secrets for a pod: %v, want Invalid", err)
	}
	p, err := pods.Patch(t.Context(), "p", types.StrategicMergePatchType,
		[]byte(`{"spec":{"containers":[{"name":"app","image":"registry.invalid/app:v9"}]}}`), metav1.PatchOptions{})
	if err != nil || p.Spec.Containers[0].Image != "registry.invalid/app:v9" || p.Generation != 2 {
		t.Errorf("another image for a pod: %v", err)
	}
	deployments := s.client.AppsV1().Deployments(s.namespace)
	if _, err := deployments.Create(t.Context(), s.deployment("d"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	_, err = deployments.Patch(t.Context(), "d", types.MergePatchType, []byte(
		`{"spec":{"selector":{"matchLabels":{"app":"e"}},"template":{"metadata":{"labels":{"app":"e"}}}}}`), metav1.PatchOptions{})
	if !apierrors.IsInvalid(err) {
		t.Errorf("another selector: %v, want Invalid", err)
	}
	_, err = deployments.Patch(t.Context(), "d", types.MergePatchType, []byte(
		`{"spec":{"template":{"metadata":{"labels":{"app":"e"}}}}}`), metav1.PatchOptions{})
	if !apierrors.IsInvalid(err) {
		t.Errorf("a template that the selector does not match: %v, want Invalid", err)
	}
}

// admission copies the account's pull secrets at creation, and only into a pod
// that has none.
func admission(t *testing.T, s *suite) {
	_, err := s.client.CoreV1().ServiceAccounts(s.namespace).Patch(t.Context(), account, types.MergePatchType,
		[]byte(`{"imagePullSecrets":[{"name":"from-account"}]}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// The real plugin reads accounts from a cache, which may be a moment late.
	var bare *corev1.Pod
	for range 50 {
		bare = s.createPod(t, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{GenerateName: "bare-"}, Spec: s.pod("", nil).Spec})
		if len(bare.Spec.ImagePullSecrets) > 0 {
			break
		}
	}
	if diff := cmp.Diff([]corev1.LocalObjectReference{{Name: "from-account"}}, bare.Spec.ImagePullSecrets); diff != "" {
		t.Error(diff)
	}
	own := s.pod("own", nil)
	own.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "mine"}}
	if diff := cmp.Diff([]corev1.LocalObjectReference{{Name: "mine"}}, s.createPod(t, own).Spec.ImagePullSecrets); diff != "" {
		t.Error(diff)
	}
	stray := s.pod("stray", nil)
	stray.Spec.ServiceAccountName = "absent"
	_, err = s.client.CoreV1().Pods(s.namespace).Create(t.Context(), stray, metav1.CreateOptions{})
	wantError(t, err, metav1.StatusReasonForbidden, `pods "stray" is forbidden: error looking up service account `+
		s.namespace+`/absent: serviceaccount "absent" not found`)
	if p := bare; p.Spec.Containers[0].ImagePullPolicy != corev1.PullIfNotPresent || p.Status.Phase != corev1.PodPending ||
		p.Spec.RestartPolicy != corev1.RestartPolicyAlways || p.Status.QOSClass != corev1.PodQOSBestEffort {
		t.Errorf("defaults of a pod: %+v", p)
	}
}

// managers are who wrote which field last.
func managers(t *testing.T, s *suite) {
	secrets := s.client.CoreV1().Secrets(s.namespace)
	if _, err := secrets.Create(t.Context(), opaque("s"), metav1.CreateOptions{FieldManager: "first"}); err != nil {
		t.Fatal(err)
	}
	got, err := secrets.Patch(t.Context(), "s", types.MergePatchType, []byte(`{"data":{"b":"bmV3"}}`), metav1.PatchOptions{FieldManager: "second"})
	if err != nil {
		t.Fatal(err)
	}
	wantFields(t, got.ManagedFields, map[string]string{
		"first":  `{"f:data":{".":{},"f:a":{}},"f:type":{}}`,
		"second": `{"f:data":{"f:b":{}}}`,
	})
	deployments := s.client.AppsV1().Deployments(s.namespace)
	if _, err := deployments.Create(t.Context(), s.deployment("d"), metav1.CreateOptions{FieldManager: "first"}); err != nil {
		t.Fatal(err)
	}
	d, err := deployments.Patch(t.Context(), "d", types.StrategicMergePatchType, []byte(
		`{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"registry.invalid/app:v2"}]}}}}`), metav1.PatchOptions{FieldManager: "second"})
	if err != nil {
		t.Fatal(err)
	}
	second := slices.IndexFunc(d.ManagedFields, func(e metav1.ManagedFieldsEntry) bool { return e.Manager == "second" })
	if second < 0 || d.ManagedFields[second].Time == nil {
		t.Fatalf("no entry of the second manager: %v", d.ManagedFields)
	}
	wantFields(t, d.ManagedFields[second:second+1], map[string]string{
		"second": `{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{"f:image":{}}}}}}}`,
	})
	own := s.pod("p", nil)
	own.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "x"}}
	p, err := s.client.CoreV1().Pods(s.namespace).Create(t.Context(), own, metav1.CreateOptions{FieldManager: "first"})
	if err != nil {
		t.Fatal(err)
	}
	if fields := p.ManagedFields[0].FieldsV1.GetRawString(); !strings.Contains(fields, `"f:imagePullSecrets":{".":{},"k:{\"name\":\"x\"}":{}}`) {
		t.Errorf("a pod's pull secrets: %s", fields)
	}
}

// wantFields compares the entries as JSON; the versions and times differ.
func wantFields(t *testing.T, entries []metav1.ManagedFieldsEntry, want map[string]string) {
	t.Helper()
	got := map[string]any{}
	expected := map[string]any{}
	for _, e := range entries {
		var fields any
		if err := json.Unmarshal(e.FieldsV1.GetRawBytes(), &fields); err != nil {
			t.Fatalf("fields of %s: %v", e.Manager, err)
		}
		if e.Operation != metav1.ManagedFieldsOperationUpdate {
			t.Errorf("%s: operation %s", e.Manager, e.Operation)
		}
		got[e.Manager] = fields
	}
	for manager, text := range want {
		var fields any
		if err := json.Unmarshal([]byte(text), &fields); err != nil {
			t.Fatal(err)
		}
		expected[manager] = fields
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Error(diff)
	}
}
