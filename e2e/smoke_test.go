//go:build e2e && linux

package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// smoke shows that the node is a real one, before anything is built on it.
func (b *bed) smoke(t *testing.T) {
	t.Run("a pod runs", func(t *testing.T) {
		s := b.stage(t, "smoke-runs")
		s.pod(b.Public.Image("app:v1"))
		s.reached("running pod", running)
	})
	t.Run("a missing tag is a real ErrImagePull", func(t *testing.T) {
		s := b.stage(t, "smoke-missing")
		s.pod(b.Public.Image("app:nope"))
		var said corev1.ContainerStateWaiting
		s.reached("failed pull", func(pod *corev1.Pod) bool {
			i := slices.IndexFunc(statuses(pod), waitsForImage)
			if i >= 0 {
				said = *statuses(pod)[i].State.Waiting
			}
			return i >= 0
		})
		if !strings.Contains(said.Message, "failed to resolve image") || !strings.Contains(said.Message, "not found") {
			t.Errorf("the kubelet said %q: %q", said.Reason, said.Message)
		}
	})
	t.Run("a corrected secret heals the pod by itself", func(t *testing.T) {
		s := b.stage(t, "smoke-heals")
		image := s.push(b.Private, "v1") + ":v1"
		s.secret("regcred", map[string]entry{b.Private.Host: login(robot, wrongSecret)})
		s.pod(image, "regcred")
		s.reached("failed pull", failing(1))
		good := newSecret("regcred", corev1.SecretTypeDockerConfigJson, map[string]entry{b.Private.Host: login(robot, robotSecret)})
		_, err := b.Client.CoreV1().Secrets(s.namespace).Update(t.Context(), good, metav1.UpdateOptions{})
		s.must(err)
		s.reached("running pod", running)
	})
	t.Run("a pod can be deleted and its namespace goes", func(t *testing.T) {
		s := b.stage(t, "smoke-gone")
		s.pod(b.Public.Image("app:v1"))
		s.reached("running pod", running)
		s.must(b.Client.CoreV1().Namespaces().Delete(t.Context(), s.namespace, metav1.DeleteOptions{}))
		s.await("end of the namespace", func(ctx context.Context) bool {
			_, err := b.Client.CoreV1().Namespaces().Get(ctx, s.namespace, metav1.GetOptions{})
			return err != nil
		})
	})
}
