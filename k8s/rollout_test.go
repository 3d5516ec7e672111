package k8s

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullfix/pullfix/runbook"
)

// herdOf makes the pods of a workload: each named REVISION-STATE.
func herdOf(pods ...[2]string) herd {
	var h herd
	for i, p := range pods {
		h.add(podIn(p[0], p[1], i))
	}
	return h
}

func podIn(revision, state string, minute int) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: revision + "-" + state, Namespace: "shop",
			Labels:            map[string]string{hashLabel: revision},
			CreationTimestamp: metav1.Unix(int64(60*minute), 0),
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "app:" + revision}}},
	}
	status := corev1.ContainerStatus{Name: "c"}
	ready := corev1.ConditionFalse
	pod.Status.Phase = corev1.PodRunning
	switch state {
	case "failing":
		pod.Status.Phase = corev1.PodPending
		status.State.Waiting = &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}
	case "crashing":
		status.ImageID = "sha256:1"
		status.State.Waiting = &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}
	case "ready":
		status.ImageID, ready = "sha256:1", corev1.ConditionTrue
		status.State.Running = &corev1.ContainerStateRunning{}
	case "done":
		pod.Status.Phase = corev1.PodSucceeded
	case "starting":
		status.State.Waiting = &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{status}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}
	return pod
}

func TestBlocked(t *testing.T) {
	failing := herdOf([2]string{"old", "ready"}, [2]string{"new", "failing"})
	base := controller{
		kind: kindDeployment, meta: metav1.ObjectMeta{Generation: 2}, observed: 2,
		desired: 2, updated: 1, available: 2, strategy: "RollingUpdate",
	}
	for name, test := range map[string]struct {
		change func(*controller)
		herd   herd
		want   bool
	}{
		"the new revision fails": {func(*controller) {}, failing, true},
		"nothing fails":          {func(*controller) {}, herdOf([2]string{"new", "ready"}), false},
		"only the old one fails": {func(*controller) {}, herdOf([2]string{"old", "failing"}, [2]string{"new", "ready"}), false},
		"paused":                 {func(c *controller) { c.paused = true }, failing, false},
		"all updated, none available": {
			func(c *controller) { c.updated, c.available = 2, 0 }, herdOf([2]string{"new", "failing"}), true,
		},
		"pods lost after the rollout had finished": {
			func(c *controller) { c.updated, c.available, c.settled = 2, 1, true }, herdOf([2]string{"new", "failing"}), false,
		},
		"finished before, but changed since": {
			func(c *controller) { c.settled, c.meta.Generation = true, 3 }, failing, true,
		},
		"deadline exceeded": {
			func(c *controller) { c.updated, c.overdue = 2, true }, failing, true,
		},
		"DaemonSet": {func(c *controller) { c.kind = kindDaemonSet }, failing, true},
		"DaemonSet, OnDelete": {
			func(c *controller) { c.kind, c.strategy = kindDaemonSet, strategyOnDelete }, failing, false,
		},
		"StatefulSet in order, stuck at a pod of the old revision": {
			func(c *controller) { c.kind, c.ordered = kindStatefulSet, true }, herdOf([2]string{"old", "failing"}), true,
		},
		"StatefulSet in parallel, old revision": {
			func(c *controller) { c.kind = kindStatefulSet }, herdOf([2]string{"old", "failing"}), false,
		},
		"Job": {func(c *controller) { c.kind = kindJob }, failing, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := base
			test.change(&c)
			if got := blocked(&c, test.herd, "new"); got != test.want {
				t.Errorf("blocked %v, want %v", got, test.want)
			}
		})
	}
}

func TestOldRevision(t *testing.T) {
	template := func(image string) *corev1.PodTemplateSpec {
		return &corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: image}}}}
	}
	history := []revision{{number: 2, label: "new", template: template("app:v2")}, {number: 1, label: "old", template: template("app:v1")}}
	for name, test := range map[string]struct {
		pod                  string
		observed, generation int64
		image                string
		want                 bool
	}{
		"of the newest revision":                         {"new", 5, 5, "app:v2", false},
		"of an older one":                                {"old", 5, 5, "app:v2", true},
		"template corrected a moment ago":                {"new", 5, 6, "app:v3", true},
		"scaled a moment ago":                            {"new", 5, 6, "app:v2", false},
		"of no revision":                                 {"", 5, 5, "app:v2", false},
		"of a revision that is no longer recorded":       {"older", 5, 5, "app:v2", true},
		"seen template, in which admission set an image": {"new", 5, 5, "mirror/app:v2", false},
	} {
		t.Run(name, func(t *testing.T) {
			top := &controller{kind: kindDeployment, observed: test.observed, meta: metav1.ObjectMeta{Generation: test.generation}, template: template(test.image)}
			if got := oldRevision(top, podIn(test.pod, "failing", 0), currentRevision(top, history), history); got != test.want {
				t.Errorf("old %v, want %v", got, test.want)
			}
		})
	}
}

func TestRevisionFacts(t *testing.T) {
	template := &corev1.PodTemplateSpec{Spec: corev1.PodSpec{
		InitContainers: []corev1.Container{{Name: "setup", Image: "setup:v1"}},
		Containers:     []corev1.Container{{Name: "c", Image: "app:v1"}},
		Volumes:        []corev1.Volume{{Name: "model", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "model:v1"}}}},
	}}
	history := []revision{
		{number: 4, label: "d", template: template},
		{number: 3, label: "c", template: template},
		{number: 2, label: "b", template: template, available: 2},
		{number: 1, label: "a", template: template},
	}
	its := herdOf([2]string{"d", "failing"}, [2]string{"c", "crashing"}, [2]string{"b", "ready"}, [2]string{"b", "failing"})
	images := map[string]string{"setup": "setup:v1", "c": "app:v1", "volume/model": "model:v1"}
	want := []runbook.Revision{
		{Number: 4, Images: images, Pods: 1},
		{Number: 3, Images: images, Ran: true, Pods: 1}, // it crashes, so it has its image
		{Number: 2, Images: images, Ran: true, Pods: 2, Ready: 1},
		{Number: 1, Images: images}, // nobody knows any more
	}
	if diff := cmp.Diff(want, revisionFacts(history, its)); diff != "" {
		t.Errorf("revisions (-want +got):\n%s", diff)
	}
	for i := range 20 {
		history = append(history, revision{number: int64(-i), template: template})
	}
	if got := len(revisionFacts(history, its)); got != revisionsKept {
		t.Errorf("%d revisions are told, want %d", got, revisionsKept)
	}
}

func TestControllerRevisions(t *testing.T) {
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{
		"$patch": "replace", "spec": map[string]any{"containers": []any{map[string]any{"name": "c", "image": "app:v7"}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	record := &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{Name: "web-5f6d", Labels: map[string]string{revisionLabel: "5f6d"}},
		Data:       runtime.RawExtension{Raw: patch}, Revision: 7,
	}
	for kind, label := range map[string]string{kindStatefulSet: "web-5f6d", kindDaemonSet: "5f6d"} {
		got := ofRecord(record, kind)
		if got.label != label || got.number != 7 || images(got.template)["c"] != "app:v7" {
			t.Errorf("%s: label %q, number %d, images %v", kind, got.label, got.number, images(got.template))
		}
	}
}

func TestRepresentative(t *testing.T) {
	for name, test := range map[string]struct {
		herd herd
		want string
	}{
		"the newest revision's failing pod":             {herdOf([2]string{"new", "failing"}, [2]string{"old", "failing"}), "new-failing"},
		"any failing pod rather than a good one":        {herdOf([2]string{"old", "failing"}, [2]string{"new", "ready"}), "old-failing"},
		"a crashing pod rather than a ready one":        {herdOf([2]string{"new", "ready"}, [2]string{"old", "crashing"}), "old-crashing"},
		"a ready pod when all are":                      {herdOf([2]string{"old", "ready"}, [2]string{"new", "ready"}), "new-ready"},
		"a pod of a job that runs, not one that ended":  {herdOf([2]string{"", "starting"}, [2]string{"", "done"}), "-starting"},
		"the younger of two revisions that are unknown": {herdOf([2]string{"x", "failing"}, [2]string{"y", "failing"}), "y-failing"},
	} {
		if got := test.herd.representative("new"); got == nil || got.Name != test.want {
			t.Errorf("%s: got %v, want %s", name, got, test.want)
		}
	}
	if got := herdOf().representative("new"); got != nil {
		t.Errorf("of no pods: %v", got)
	}
}

func TestDeploymentConditions(t *testing.T) {
	for reason, want := range map[string][2]bool{
		"NewReplicaSetAvailable": {true, false}, "ReplicaSetUpdated": {false, false}, "ProgressDeadlineExceeded": {false, true},
	} {
		status := corev1.ConditionTrue
		if reason == "ProgressDeadlineExceeded" {
			status = corev1.ConditionFalse
		}
		c := ofDeployment(&appsv1.Deployment{Status: appsv1.DeploymentStatus{Conditions: []appsv1.DeploymentCondition{
			{Type: appsv1.DeploymentProgressing, Status: status, Reason: reason},
		}}})
		if got := [2]bool{c.settled, c.overdue}; got != want {
			t.Errorf("%s: settled and overdue are %v, want %v", reason, got, want)
		}
		if c.desired != 1 {
			t.Errorf("a Deployment without replicas wants %d", c.desired)
		}
	}
}

func TestOwnersThatAreFollowed(t *testing.T) {
	for _, test := range []struct {
		version, kind string
		want          bool
	}{
		{"apps/v1", "ReplicaSet", true},
		{"apps/v1", "StatefulSet", true},
		{"batch/v1", "Job", true},
		{"apps.kruise.io/v1alpha1", "StatefulSet", false},
		{"argoproj.io/v1alpha1", "Rollout", false},
		{"v1", "ReplicationController", false},
		{"v1", "Node", false},
	} {
		if got := followed(&metav1.OwnerReference{APIVersion: test.version, Kind: test.kind}); got != test.want {
			t.Errorf("%s %s: followed %v, want %v", test.version, test.kind, got, test.want)
		}
	}
}
