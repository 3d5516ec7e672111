package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
)

// Controllers do what the controller manager and the scheduler do, as far as
// pods and their workloads need it: deployments, replica sets, stateful sets,
// daemon sets, jobs, binding, and collecting what lost its owner. The field
// manager is kube-controller-manager.
type Controllers struct {
	cluster *Cluster
	events  map[string]*recorder
}

// NewControllers makes the controllers. Nothing happens until they run.
func NewControllers(c *Cluster) *Controllers {
	events := map[string]*recorder{}
	for _, name := range []string{"deployment-controller", "replicaset-controller", "default-scheduler"} {
		events[name] = newRecorder(c, name, "")
	}
	return &Controllers{cluster: c, events: events}
}

// settle is how long the controllers let changes gather before they look.
const settle = 50 * time.Millisecond

// Run looks at everything after each change until the context ends.
func (s *Controllers) Run(ctx context.Context) error {
	for {
		moved := s.cluster.store.next()
		if err := s.reconcile(); err != nil {
			return fmt.Errorf("controlling the cluster: %w", err)
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return nil
		}
		if !pause(ctx, settle) {
			return nil
		}
	}
}

func (s *Controllers) reconcile() error {
	for _, one := range []struct {
		kind string
		do   func(object) error
	}{
		{"Namespace", s.account},
		{"Deployment", s.deployment},
		{"ReplicaSet", s.replicaSet},
		{"StatefulSet", s.statefulSet},
		{"DaemonSet", s.daemonSet},
		{"Job", s.job},
		{"Pod", s.bind},
		{"ExternalSecret", s.externalSecret},
	} {
		for _, o := range s.all(one.kind) {
			if o.GetDeletionTimestamp() != nil {
				continue
			}
			if err := one.do(o); err != nil {
				return err
			}
		}
	}
	for _, kind := range []string{"ReplicaSet", "ControllerRevision", "Job", "Pod"} {
		s.collect(kind)
	}
	return nil
}

func (s *Controllers) account(o object) error {
	return s.cluster.ensureAccount(s.cluster.byKind("ServiceAccount"), o.GetName())
}

func (s *Controllers) all(kind string) []object {
	r := s.cluster.byKind(kind)
	if r == nil {
		return nil // not installed
	}
	list, _, _ := s.cluster.store.read(r, 0)
	return list
}

// owned lists the objects of a kind that an owner controls.
func (s *Controllers) owned(kind string, owner object) []object {
	var out []object
	for _, o := range s.all(kind) {
		if ref := metav1.GetControllerOf(o); ref != nil && ref.UID == owner.GetUID() {
			out = append(out, o)
		}
	}
	return out
}

// pods lists the owner's pods that are not on their way out, oldest first.
func (s *Controllers) pods(owner object) []*corev1.Pod {
	var out []*corev1.Pod
	for _, o := range s.owned("Pod", owner) {
		if pod, _ := o.(*corev1.Pod); pod.DeletionTimestamp == nil && pod.Status.Phase != corev1.PodFailed {
			out = append(out, pod)
		}
	}
	slices.SortStableFunc(out, func(a, b *corev1.Pod) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	return out
}

// collect deletes objects whose owner is gone.
func (s *Controllers) collect(kind string) {
	alive := map[string]bool{}
	for _, owners := range []string{"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob"} {
		for _, o := range s.all(owners) {
			alive[string(o.GetUID())] = true
		}
	}
	for _, o := range s.all(kind) {
		ref := metav1.GetControllerOf(o)
		if ref == nil || alive[string(ref.UID)] || o.GetDeletionTimestamp() != nil || ref.Kind == "Node" {
			continue
		}
		s.remove(kind, o)
	}
}

// remove deletes an object as a client's request does.
func (s *Controllers) remove(kind string, o object) {
	k := s.as(kind, o)
	if _, _, err := s.cluster.end(k, &metav1.DeleteOptions{}); err != nil {
		s.cluster.log.Debug("already gone", "object", k.key().path(), "err", err)
	}
}

// as is a request of the controllers' own, which no rule and no ledger sees.
func (s *Controllers) as(kind string, o object) *call {
	k := &call{res: s.cluster.byKind(kind)}
	k.namespace, k.name = o.GetNamespace(), o.GetName()
	return k
}

const controllerManager = "kube-controller-manager"

// create makes an object through admission and defaults. That it exists, or is
// not admitted, is tried again at the next change.
func (s *Controllers) create(kind string, o object) bool {
	r := s.cluster.byKind(kind)
	if err := s.cluster.admit(o); err != nil {
		s.cluster.log.Debug("not admitted", "object", o.GetName(), "err", err)
		return false
	}
	made := false
	_, err := s.cluster.store.write(r, key{o.GetNamespace(), o.GetName()}, func(now object) (object, error) {
		if now != nil {
			return now, nil
		}
		s.cluster.stamp(r, o)
		made = true
		return o, editor{manager: controllerManager, apiVersion: r.gvk.GroupVersion().String()}.record(nil, o)
	})
	return made && err == nil
}

// change writes an object as the function leaves a copy of it; a generation is
// counted as for anybody.
func (s *Controllers) change(kind string, o object, subresource string, how func(object)) error {
	r := s.cluster.byKind(kind)
	_, err := s.cluster.store.write(r, key{o.GetNamespace(), o.GetName()}, func(now object) (object, error) {
		if now == nil || now.GetUID() != o.GetUID() {
			return now, nil
		}
		k := s.as(kind, o)
		k.subresource = subresource
		next, _ := now.DeepCopyObject().(object)
		how(next)
		return k.settleAs(controllerManager, now, next)
	})
	return err
}

// podOf is a pod of a workload, not yet named.
func podOf(template corev1.PodTemplateSpec, owner object, r *resource) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: *template.ObjectMeta.DeepCopy(), Spec: *template.Spec.DeepCopy()}
	pod.Namespace = owner.GetNamespace()
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(owner, r.gvk)}
	return pod
}

// hashOf names a template: the same words give the same name.
func hashOf(template corev1.PodTemplateSpec) string {
	text, _ := json.Marshal(template) //nolint:errchkjson // API types always marshal
	sum := fnv.New32a()
	_, _ = sum.Write(text) // never fails
	return rand.SafeEncodeString(fmt.Sprint(sum.Sum32()))
}

func podReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// bind gives a pod to the live node with the fewest pods.
func (s *Controllers) bind(o object) error {
	pod, _ := o.(*corev1.Pod)
	if pod.Spec.NodeName != "" || pod.Spec.SchedulerName != corev1.DefaultSchedulerName {
		return nil
	}
	load := map[string]int{}
	for _, node := range s.all("Node") {
		if n, _ := node.(*corev1.Node); s.cluster.nodes.has(n.Name) && !n.Spec.Unschedulable && fits(pod, n) {
			load[n.Name] = 0
		}
	}
	if len(load) == 0 {
		return nil
	}
	for _, other := range s.all("Pod") {
		p, _ := other.(*corev1.Pod)
		if _, ok := load[p.Spec.NodeName]; ok {
			load[p.Spec.NodeName]++
		}
	}
	best := ""
	for name, count := range load {
		if best == "" || count < load[best] || count == load[best] && name < best {
			best = name
		}
	}
	return s.bound(pod, best)
}

func fits(pod *corev1.Pod, node *corev1.Node) bool {
	for name, value := range pod.Spec.NodeSelector {
		if node.Labels[name] != value {
			return false
		}
	}
	return true
}

func (s *Controllers) bound(pod *corev1.Pod, node string) error {
	r := s.cluster.byKind("Pod")
	_, err := s.cluster.store.write(r, key{pod.Namespace, pod.Name}, func(now object) (object, error) {
		fresh, ok := now.(*corev1.Pod)
		if !ok || fresh.UID != pod.UID || fresh.Spec.NodeName != "" {
			return now, nil
		}
		next := fresh.DeepCopy()
		next.Spec.NodeName = node
		setCondition(next, corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionTrue})
		return next, nil
	})
	if err != nil {
		return err
	}
	s.events["default-scheduler"].record(normal(about(r, pod), "Scheduled",
		fmt.Sprintf("Successfully assigned %s to %s", strings.Join([]string{pod.Namespace, pod.Name}, "/"), node)))
	return nil
}

// templateData is a template as a revision keeps it: a patch that brings it back.
func templateData(template corev1.PodTemplateSpec) ([]byte, error) {
	text, err := json.Marshal(template)
	if err != nil {
		return nil, err
	}
	fields := map[string]any{}
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	fields["$patch"] = "replace"
	return json.Marshal(map[string]any{"spec": map[string]any{"template": fields}})
}
