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
	"k8s.io/client-go/util/retry"
)

// deployment is one that wants no pods, so that controllers leave it in peace.
func (s *suite) deployment(name string) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	none := int32(0)
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: s.namespace},
		Spec: appsv1.DeploymentSpec{
			Replicas: &none, Paused: true, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: s.pod("", nil).Spec},
		},
	}
}

func writes(t *testing.T, s *suite) {
	secrets := s.client.CoreV1().Secrets(s.namespace)
	made := s.createSecret(t, opaque("s"))
	if made.UID == "" || made.ResourceVersion == "" || made.CreationTimestamp.IsZero() || made.Type != corev1.SecretTypeOpaque {
		t.Errorf("a new secret: %+v", made.ObjectMeta)
	}
	fresh := made.DeepCopy()
	fresh.Data["a"] = []byte("3")
	updated, err := secrets.Update(t.Context(), fresh, metav1.UpdateOptions{})
	if err != nil || updated.ResourceVersion == made.ResourceVersion || updated.UID != made.UID {
		t.Fatalf("an update: %+v, %v", updated, err)
	}
	_, err = secrets.Update(t.Context(), made, metav1.UpdateOptions{})
	wantError(t, err, metav1.StatusReasonConflict, `Operation cannot be fulfilled on secrets "s": the object has been modified; please apply your changes to the latest version and try again`)
	same, err := secrets.Update(t.Context(), updated, metav1.UpdateOptions{})
	if err != nil || same.ResourceVersion != updated.ResourceVersion {
		t.Errorf("an update that changes nothing made version %s of %s (%v)", same.ResourceVersion, updated.ResourceVersion, err)
	}
	blind := updated.DeepCopy()
	blind.ResourceVersion, blind.Data["a"] = "", []byte("4")
	if _, err := secrets.Update(t.Context(), blind, metav1.UpdateOptions{}); err != nil {
		t.Errorf("an update without a version: %v", err)
	}
	other := updated.DeepCopy()
	other.ResourceVersion, other.UID = "", "11111111-2222-4333-8444-555555555555"
	if _, err := secrets.Update(t.Context(), other, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("an update of another uid: %v, want a conflict", err)
	}
	if _, err := secrets.Update(t.Context(), opaque("absent"), metav1.UpdateOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("an update of what is not there: %v", err)
	}
	s.creations(t)
	s.generations(t)
}

func (s *suite) creations(t *testing.T) {
	t.Helper()
	secrets := s.client.CoreV1().Secrets(s.namespace)
	named, err := secrets.Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "gen-"}, StringData: map[string]string{"k": "v"},
	}, metav1.CreateOptions{})
	if err != nil || !strings.HasPrefix(named.Name, "gen-") || len(named.Name) != 9 || string(named.Data["k"]) != "v" {
		t.Errorf("a generated name: %q, %v", named.Name, err)
	}
	dry, err := secrets.Create(t.Context(), opaque("dry"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil || dry.Name != "dry" {
		t.Errorf("a dry run: %v, %v", dry, err)
	}
	if _, err := secrets.Get(t.Context(), "dry", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("after a dry run: %v", err)
	}
}

// change updates a fresh copy of the deployment: on a real server controllers
// write to it at the same time.
func (s *suite) change(t *testing.T, name string, mutate func(*appsv1.Deployment)) (changed *appsv1.Deployment, err error) {
	t.Helper()
	deployments := s.client.AppsV1().Deployments(s.namespace)
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		d, err := deployments.Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		mutate(d)
		changed, err = deployments.Update(t.Context(), d, metav1.UpdateOptions{})
		return err
	})
	return changed, err
}

// generations count changes of the spec; the status has its own door.
func (s *suite) generations(t *testing.T) {
	t.Helper()
	deployments := s.client.AppsV1().Deployments(s.namespace)
	d, err := deployments.Create(t.Context(), s.deployment("d"), metav1.CreateOptions{})
	if err != nil || d.Generation != 1 || *d.Spec.RevisionHistoryLimit != 10 {
		t.Fatalf("a new deployment: %+v, %v", d, err)
	}
	annotated := func(d *appsv1.Deployment) { metav1.SetMetaDataAnnotation(&d.ObjectMeta, "x", "y") }
	if d, err = s.change(t, "d", annotated); err != nil || d.Generation != 2 {
		t.Fatalf("after an annotation, which a deployment counts: generation %d, %v", d.Generation, err)
	}
	labelled := func(d *appsv1.Deployment) { metav1.SetMetaDataLabel(&d.ObjectMeta, "x", "y") }
	if d, err = s.change(t, "d", labelled); err != nil || d.Generation != 2 {
		t.Fatalf("after a label: generation %d, %v", d.Generation, err)
	}
	s.renewals(t)
}

// renewals change the template, and the status through its own door.
func (s *suite) renewals(t *testing.T) {
	t.Helper()
	deployments := s.client.AppsV1().Deployments(s.namespace)
	renewed := func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].Image = "registry.invalid/app:v2"
		d.Status.Replicas = 7
	}
	d, err := s.change(t, "d", renewed)
	if err != nil || d.Generation != 3 || d.Status.Replicas == 7 {
		t.Fatalf("after a new image: generation %d, status %d, %v", d.Generation, d.Status.Replicas, err)
	}
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		fresh, err := deployments.Get(t.Context(), "d", metav1.GetOptions{})
		if err != nil {
			return err
		}
		fresh.Status.ReadyReplicas, fresh.Status.Replicas, fresh.Spec.MinReadySeconds = 3, 3, 9
		d, err = deployments.UpdateStatus(t.Context(), fresh, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if d.Status.ReadyReplicas != 3 || d.Spec.MinReadySeconds != 0 || d.Generation != 3 {
		t.Errorf("after a status: ready %d, min ready %d, generation %d", d.Status.ReadyReplicas, d.Spec.MinReadySeconds, d.Generation)
	}
}

func patches(t *testing.T, s *suite) {
	maps := s.client.CoreV1().ConfigMaps(s.namespace)
	_, err := maps.Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "m"}, Data: map[string]string{"a": "1", "b": "2"},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		kind types.PatchType
		body string
		want map[string]string
	}{
		{types.MergePatchType, `{"data":{"a":null,"c":"3"}}`, map[string]string{"b": "2", "c": "3"}},
		{types.JSONPatchType, `[{"op":"test","path":"/data/c","value":"3"},{"op":"replace","path":"/data/b","value":"4"},{"op":"add","path":"/data/x.y","value":"5"}]`, map[string]string{"b": "4", "c": "3", "x.y": "5"}},
		{types.JSONPatchType, `[{"op":"remove","path":"/data/x.y"},{"op":"move","from":"/data/b","path":"/data/d"},{"op":"copy","from":"/data/c","path":"/data/e"}]`, map[string]string{"c": "3", "d": "4", "e": "3"}},
		{types.StrategicMergePatchType, `{"data":{"$patch":"replace","z":"9"}}`, map[string]string{"z": "9"}},
	} {
		got, err := maps.Patch(t.Context(), "m", tc.kind, []byte(tc.body), metav1.PatchOptions{})
		if err != nil {
			t.Fatalf("%s: %v", tc.body, err)
		}
		if diff := cmp.Diff(tc.want, got.Data); diff != "" {
			t.Errorf("%s: %s", tc.body, diff)
		}
	}
	_, err = maps.Patch(t.Context(), "m", types.JSONPatchType, []byte(`[{"op":"test","path":"/data/z","value":"no"}]`), metav1.PatchOptions{})
	if status(t, err).Code != 422 {
		t.Errorf("a test that fails: %v, want 422", err)
	}
	_, err = maps.Patch(t.Context(), "m", types.JSONPatchType, []byte(`{`), metav1.PatchOptions{})
	if !apierrors.IsBadRequest(err) {
		t.Errorf("no JSON: %v, want a bad request", err)
	}
	_, err = maps.Patch(t.Context(), "m", types.MergePatchType, []byte(`{"metadata":{"resourceVersion":"1"},"data":{"q":"1"}}`), metav1.PatchOptions{})
	if !apierrors.IsConflict(err) {
		t.Errorf("a patch of an old version: %v, want a conflict", err)
	}
	_, err = maps.Patch(t.Context(), "absent", types.MergePatchType, []byte(`{}`), metav1.PatchOptions{})
	wantError(t, err, metav1.StatusReasonNotFound, `configmaps "absent" not found`)
	s.strategic(t)
}

// strategic merges lists by their keys, as kubectl relies on.
func (s *suite) strategic(t *testing.T) {
	t.Helper()
	deployments := s.client.AppsV1().Deployments(s.namespace)
	if _, err := deployments.Create(t.Context(), s.deployment("merge"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	got, err := deployments.Patch(t.Context(), "merge", types.StrategicMergePatchType, []byte(
		`{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"now"}},"spec":{"containers":[{"name":"app","image":"registry.invalid/app:v3"},{"name":"side","image":"registry.invalid/side:v1"}]}}}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	images := map[string]string{}
	for _, c := range got.Spec.Template.Spec.Containers {
		images[c.Name] = c.Image
	}
	if diff := cmp.Diff(map[string]string{"app": "registry.invalid/app:v3", "side": "registry.invalid/side:v1"}, images); diff != "" {
		t.Error(diff)
	}
	if got.Generation != 2 {
		t.Errorf("generation %d, want 2", got.Generation)
	}
	// A pod merges its pull secrets by name, an account replaces them.
	accounts := s.client.CoreV1().ServiceAccounts(s.namespace)
	for _, name := range []string{"one", "two"} {
		a, err := accounts.Patch(t.Context(), account, types.StrategicMergePatchType,
			[]byte(`{"imagePullSecrets":[{"name":"`+name+`"}]}`), metav1.PatchOptions{})
		if err != nil || len(a.ImagePullSecrets) != 1 || a.ImagePullSecrets[0].Name != name {
			t.Errorf("pull secrets of the account: %v, %v", a.ImagePullSecrets, err)
		}
	}
}

func deletes(t *testing.T, s *suite) {
	secrets := s.client.CoreV1().Secrets(s.namespace)
	made := s.createSecret(t, opaque("s"))
	wrong := types.UID("11111111-2222-4333-8444-555555555555")
	err := secrets.Delete(t.Context(), "s", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &wrong}})
	wantError(t, err, metav1.StatusReasonConflict, `Operation cannot be fulfilled on Secret "s": the UID in the precondition (`+
		string(wrong)+`) does not match the UID in record (`+string(made.UID)+`). The object might have been deleted and then recreated`)
	stale := "1"
	err = secrets.Delete(t.Context(), "s", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: &stale}})
	if !apierrors.IsConflict(err) {
		t.Errorf("a delete of an old version: %v, want a conflict", err)
	}
	err = secrets.Delete(t.Context(), "s", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &made.UID, ResourceVersion: &made.ResourceVersion}})
	if err != nil {
		t.Errorf("a delete with the right preconditions: %v", err)
	}
	err = secrets.Delete(t.Context(), "s", metav1.DeleteOptions{})
	wantError(t, err, metav1.StatusReasonNotFound, `secrets "s" not found`)
	held := opaque("held")
	held.Finalizers = []string{"pullfix.dev/contract"}
	s.createSecret(t, held)
	if err := secrets.Delete(t.Context(), "held", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	waiting, err := secrets.Get(t.Context(), "held", metav1.GetOptions{})
	if err != nil || waiting.DeletionTimestamp == nil {
		t.Fatalf("with a finalizer: %v, %v", waiting, err)
	}
	waiting.Finalizers = nil
	if _, err := secrets.Update(t.Context(), waiting, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := secrets.Get(t.Context(), "held", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("without its finalizer: %v, want NotFound", err)
	}
	s.createPod(t, s.pod("unscheduled", nil))
	if err := s.client.CoreV1().Pods(s.namespace).Delete(t.Context(), "unscheduled", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.CoreV1().Pods(s.namespace).Get(t.Context(), "unscheduled", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("a pod without a node, deleted: %v, want NotFound", err)
	}
	s.createSecret(t, opaque("c-1"))
	s.createSecret(t, opaque("c-2"))
	if err := secrets.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{FieldSelector: "metadata.name=c-1"}); err != nil {
		t.Fatal(err)
	}
	left, err := secrets.List(t.Context(), metav1.ListOptions{FieldSelector: "type=Opaque"})
	if err != nil || len(left.Items) != 1 || left.Items[0].Name != "c-2" {
		t.Errorf("after deleting a collection: %v, %v", names(left.Items), err)
	}
}
