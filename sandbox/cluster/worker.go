package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// worker runs one pod. Its fields belong to its own goroutine, but for wake and
// generation, which are the kubelet's.
type worker struct {
	kubelet    *Kubelet
	key        key
	uid        string
	wake       chan struct{} // closed when the pod is gone
	generation int64
	states     map[string]corev1.ContainerState // by kind and name
	pulled     map[string]string                // image ids
	last       map[string]corev1.ContainerState // of containers that ran before
	backoffs   map[string]*backoff              // by image
	since      time.Time
}

// backoff is how long an image is left alone after a failure.
type backoff struct {
	delay  time.Duration
	failed time.Time
	reason string
	text   string
}

func newWorker(k *Kubelet, pod *corev1.Pod) *worker {
	return &worker{
		kubelet: k, key: key{pod.Namespace, pod.Name}, uid: string(pod.UID), generation: pod.Generation,
		wake: make(chan struct{}, 1), states: map[string]corev1.ContainerState{}, pulled: map[string]string{},
		last: map[string]corev1.ContainerState{}, backoffs: map[string]*backoff{}, since: time.Now(),
	}
}

// notice wakes the worker when others changed its pod.
func (w *worker) notice(pod *corev1.Pod) {
	if pod.Generation == w.generation {
		return
	}
	w.generation = pod.Generation
	select {
	case w.wake <- struct{}{}:
	default: // it will look anyway
	}
}

func (w *worker) run(ctx context.Context) {
	for {
		pod, ok := w.pod()
		if !ok {
			return
		}
		if pod.DeletionTimestamp != nil {
			w.end(ctx, pod)
			return
		}
		var again <-chan time.Time
		if wait := w.sync(ctx, pod); wait > 0 {
			again = time.After(wait)
		}
		select {
		case <-again:
		case _, open := <-w.wake:
			if !open {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (w *worker) pod() (*corev1.Pod, bool) {
	o, ok := w.kubelet.cluster.store.get(w.kubelet.cluster.byKind("Pod"), w.key)
	if !ok || string(o.GetUID()) != w.uid {
		return nil, false
	}
	pod, ok := o.(*corev1.Pod)
	return pod, ok
}

// end lets the containers stop, and takes the pod away.
func (w *worker) end(ctx context.Context, pod *corev1.Pod) {
	if !pause(ctx, min(time.Second, time.Until(pod.DeletionTimestamp.Time))) && ctx.Err() != nil {
		return
	}
	c := w.kubelet.cluster
	_, err := c.store.write(c.byKind("Pod"), w.key, func(now object) (object, error) {
		if now != nil && string(now.GetUID()) == w.uid && len(now.GetFinalizers()) == 0 {
			return nil, nil
		}
		return now, nil
	})
	if err != nil {
		c.log.Error("ending a pod", "pod", w.key.path(), "err", err)
	}
}

// sync brings the pod forward once and says when to look again, 0 for never.
func (w *worker) sync(ctx context.Context, pod *corev1.Pod) time.Duration {
	secrets, missing := w.kubelet.cluster.pullSecrets(pod)
	if len(missing) > 0 {
		w.tell(warning(w.about(pod, ""), "FailedToRetrieveImagePullSecret", fmt.Sprintf("Unable to retrieve some image pull secrets "+
			"(%s); attempting to pull the image may not succeed.", strings.Join(missing, ", "))))
	}
	defer w.publish()
	if done, wait := w.initialize(ctx, pod, secrets); !done {
		return wait
	}
	var wait time.Duration
	for _, container := range pod.Spec.Containers {
		at := containerAt{pod, container, "containers", secrets}
		if next := w.start(ctx, at); next > 0 {
			wait = soonest(wait, next)
		}
	}
	return wait
}

func soonest(a, b time.Duration) time.Duration {
	if a == 0 || b < a {
		return b
	}
	return a
}

// initialize runs the init containers, one after another.
func (w *worker) initialize(ctx context.Context, pod *corev1.Pod, secrets []*corev1.Secret) (bool, time.Duration) {
	for _, container := range pod.Spec.InitContainers {
		at := containerAt{pod, container, "initContainers", secrets}
		sidecar := container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways
		if state := w.states[at.id()]; state.Terminated != nil {
			continue
		}
		wait := w.start(ctx, at)
		state := w.states[at.id()]
		switch {
		case state.Running == nil && !sidecar:
			return false, wait
		case state.Running == nil:
			continue // a sidecar that fails does not stop the next
		case !sidecar:
			w.states[at.id()] = finished(state)
			w.publish()
		}
	}
	return true, 0
}

func finished(state corev1.ContainerState) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		Reason: "Completed", StartedAt: state.Running.StartedAt, FinishedAt: timestamp(), ContainerID: "",
	}}
}

// containerAt is a container in its place.
type containerAt struct {
	pod     *corev1.Pod
	spec    corev1.Container
	list    string // "containers" or "initContainers", as fieldPath says it
	secrets []*corev1.Secret
}

func (a containerAt) id() string { return fmt.Sprintf("spec.%s{%s}", a.list, a.spec.Name) }

// start gets the image and starts the container. It returns when to try again,
// 0 when there is no need.
func (w *worker) start(ctx context.Context, at containerAt) time.Duration {
	state := w.states[at.id()]
	if state.Terminated != nil || state.Running != nil && w.pulled[at.id()+"@"+at.spec.Image] != "" {
		return w.complete(ctx, at, state)
	}
	for _, v := range at.pod.Spec.Volumes {
		if v.Image == nil || !mounts(at.spec, v.Name) {
			continue
		}
		want := wanted{image: v.Image.Reference, policy: v.Image.PullPolicy, about: w.about(at.pod, "")}
		if _, fault := w.ensure(ctx, want, at.secrets); fault != nil {
			return w.wait(at, fault)
		}
	}
	want := wanted{image: at.spec.Image, policy: at.spec.ImagePullPolicy, about: w.about(at.pod, at.id())}
	image, fault := w.ensure(ctx, want, at.secrets)
	if fault != nil {
		return w.wait(at, fault)
	}
	w.tell(normal(want.about, "Created", "Container created"))
	if !pause(ctx, w.kubelet.options.Startup) {
		return 0
	}
	w.tell(normal(want.about, "Started", "Container started"))
	w.pulled[at.id()+"@"+at.spec.Image] = image
	w.states[at.id()] = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: timestamp()}}
	return w.complete(ctx, at, w.states[at.id()])
}

// complete lets the containers of a job do their work, a second.
func (w *worker) complete(ctx context.Context, at containerAt, state corev1.ContainerState) time.Duration {
	if at.list != "containers" || at.pod.Spec.RestartPolicy == corev1.RestartPolicyAlways || state.Running == nil {
		return 0
	}
	w.publish()
	if !pause(ctx, w.kubelet.options.Startup) {
		return 0
	}
	w.states[at.id()] = finished(state)
	return 0
}

func mounts(container corev1.Container, volume string) bool {
	return slices.ContainsFunc(container.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == volume })
}

// wait notes why a container has to wait.
func (w *worker) wait(at containerAt, f *fault) time.Duration {
	if f.event {
		w.tell(warning(w.about(at.pod, at.id()), "Failed", "Error: "+f.reason))
	}
	if was := w.states[at.id()]; was.Running != nil {
		w.last[at.id()] = finished(was) // its image was changed under it
	}
	w.states[at.id()] = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: f.reason, Message: f.message}}
	return w.kubelet.options.Resync
}

func (w *worker) about(pod *corev1.Pod, path string) corev1.ObjectReference {
	ref := about(w.kubelet.cluster.byKind("Pod"), pod)
	ref.FieldPath = path
	return ref
}

func (w *worker) tell(n note) { w.kubelet.events.record(n) }
