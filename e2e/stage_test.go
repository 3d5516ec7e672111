//go:build e2e && linux

package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/e2e/cluster"
	"github.com/pullfix/pullfix/sandbox/registry"
)

// stage is a namespace of its own, for one test.
type stage struct {
	*bed
	t         *testing.T
	namespace string
}

func (b *bed) stage(t *testing.T, namespace string) *stage {
	t.Helper()
	s := &stage{bed: b, t: t, namespace: namespace}
	_, err := b.Client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("creating namespace %s: %v", namespace, err)
	}
	s.await("service account", func(ctx context.Context) bool {
		_, err := b.Client.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		return err == nil
	})
	return s
}

// await asks four times a second, for at most two minutes.
func (s *stage) await(what string, ask func(ctx context.Context) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 4*time.Minute)
	defer cancel()
	for !ask(ctx) {
		select {
		case <-ctx.Done():
			s.t.Fatalf("waited too long for the %s\n%s", what, s.describe())
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// must ends the test on an error of the set-up.
func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// push stores the waiting workload in a repository of this test's name, under
// each of the tags, and returns the image without its tag.
func (s *stage) push(r *cluster.Registry, tags ...string) string {
	s.t.Helper()
	return s.pushTo(r, s.namespace+"/app", tags...)
}

func (s *stage) pushTo(r *cluster.Registry, repository string, tags ...string) string {
	s.t.Helper()
	image, err := s.Workload("wait")
	s.must(err)
	for _, tag := range tags {
		_, err := r.PushImage(repository, tag, image)
		s.must(err)
	}
	return r.Image(repository)
}

// pushFor stores an image for other platforms than the node's.
func (s *stage) pushFor(r *cluster.Registry, tag string, platforms ...string) string {
	s.t.Helper()
	_, err := r.PushImage(s.namespace+"/app", tag, registry.Image{Platforms: platforms, Index: true})
	s.must(err)
	return r.Image(s.namespace + "/app:" + tag)
}

// entry is one entry of auths, as people write it.
type entry map[string]string

// login is the entry that kubectl makes.
func login(user, password string) entry {
	return entry{"username": user, "password": password, "auth": base64.StdEncoding.EncodeToString([]byte(user + ":" + password))}
}

// secret makes a pull secret with these entries by key.
func (s *stage) secret(name string, auths map[string]entry) {
	s.t.Helper()
	s.secretOfType(name, corev1.SecretTypeDockerConfigJson, auths)
}

func (s *stage) secretOfType(name string, kind corev1.SecretType, auths map[string]entry) {
	s.t.Helper()
	_, err := s.Client.CoreV1().Secrets(s.namespace).Create(s.t.Context(), newSecret(name, kind, auths), metav1.CreateOptions{})
	s.must(err)
}

func newSecret(name string, kind corev1.SecretType, auths map[string]entry) *corev1.Secret {
	text, _ := json.Marshal(map[string]any{"auths": auths}) // maps of strings always marshal
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Type: kind,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: text},
	}
}

// pod makes a pod "web" of one container with this image.
func (s *stage) pod(image string, secrets ...string) *corev1.Pod {
	s.t.Helper()
	return s.podOf(podSpec(image, secrets...))
}

func (s *stage) podOf(spec corev1.PodSpec) *corev1.Pod {
	s.t.Helper()
	pod, err := s.Client.CoreV1().Pods(s.namespace).Create(s.t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: spec,
	}, metav1.CreateOptions{})
	s.must(err)
	return pod
}

// podSpec is quick to stop and mounts nothing.
func podSpec(image string, secrets ...string) corev1.PodSpec {
	grace, mount := int64(0), false
	spec := corev1.PodSpec{
		TerminationGracePeriodSeconds: &grace, AutomountServiceAccountToken: &mount,
		Containers: []corev1.Container{{Name: "c", Image: image}},
	}
	for _, name := range secrets {
		spec.ImagePullSecrets = append(spec.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
	}
	return spec
}

// deployment makes a deployment "web" and returns it; rolling it out makes the
// pods.
func (s *stage) deployment(image string, replicas int32, secrets ...string) *appsv1.Deployment {
	s.t.Helper()
	labels := map[string]string{"app": "web"}
	d, err := s.Client.AppsV1().Deployments(s.namespace).Create(s.t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec(image, secrets...)},
		},
	}, metav1.CreateOptions{})
	s.must(err)
	return d
}

// accountSecrets sets the pull secrets of the default service account.
func (s *stage) accountSecrets(names ...string) {
	s.t.Helper()
	var refs []corev1.LocalObjectReference
	for _, name := range names {
		refs = append(refs, corev1.LocalObjectReference{Name: name})
	}
	accounts := s.Client.CoreV1().ServiceAccounts(s.namespace)
	s.await("service account's update", func(ctx context.Context) bool {
		account, err := accounts.Get(ctx, "default", metav1.GetOptions{})
		s.must(err)
		account.ImagePullSecrets = refs
		_, err = accounts.Update(ctx, account, metav1.UpdateOptions{})
		if err != nil && !apierrors.IsConflict(err) {
			s.t.Fatal(err)
		}
		return err == nil
	})
}
