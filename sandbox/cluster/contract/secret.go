package contract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// pullSecrets are changed as pullfix changes them: a JSON patch for exactly one
// version, beside whatever else the secret holds.
func pullSecrets(t *testing.T, s *suite) {
	secrets := s.client.CoreV1().Secrets(s.namespace)
	made := s.createSecret(t, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "pull", Annotations: map[string]string{"a/b": "1"}}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte("{ }"), "other": []byte("x")},
	})
	patch := func(uid, version string) error {
		body := `[{"op":"test","path":"/metadata/uid","value":"` + uid + `"},{"op":"replace","path":"/metadata/resourceVersion","value":"` + version + `"},` +
			`{"op":"replace","path":"/data/.dockerconfigjson","value":"eyJhdXRocyI6e319"},{"op":"add","path":"/metadata/annotations/c~1d","value":"2"}]`
		_, err := secrets.Patch(t.Context(), "pull", types.JSONPatchType, []byte(body), metav1.PatchOptions{FieldManager: "writer"})
		return err
	}
	if err := patch("another", made.ResourceVersion); status(t, err).Code != 422 {
		t.Errorf("for another UID: %v, want 422", err)
	}
	if err := patch(string(made.UID), "1"); !apierrors.IsConflict(err) {
		t.Errorf("for an old version: %v, want a conflict", err)
	}
	if err := patch(string(made.UID), made.ResourceVersion); err != nil {
		t.Fatalf("for this version: %v", err)
	}
	got, err := secrets.Get(t.Context(), "pull", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{corev1.DockerConfigJsonKey: []byte(`{"auths":{}}`), "other": []byte("x")}
	if diff := cmp.Diff(want, got.Data); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"a/b": "1", "c/d": "2"}, got.Annotations); diff != "" {
		t.Error(diff)
	}
	_, err = secrets.Patch(t.Context(), "pull", types.JSONPatchType, []byte(`[{"op":"replace","path":"/type","value":"Opaque"}]`), metav1.PatchOptions{})
	if !apierrors.IsInvalid(err) {
		t.Errorf("another type: %v, want Invalid", err)
	}
	s.attaches(t)
}

// attaches gives a template a list of pull secrets, which is a new generation.
func (s *suite) attaches(t *testing.T) {
	t.Helper()
	deployments := s.client.AppsV1().Deployments(s.namespace)
	made, err := deployments.Create(t.Context(), s.deployment("attach"), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, names := range [][]string{{"one"}, {"two", "one"}} {
		made = s.attach(t, made, names)
	}
	if made.Generation != 3 {
		t.Errorf("generation %d, want 3", made.Generation)
	}
}

func (s *suite) attach(t *testing.T, to *appsv1.Deployment, names []string) *appsv1.Deployment {
	t.Helper()
	var list []string
	for _, name := range names {
		list = append(list, `{"name":"`+name+`"}`)
	}
	body := `[{"op":"add","path":"/spec/template/spec/imagePullSecrets","value":[` + strings.Join(list, ",") + `]}]`
	got, err := s.client.AppsV1().Deployments(s.namespace).Patch(t.Context(), to.Name, types.JSONPatchType, []byte(body), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var has []string
	for _, r := range got.Spec.Template.Spec.ImagePullSecrets {
		has = append(has, r.Name)
	}
	if diff := cmp.Diff(names, has); diff != "" {
		t.Error(diff)
	}
	return got
}
