package cluster_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/pullfix/pullfix/sandbox/cluster"
)

func pod(t *testing.T, client kubernetes.Interface, name string) *corev1.Pod {
	t.Helper()
	p, err := client.CoreV1().Pods("default").Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestInitContainersGoFirst(t *testing.T) {
	live(t, func(t *testing.T, _ *cluster.Cluster, s *shelf, client kubernetes.Interface) {
		s.put("registry.test/app:v1", "")
		p := app("p", "registry.test/app:v1")
		p.Spec.InitContainers = []corev1.Container{{Name: "first", Image: "registry.test/init:v1"}, {Name: "second", Image: "registry.test/app:v1"}}
		mustCreate(t, client, p)
		time.Sleep(5 * time.Second)
		got := pod(t, client, "p").Status
		if w := got.InitContainerStatuses[0].State.Waiting; w == nil || w.Reason != "ErrImagePull" {
			t.Errorf("the first: %+v", got.InitContainerStatuses[0].State)
		}
		for _, status := range []corev1.ContainerStatus{got.InitContainerStatuses[1], got.ContainerStatuses[0]} {
			if w := status.State.Waiting; w == nil || w.Reason != "PodInitializing" {
				t.Errorf("%s: %+v, want PodInitializing", status.Name, status.State)
			}
		}
		s.put("registry.test/init:v1", "")
		time.Sleep(time.Minute)
		if got := pod(t, client, "p").Status; got.Phase != corev1.PodRunning || got.InitContainerStatuses[0].State.Terminated == nil {
			t.Errorf("in the end: %+v", got)
		}
	})
}

func TestImageVolume(t *testing.T) {
	live(t, func(t *testing.T, _ *cluster.Cluster, s *shelf, client kubernetes.Interface) {
		s.put("registry.test/app:v1", "")
		p := app("p", "registry.test/app:v1")
		p.Spec.Volumes = []corev1.Volume{{Name: "model", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "registry.test/model:v1"}}}}
		p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "model", MountPath: "/m"}}
		mustCreate(t, client, p)
		time.Sleep(2 * time.Second)
		if w := status(t, client, "p").State.Waiting; w == nil || w.Reason != "ErrImagePull" || !strings.Contains(w.Message, "registry.test/model:v1: not found") {
			t.Errorf("the container that mounts it: %+v", status(t, client, "p").State)
		}
		events, err := client.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{FieldSelector: "reason=Pulling"})
		if err != nil || len(events.Items) != 1 || events.Items[0].InvolvedObject.FieldPath != "" {
			t.Errorf("the pull of a volume has no field path: %v, %v", events, err)
		}
	})
}

// A pod may use an image of the node only with credentials that pulled it once
// (KubeletEnsureSecretPulledImages).
func TestImageOnTheNodeIsNotForAll(t *testing.T) {
	live(t, func(t *testing.T, c *cluster.Cluster, s *shelf, client kubernetes.Interface) {
		s.put("registry.test/app:v1", "right")
		if err := c.Add(pullSecret("good", "registry.test", "right")); err != nil {
			t.Fatal(err)
		}
		mustCreate(t, client, app("first", "registry.test/app:v1", "good"))
		time.Sleep(5 * time.Second)
		mustCreate(t, client, app("second", "registry.test/app:v1", "good"))
		mustCreate(t, client, app("stranger", "registry.test/app:v1"))
		time.Sleep(5 * time.Second)
		if !status(t, client, "second").Ready {
			t.Errorf("with the same secret: %+v", status(t, client, "second").State)
		}
		wantWaiting(t, status(t, client, "stranger"), "ErrImagePull", "401 Unauthorized")
		if tried, _ := s.attempts(); len(tried) != 2 {
			t.Errorf("the registry was asked %d times, want 2", len(tried))
		}
		if got := message(t, client, "Pulled"); !strings.HasPrefix(got, `Successfully pulled image "registry.test/app:v1" in 0s`) || !strings.HasSuffix(got, "Image size: 1234 bytes.") {
			t.Errorf("the event: %s", got)
		}
	})
}

// After hours of failures the filter of events has left nothing of the cause.
func TestOldFailuresLoseTheirCause(t *testing.T) {
	live(t, func(t *testing.T, _ *cluster.Cluster, _ *shelf, client kubernetes.Interface) {
		mustCreate(t, client, app("p", "registry.test/app:v1"))
		time.Sleep(100 * time.Minute)
		events, err := client.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=p"})
		if err != nil {
			t.Fatal(err)
		}
		reasons := map[string]bool{}
		for _, e := range events.Items {
			reasons[e.Reason] = true
			if strings.HasPrefix(e.Message, "Failed to pull image") {
				t.Errorf("the cause is still told: %s", e.Message)
			}
		}
		if !reasons["BackOff"] {
			t.Errorf("no Back-off is left: %v", reasons)
		}
	})
}

func TestImageOfALivePodIsChanged(t *testing.T) {
	live(t, func(t *testing.T, _ *cluster.Cluster, s *shelf, client kubernetes.Interface) {
		s.put("registry.test/app:v1", "")
		mustCreate(t, client, app("p", "registry.test/app:v2"))
		time.Sleep(3 * time.Minute)
		start := time.Now()
		_, err := client.CoreV1().Pods("default").Patch(t.Context(), "p", types.StrategicMergePatchType,
			[]byte(`{"spec":{"containers":[{"name":"app","image":"registry.test/app:v1"}]}}`), metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if got := status(t, client, "p"); !got.Ready {
			t.Errorf("%v after the change, which no back-off delays: %+v", time.Since(start), got.State)
		}
		_, err = client.CoreV1().Pods("default").Patch(t.Context(), "p", types.StrategicMergePatchType,
			[]byte(`{"spec":{"containers":[{"name":"app","image":"registry.test/app:v2"}]}}`), metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if got := pod(t, client, "p"); got.Status.Phase != corev1.PodRunning || got.Status.ContainerStatuses[0].RestartCount != 1 {
			t.Errorf("a pod that ran before stays in phase Running: %+v", got.Status)
		}
	})
}

// A pod of a live node ends in its own time; a watcher sees it marked, then gone.
func TestPodsEndGracefully(t *testing.T) {
	live(t, func(t *testing.T, _ *cluster.Cluster, s *shelf, client kubernetes.Interface) {
		s.put("registry.test/app:v1", "")
		mustCreate(t, client, app("p", "registry.test/app:v1"))
		time.Sleep(5 * time.Second)
		if err := client.CoreV1().Pods("default").Delete(t.Context(), "p", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		if pod(t, client, "p").DeletionTimestamp == nil {
			t.Error("the pod is not marked")
		}
		time.Sleep(2 * time.Second)
		if _, err := client.CoreV1().Pods("default").Get(t.Context(), "p", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("after a moment: %v, want NotFound", err)
		}
	})
}
