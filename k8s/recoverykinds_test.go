package k8s

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
)

// Pods of every kind of owner, first as they are in town, then with the pod
// that waits as if it had pulled.
func TestRecoveryByKindOfOwner(t *testing.T) {
	for pod, wants := range map[string]struct{ waiting, wanted int }{
		"db-2":              {1, 3}, // of a StatefulSet of which one pod is missing
		"backup-29-ccccc":   {1, 0}, // of a CronJob
		"canary-33cc-ddddd": {1, 1}, // of a Rollout
		"web-22bb-bbbbb":    {1, 2}, // of a Deployment
	} {
		t.Run(pod, func(t *testing.T) {
			stand := town(t)
			c := enter(t, stand)
			f := observed(t, c, in("shop", "", pod)).Facts
			q := RecoveryQuestion{Facts: f, Pulls: []runbook.Pull{{Container: "app", Image: f.Pod.Containers[0].Image}}}
			r, over, err := c.Recovery(t.Context(), q)
			if err != nil || over || r.Waiting != wants.waiting || r.Wanted != wants.wanted {
				t.Errorf("before: over %v, %+v, %v", over, r, err)
			}
			set, err := get[appsv1.ReplicaSet](t.Context(), c.api, question{resource: replicaSets, namespace: "shop", name: "canary-33cc"})
			if err != nil {
				t.Fatal(err)
			}
			set.Status.ObservedGeneration = set.Generation // which town leaves out
			now, err := get[corev1.Pod](t.Context(), c.api, question{resource: pods, namespace: "shop", name: pod})
			if err != nil {
				t.Fatal(err)
			}
			if err := stand.Add(set, ready(*now)); err != nil {
				t.Fatal(err)
			}
			r, over, err = c.Recovery(t.Context(), q)
			// db misses a pod, and only one of the two pods of web is of the new revision.
			partly := pod == "db-2" || pod == "web-22bb-bbbbb"
			if err != nil || over == partly || r.Waiting != 0 || r.Pulled < 1 {
				t.Errorf("after: over %v, %+v, %v", over, r, err)
			}
		})
	}
}

// inState is a pod whose container app is in a state.
func inState(status corev1.ContainerStatus) *corev1.Pod {
	status.Name = "app"
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "p"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: v1}, {Name: "side", Image: v2}}},
		Status:     corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{status, {Name: "side", ImageID: "y"}}},
	}
}

func waitingFor(reason, id string) corev1.ContainerStatus {
	return corev1.ContainerStatus{ImageID: id, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}}
}

func TestRecoveryReadsContainerStatuses(t *testing.T) {
	for name, test := range map[string]struct {
		status corev1.ContainerStatus
		want   runbook.Recovery
	}{
		"back-off":                   {waitingFor("ImagePullBackOff", ""), runbook.Recovery{Waiting: 1}},
		"back-off after an old run":  {waitingFor("ErrImagePull", "x"), runbook.Recovery{Waiting: 1}},
		"pulling":                    {waitingFor("ContainerCreating", ""), runbook.Recovery{Pulling: 1}},
		"no status":                  {corev1.ContainerStatus{}, runbook.Recovery{Pulling: 1}},
		"running":                    {corev1.ContainerStatus{ImageID: "x", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}, runbook.Recovery{Pulled: 1}},
		"crashing":                   {waitingFor("CrashLoopBackOff", "x"), runbook.Recovery{Pulled: 1}},
		"a ConfigMap is missing":     {waitingFor("CreateContainerConfigError", ""), runbook.Recovery{Pulled: 1}},
		"terminated with its image":  {corev1.ContainerStatus{ImageID: "x", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}}, runbook.Recovery{Pulled: 1}},
		"evicted before it was told": {corev1.ContainerStatus{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}}, runbook.Recovery{Pulling: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			r := &recovery{ask: RecoveryQuestion{Pulls: []runbook.Pull{{Container: "app", Image: v1}}}}
			r.add(inState(test.status))
			if r.count.Waiting != test.want.Waiting || r.count.Pulling != test.want.Pulling || r.count.Pulled != test.want.Pulled {
				t.Errorf("%+v", r.count)
			}
		})
	}
}

// The container that the incident is about decides, and without one all do.
func TestRecoveryLooksAtTheContainersOfTheIncident(t *testing.T) {
	pod := inState(waitingFor("ContainerCreating", ""))
	for container, pulled := range map[string]int{"app": 0, "side": 1, "": 0, "renamed": 0} {
		r := &recovery{ask: RecoveryQuestion{Pulls: []runbook.Pull{{Container: container}}}}
		r.add(pod)
		if r.count.Pulled != pulled {
			t.Errorf("container %q: %+v", container, r.count)
		}
	}
}

// A list that the API server splits is not all of it.
func TestRecoveryOfAPartialList(t *testing.T) {
	c := scripted(t, map[string]reply{
		"/apis/apps/v1/namespaces/shop/replicasets/web": {raw: `{"metadata":{"name":"web","uid":"u"},"spec":{"replicas":0,"selector":{"matchLabels":{"a":"b"}}}}`},
		"/api/v1/namespaces/shop/pods":                  {raw: `{"metadata":{"continue":"more"},"items":[]}`},
	})
	q := RecoveryQuestion{Facts: runbook.Facts{Target: runbook.Target{Namespace: "shop"}, Workload: &runbook.Workload{Kind: "ReplicaSet", Name: "web"}}}
	if r, over, err := c.Recovery(t.Context(), q); err == nil || over || !strings.Contains(err.Error(), "not complete") {
		t.Errorf("over %v, %+v, %v", over, r, err)
	}
}

// An image that the node has and cannot run is no recovery; another one is, or
// the same once it runs.
func TestRecoveryFromACrash(t *testing.T) {
	for name, test := range map[string]struct {
		status  corev1.ContainerStatus
		image   string
		waiting int
	}{
		"still crashing": {waitingFor("CrashLoopBackOff", "x"), v1, 1},
		"runs by now":    {corev1.ContainerStatus{ImageID: "x", Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}, v1, 0},
		"ended well":     {corev1.ContainerStatus{ImageID: "x", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}}, v1, 0},
		"another image":  {waitingFor("CrashLoopBackOff", "x"), v2, 0},
	} {
		r := &recovery{ask: RecoveryQuestion{Crashed: &runbook.Pull{Container: "app", Image: test.image}}}
		r.add(inState(test.status))
		if r.count.Waiting != test.waiting || r.count.Pulled != 1-test.waiting {
			t.Errorf("%s: %+v", name, r.count)
		}
	}
}
