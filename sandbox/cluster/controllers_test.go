package cluster_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/pullfix/pullfix/sandbox/cluster"
)

func template(image string) (*metav1.LabelSelector, corev1.PodTemplateSpec) {
	labels := map[string]string{"app": "web"}
	return &metav1.LabelSelector{MatchLabels: labels}, corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: app("", image).Spec,
	}
}

func deploy(t *testing.T, client kubernetes.Interface, replicas int32) {
	t.Helper()
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: appsv1.DeploymentSpec{Replicas: &replicas}}
	d.Spec.Selector, d.Spec.Template = template("registry.test/app:v1")
	if _, err := client.AppsV1().Deployments("default").Create(t.Context(), d, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// images counts the pods by image and whether they are ready.
func images(t *testing.T, client kubernetes.Interface) map[string]int {
	t.Helper()
	pods, err := client.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, pod := range pods.Items {
		state := " waiting"
		for _, s := range pod.Status.ContainerStatuses {
			if s.Ready {
				state = " ready"
			}
		}
		if pod.Status.Phase == corev1.PodSucceeded {
			state = " done"
		}
		out[pod.Spec.Containers[0].Image+state]++
	}
	return out
}

func wantImages(t *testing.T, client kubernetes.Interface, want map[string]int) {
	t.Helper()
	if diff := cmp.Diff(want, images(t, client)); diff != "" {
		t.Error(diff)
	}
}

func patchWeb(t *testing.T, client kubernetes.Interface, patch string) *appsv1.Deployment {
	t.Helper()
	d, err := client.AppsV1().Deployments("default").Patch(t.Context(), "web", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func imagePatch(image string) string {
	return `{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"` + image + `"}]}}}}`
}

func TestDeploymentKeepsOldPodsUntilNewOnesWork(t *testing.T) {
	live(t, func(t *testing.T, _ *cluster.Cluster, s *shelf, client kubernetes.Interface) {
		s.put("registry.test/app:v1", "")
		deploy(t, client, 3)
		time.Sleep(10 * time.Second)
		wantImages(t, client, map[string]int{"registry.test/app:v1 ready": 3})
		patchWeb(t, client, imagePatch("registry.test/app:v2"))
		time.Sleep(time.Minute)
		wantImages(t, client, map[string]int{"registry.test/app:v1 ready": 3, "registry.test/app:v2 waiting": 1})
		d, err := client.AppsV1().Deployments("default").Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Status; got.AvailableReplicas != 3 || got.UpdatedReplicas != 1 || got.UnavailableReplicas != 0 || got.ObservedGeneration != 2 ||
			d.Annotations["deployment.kubernetes.io/revision"] != "2" {
			t.Errorf("in the middle: %+v %v", got, d.Annotations)
		}
		patchWeb(t, client, imagePatch("registry.test/app:v1")) // roll back
		time.Sleep(time.Minute)
		wantImages(t, client, map[string]int{"registry.test/app:v1 ready": 3})
		d, err = client.AppsV1().Deployments("default").Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil || d.Annotations["deployment.kubernetes.io/revision"] != "3" {
			t.Errorf("after rolling back: %v, %v", d.Annotations, err)
		}
		sets, err := client.AppsV1().ReplicaSets("default").List(t.Context(), metav1.ListOptions{})
		if err != nil || len(sets.Items) != 2 {
			t.Errorf("a known template needs no new set: %d sets, %v", len(sets.Items), err)
		}
		for _, c := range d.Status.Conditions {
			if c.Type == appsv1.DeploymentProgressing && c.Reason != "NewReplicaSetAvailable" {
				t.Errorf("progress: %+v", c)
			}
		}
	})
}

func TestRestartReplacesPods(t *testing.T) {
	live(t, func(t *testing.T, _ *cluster.Cluster, s *shelf, client kubernetes.Interface) {
		s.put("registry.test/app:v1", "")
		deploy(t, client, 2)
		time.Sleep(10 * time.Second)
		before := uids(t, client)
		patchWeb(t, client, `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"2026-01-01T00:00:00Z"}}}}}`)
		time.Sleep(time.Minute)
		after := uids(t, client)
		for uid := range after {
			if before[uid] {
				t.Error("a pod survived the restart")
			}
		}
		wantImages(t, client, map[string]int{"registry.test/app:v1 ready": 2})
		policy := metav1.DeletePropagationBackground
		if err := client.AppsV1().Deployments("default").Delete(t.Context(), "web", metav1.DeleteOptions{PropagationPolicy: &policy}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		wantImages(t, client, map[string]int{})
	})
}

func uids(t *testing.T, client kubernetes.Interface) map[types.UID]bool {
	t.Helper()
	pods, err := client.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[types.UID]bool{}
	for _, pod := range pods.Items {
		out[pod.UID] = true
	}
	return out
}

func TestDeletedPodsComeBack(t *testing.T) {
	live(t, func(t *testing.T, _ *cluster.Cluster, s *shelf, client kubernetes.Interface) {
		deploy(t, client, 1)
		time.Sleep(30 * time.Second)
		wantImages(t, client, map[string]int{"registry.test/app:v1 waiting": 1})
		s.put("registry.test/app:v1", "")
		pods, err := client.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := client.CoreV1().Pods("default").Delete(t.Context(), pods.Items[0].Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		wantImages(t, client, map[string]int{"registry.test/app:v1 ready": 1})
		if _, err := client.CoreV1().Pods("default").Get(t.Context(), pods.Items[0].Name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("the deleted pod: %v, want NotFound", err)
		}
	})
}

func TestStatefulSetStopsAtABrokenPod(t *testing.T) {
	live(t, func(t *testing.T, _ *cluster.Cluster, s *shelf, client kubernetes.Interface) {
		three := int32(3)
		sts := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "db"}, Spec: appsv1.StatefulSetSpec{Replicas: &three}}
		sts.Spec.Selector, sts.Spec.Template = template("registry.test/app:v1")
		if _, err := client.AppsV1().StatefulSets("default").Create(t.Context(), sts, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		wantImages(t, client, map[string]int{"registry.test/app:v1 waiting": 1})
		s.put("registry.test/app:v1", "")
		time.Sleep(2 * time.Minute)
		wantImages(t, client, map[string]int{"registry.test/app:v1 ready": 3})
		_, err := client.AppsV1().StatefulSets("default").Patch(t.Context(), "db", types.StrategicMergePatchType, []byte(imagePatch("registry.test/app:v2")), metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		wantImages(t, client, map[string]int{"registry.test/app:v1 ready": 2, "registry.test/app:v2 waiting": 1})
	})
}

func TestDaemonSetAndJob(t *testing.T) {
	live(t, func(t *testing.T, _ *cluster.Cluster, s *shelf, client kubernetes.Interface) {
		s.put("registry.test/app:v1", "")
		s.put("registry.test/job:v1", "")
		ds := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "agent"}}
		ds.Spec.Selector, ds.Spec.Template = template("registry.test/app:v1")
		if _, err := client.AppsV1().DaemonSets("default").Create(t.Context(), ds, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		two := int32(2)
		job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "once"}, Spec: batchv1.JobSpec{Completions: &two}}
		job.Spec.Template.Spec = app("", "registry.test/job:v1").Spec
		job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
		if _, err := client.BatchV1().Jobs("default").Create(t.Context(), job, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Second)
		wantImages(t, client, map[string]int{"registry.test/app:v1 ready": 1, "registry.test/job:v1 done": 2})
		done, err := client.BatchV1().Jobs("default").Get(t.Context(), "once", metav1.GetOptions{})
		if err != nil || done.Status.Succeeded != 2 || done.Status.CompletionTime == nil {
			t.Errorf("the job: %+v, %v", done.Status, err)
		}
	})
}
