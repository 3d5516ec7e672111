package cluster

import (
	"context"
	"maps"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	quantity "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Puller pulls images for a kubelet, as a container runtime does.
type Puller interface {
	// Pull fetches an image with one credential, or anonymously. The text of the
	// error is what the runtime would say, "rpc error: code = …" included.
	Pull(ctx context.Context, p Pull) (Image, error)
}

// Pull is one attempt.
type Pull struct {
	Image      string      // with its tag or digest, the host spelled out: docker.io/library/nginx:latest
	Credential *Credential // nil is anonymous
	OS, Arch   string
}

// Image is what was pulled.
type Image struct {
	Digest string // sha256:…
	Size   int64  // bytes
}

// KubeletOptions describe a node.
type KubeletOptions struct {
	Node     string // its name, required
	Puller   Puller // required
	OS, Arch string // linux and amd64 when empty
	// Resync is when a pod with an error is looked at again: 13 s when zero, the
	// middle of what kubelets since 1.33 do.
	Resync time.Duration
	// BackOff and MaxBackOff are the image back-off: 10 s, doubled up to 300 s,
	// when zero.
	BackOff, MaxBackOff time.Duration
	// Startup is how long a container takes from its image to ready: 1 s when
	// zero.
	Startup time.Duration
	Labels  map[string]string
}

// Kubelet runs the pods of one node: it pulls their images and pretends to run
// the containers. It speaks as kubelet 1.36 on containerd 2.4.
type Kubelet struct {
	cluster *Cluster
	options KubeletOptions
	events  *recorder
	images  *images
}

// NewKubelet makes the kubelet of a node. Nothing happens until it runs.
func NewKubelet(c *Cluster, o KubeletOptions) *Kubelet {
	orElse(&o.OS, "linux")
	orElse(&o.Arch, "amd64")
	for field, value := range map[*time.Duration]time.Duration{
		&o.Resync: 13 * time.Second, &o.BackOff: 10 * time.Second, &o.MaxBackOff: 300 * time.Second, &o.Startup: time.Second,
	} {
		if *field == 0 {
			*field = value
		}
	}
	return &Kubelet{cluster: c, options: o, events: newRecorder(c, "kubelet", o.Node), images: newImages()}
}

// Run registers the node and runs its pods until the context ends.
func (k *Kubelet) Run(ctx context.Context) error {
	leave := k.cluster.nodes.join(k.options.Node)
	defer leave()
	if err := k.cluster.Add(k.node()); err != nil {
		return err
	}
	pods := k.cluster.byKind("Pod")
	workers := map[types.UID]*worker{}
	var running sync.WaitGroup
	defer running.Wait()
	seen := uint64(0)
	for {
		moved := k.cluster.store.next()
		list, version, _ := k.cluster.store.read(pods, 0)
		if version != seen {
			k.assign(ctx, list, workers, &running)
			seen = version
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return nil
		}
	}
}

// assign starts a worker for each new pod of the node and wakes those whose pod
// was changed by others.
func (k *Kubelet) assign(ctx context.Context, list []object, workers map[types.UID]*worker, running *sync.WaitGroup) {
	alive := map[types.UID]bool{}
	for _, o := range list {
		pod, _ := o.(*corev1.Pod)
		if pod.Spec.NodeName != k.options.Node {
			continue
		}
		alive[pod.UID] = true
		w := workers[pod.UID]
		if w == nil {
			w = newWorker(k, pod)
			workers[pod.UID] = w
			running.Go(func() { w.run(ctx) })
			continue
		}
		w.notice(pod)
	}
	for uid, w := range workers {
		if !alive[uid] {
			close(w.wake) // its pod is gone
			delete(workers, uid)
		}
	}
}

// node is the node's own object.
func (k *Kubelet) node() *corev1.Node {
	now := timestamp()
	labels := map[string]string{
		corev1.LabelHostname: k.options.Node, corev1.LabelOSStable: k.options.OS, corev1.LabelArchStable: k.options.Arch,
	}
	maps.Copy(labels, k.options.Labels)
	room := corev1.ResourceList{corev1.ResourcePods: quantity.MustParse("110"), corev1.ResourceCPU: quantity.MustParse("4")}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: k.options.Node, Labels: labels},
		Status: corev1.NodeStatus{
			Capacity: room, Allocatable: room,
			Conditions: []corev1.NodeCondition{{
				Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", Message: "kubelet is posting ready status",
				LastHeartbeatTime: now, LastTransitionTime: now,
			}},
			Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}, {Type: corev1.NodeHostName, Address: k.options.Node}},
			NodeInfo: corev1.NodeSystemInfo{
				KubeletVersion: k.cluster.options.Version, ContainerRuntimeVersion: "containerd://2.4.2",
				OperatingSystem: k.options.OS, Architecture: k.options.Arch, OSImage: "Debian GNU/Linux 12 (bookworm)", KernelVersion: "6.18.0",
			},
		},
	}
}

// Forget drops an image from the node, as its garbage collection does.
func (k *Kubelet) Forget(image string) {
	name, err := fullName(image)
	if err == nil {
		k.images.forget(name)
	}
}
