package cluster_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/pullfix/pullfix/sandbox/cluster"
)

// shelf is a puller with images behind passwords; "" is open to all.
type shelf struct {
	mu     sync.Mutex
	images map[string]string
	tried  []string
	times  []time.Time
}

func (s *shelf) put(image, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.images[image] = password
}

func (s *shelf) Pull(_ context.Context, p cluster.Pull) (cluster.Image, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	who, password := "anonymous", ""
	if p.Credential != nil {
		who, password = p.Credential.Username, p.Credential.Reveal()
	}
	s.tried = append(s.tried, who)
	s.times = append(s.times, time.Now())
	want, ok := s.images[p.Image]
	switch {
	case !ok:
		return cluster.Image{}, fmt.Errorf("rpc error: code = NotFound desc = failed to pull and unpack image %q: failed to resolve image: %s: not found", p.Image, p.Image)
	case want != "" && want != password:
		return cluster.Image{}, errors.New("401 Unauthorized")
	}
	return cluster.Image{Digest: "sha256:" + strings.Repeat("a", 64), Size: 1234}, nil
}

func (s *shelf) attempts() ([]string, []time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.tried), slices.Clone(s.times)
}

// live starts a cluster with one node in a bubble of fake time.
func live(t *testing.T, ask func(t *testing.T, c *cluster.Cluster, s *shelf, client kubernetes.Interface)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, cluster.Options{})
		s := &shelf{images: map[string]string{}}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for _, run := range []func(context.Context) error{
			cluster.NewKubelet(c, cluster.KubeletOptions{Node: "node-1", Puller: s}).Run, cluster.NewControllers(c).Run,
		} {
			running.Go(func() {
				if err := run(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		ask(t, c, s, connect(t, c, "admin-token"))
		stop()
		running.Wait()
	})
}

func app(name, image string, secrets ...string) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: image}}},
	}
	for _, s := range secrets {
		pod.Spec.ImagePullSecrets = append(pod.Spec.ImagePullSecrets, corev1.LocalObjectReference{Name: s})
	}
	return pod
}

func pullSecret(name, host, password string) *corev1.Secret {
	auth := base64.StdEncoding.EncodeToString([]byte("user-" + name + ":" + password))
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, host, auth)},
	}
}

func mustCreate(t *testing.T, client kubernetes.Interface, pod *corev1.Pod) {
	t.Helper()
	if _, err := client.CoreV1().Pods("default").Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func status(t *testing.T, client kubernetes.Interface, name string) corev1.ContainerStatus {
	t.Helper()
	pod, err := client.CoreV1().Pods("default").Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(pod.Status.ContainerStatuses) != 1 {
		t.Fatalf("statuses of %s: %+v", name, pod.Status)
	}
	return pod.Status.ContainerStatuses[0]
}

func wantWaiting(t *testing.T, got corev1.ContainerStatus, reason, message string) {
	t.Helper()
	if got.State.Waiting == nil || got.State.Waiting.Reason != reason || got.State.Waiting.Message != message {
		t.Errorf("got  %+v\nwant %s: %s", got.State, reason, message)
	}
}

func TestMissingTag(t *testing.T) {
	live(t, func(t *testing.T, _ *cluster.Cluster, s *shelf, client kubernetes.Interface) {
		start := time.Now()
		mustCreate(t, client, app("p", "registry.test/app:v2"))
		time.Sleep(2 * time.Second)
		said := `rpc error: code = NotFound desc = failed to pull and unpack image "registry.test/app:v2": failed to resolve image: registry.test/app:v2: not found`
		wantWaiting(t, status(t, client, "p"), "ErrImagePull", said)
		time.Sleep(30 * time.Second)
		wantWaiting(t, status(t, client, "p"), "ImagePullBackOff", `Back-off pulling image "registry.test/app:v2": ErrImagePull: `+said)
		events, err := client.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=p"})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, e := range events.Items {
			got[e.Type+" "+e.Reason+" "+e.InvolvedObject.FieldPath] = e.Message
		}
		const path = " spec.containers{app}"
		want := map[string]string{
			"Normal Scheduled ": "Successfully assigned default/p to node-1", "Normal Pulling" + path: `Pulling image "registry.test/app:v2"`,
			"Normal BackOff" + path: `Back-off pulling image "registry.test/app:v2"`,
		}
		for key, message := range want {
			if got[key] != message {
				t.Errorf("%s: %q, want %q", key, got[key], message)
			}
		}
		if !strings.Contains(fmt.Sprint(events.Items), `Failed to pull image "registry.test/app:v2": `+said) {
			t.Error("no event tells the cause")
		}
		time.Sleep(time.Hour)
		var at []int
		_, times := s.attempts()
		for _, when := range times[:6] {
			at = append(at, int(when.Sub(start).Seconds()))
		}
		if diff := cmp.Diff([]int{0, 13, 39, 91, 182, 351}, at); diff != "" {
			t.Errorf("attempts, in seconds: %s", diff)
		}
		if gap := times[9].Sub(times[8]); gap < 300*time.Second || gap > 315*time.Second {
			t.Errorf("late attempts are %v apart, want 300 s and a resync", gap)
		}
		left, err := client.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=p,reason=Pulling"})
		if err != nil || len(left.Items) != 1 || left.Items[0].Count < 5 {
			t.Errorf("an event again is a count: %v, %v", left, err)
		}
	})
}

func TestSecretsAreReadAgain(t *testing.T) {
	live(t, func(t *testing.T, c *cluster.Cluster, s *shelf, client kubernetes.Interface) {
		s.put("registry.test/app:v1", "right")
		if err := c.Add(pullSecret("stale", "registry.test", "wrong")); err != nil {
			t.Fatal(err)
		}
		mustCreate(t, client, app("p", "registry.test/app:v1", "late", "stale"))
		time.Sleep(20 * time.Second)
		wantWaiting(t, status(t, client, "p"), "ErrImagePull", "401 Unauthorized")
		if !strings.Contains(message(t, client, "FailedToRetrieveImagePullSecret"), "Unable to retrieve some image pull secrets (late)") {
			t.Error("no event tells of the missing secret")
		}
		if err := c.Add(pullSecret("late", "https://registry.test/v2/", "right")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := status(t, client, "p"); !got.Ready || got.ImageID != "registry.test/app@sha256:"+strings.Repeat("a", 64) {
			t.Errorf("with the right secret: %+v", got)
		}
		tried, _ := s.attempts()
		if diff := cmp.Diff([]string{"user-stale", "user-stale", "user-late"}, tried); diff != "" {
			t.Errorf("who tried: %s", diff)
		}
	})
}

func message(t *testing.T, client kubernetes.Interface, reason string) string {
	t.Helper()
	events, err := client.CoreV1().Events("").List(t.Context(), metav1.ListOptions{FieldSelector: "reason=" + reason})
	if err != nil {
		t.Fatal(err)
	}
	if len(events.Items) == 0 {
		return ""
	}
	return events.Items[0].Message
}

func TestOtherReasons(t *testing.T) {
	broken := pullSecret("broken", "registry.test", "x")
	broken.Data[corev1.DockerConfigJsonKey] = []byte(`{"auths":{"other.test":{"auth":"%%%"}}}`)
	opaque := pullSecret("opaque", "registry.test", "right")
	opaque.Type = corev1.SecretTypeOpaque
	never := app("never", "registry.test/app:v1")
	never.Spec.Containers[0].ImagePullPolicy = corev1.PullNever
	for _, tc := range []struct {
		pod             *corev1.Pod
		reason, message string
	}{
		{app("case", "registry.test/App:v1"), "InvalidImageName", `Failed to apply default image tag "registry.test/App:v1": couldn't parse image name "registry.test/App:v1": invalid reference format: repository name (App) must be lowercase`},
		{never, "ErrImageNeverPull", `Container image "registry.test/app:v1" is not present with pull policy of Never`},
		{app("malformed", "registry.test/app:v1", "broken"), "illegal base64 data at input byte 0", "illegal base64 data at input byte 0"},
		{app("wrong-type", "registry.test/app:v1", "opaque"), "ErrImagePull", "401 Unauthorized"},
	} {
		t.Run(tc.pod.Name, func(t *testing.T) {
			live(t, func(t *testing.T, c *cluster.Cluster, s *shelf, client kubernetes.Interface) {
				s.put("registry.test/app:v1", "right")
				if err := c.Add(broken, opaque); err != nil {
					t.Fatal(err)
				}
				mustCreate(t, client, tc.pod.DeepCopy())
				time.Sleep(2 * time.Second)
				wantWaiting(t, status(t, client, tc.pod.Name), tc.reason, tc.message)
			})
		})
	}
}
