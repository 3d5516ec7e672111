package cluster

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// replicaSet keeps as many pods as wanted; of too many, those that do not work
// go first.
func (s *Controllers) replicaSet(o object) error {
	rs, _ := o.(*appsv1.ReplicaSet)
	pods := s.pods(rs)
	want := int(*rs.Spec.Replicas)
	r := s.cluster.byKind("ReplicaSet")
	for n := len(pods); n < want; n++ {
		pod := podOf(rs.Spec.Template, rs, r)
		pod.GenerateName = rs.Name + "-"
		pod.Name = pod.GenerateName + suffix()
		if s.create("Pod", pod) {
			s.events["replicaset-controller"].record(normal(about(r, rs), "SuccessfulCreate", "Created pod: "+pod.Name))
			pods = append(pods, pod)
		}
	}
	slices.SortStableFunc(pods, func(a, b *corev1.Pod) int { return worth(a) - worth(b) })
	for len(pods) > want {
		s.remove("Pod", pods[0])
		s.events["replicaset-controller"].record(normal(about(r, rs), "SuccessfulDelete", "Deleted pod: "+pods[0].Name))
		pods = pods[1:]
	}
	ready := countReady(pods)
	return s.change("ReplicaSet", rs, "status", func(o object) {
		if next, ok := o.(*appsv1.ReplicaSet); ok {
			next.Status = appsv1.ReplicaSetStatus{
				Replicas: int32(len(pods)), FullyLabeledReplicas: int32(len(pods)), ReadyReplicas: ready, AvailableReplicas: ready,
				ObservedGeneration: rs.Generation,
			}
		}
	})
}

func worth(pod *corev1.Pod) int {
	if podReady(pod) {
		return 1
	}
	return 0
}

func countReady(pods []*corev1.Pod) int32 {
	n := int32(0)
	for _, pod := range pods {
		n += int32(worth(pod))
	}
	return n
}

// statefulSet makes pods in order, each after the one before is ready, and
// replaces those of an old template from the last to the first. A pod that does
// not become ready stops it, which is a known trap of the real one too.
func (s *Controllers) statefulSet(o object) error {
	sts, _ := o.(*appsv1.StatefulSet)
	revision, err := s.revision(sts, sts.Spec.Template)
	if err != nil {
		return err
	}
	byName := map[string]*corev1.Pod{}
	for _, one := range s.owned("Pod", sts) {
		pod, _ := one.(*corev1.Pod)
		byName[pod.Name] = pod
	}
	want := int(*sts.Spec.Replicas)
	var pods []*corev1.Pod
	stuck := false
	for n := range want {
		name := sts.Name + "-" + strconv.Itoa(n)
		pod := byName[name]
		if pod == nil && !stuck {
			pod = s.ordinal(sts, name, revision)
		}
		if pod == nil {
			continue
		}
		pods = append(pods, pod)
		if !podReady(pod) && sts.Spec.PodManagementPolicy == appsv1.OrderedReadyPodManagement {
			stuck = true
		}
	}
	s.shrink(sts, byName, want)
	if !stuck && sts.Spec.UpdateStrategy.Type == appsv1.RollingUpdateStatefulSetStrategyType {
		s.replaceLast(pods, revision)
	}
	return s.statefulStatus(sts, pods, revision)
}

func (s *Controllers) ordinal(sts *appsv1.StatefulSet, name, revision string) *corev1.Pod {
	pod := podOf(sts.Spec.Template, sts, s.cluster.byKind("StatefulSet"))
	pod.Name, pod.Spec.Hostname = name, name
	pod.Labels[appsv1.StatefulSetPodNameLabel] = name
	pod.Labels[appsv1.StatefulSetRevisionLabel] = revision
	if !s.create("Pod", pod) {
		return nil
	}
	return pod
}

func (s *Controllers) shrink(sts *appsv1.StatefulSet, byName map[string]*corev1.Pod, want int) {
	for name, pod := range byName {
		n, err := strconv.Atoi(strings.TrimPrefix(name, sts.Name+"-"))
		if err == nil && n >= want && pod.DeletionTimestamp == nil {
			s.remove("Pod", pod)
		}
	}
}

// replaceLast deletes the last pod of an old template, when all are well.
func (s *Controllers) replaceLast(pods []*corev1.Pod, revision string) {
	for _, pod := range slices.Backward(pods) {
		if pod.DeletionTimestamp != nil || !podReady(pod) {
			return
		}
		if pod.Labels[appsv1.StatefulSetRevisionLabel] != revision {
			s.remove("Pod", pod)
			return
		}
	}
}

func (s *Controllers) statefulStatus(sts *appsv1.StatefulSet, pods []*corev1.Pod, revision string) error {
	updated := int32(0)
	for _, pod := range pods {
		if pod.Labels[appsv1.StatefulSetRevisionLabel] == revision {
			updated++
		}
	}
	ready := countReady(pods)
	return s.change("StatefulSet", sts, "status", func(o object) {
		next, _ := o.(*appsv1.StatefulSet)
		next.Status.ObservedGeneration = sts.Generation
		next.Status.Replicas, next.Status.ReadyReplicas, next.Status.AvailableReplicas = int32(len(pods)), ready, ready
		next.Status.UpdatedReplicas, next.Status.UpdateRevision = updated, revision
		if updated == *sts.Spec.Replicas && ready == updated || next.Status.CurrentRevision == "" {
			next.Status.CurrentRevision = revision
		}
		next.Status.CurrentReplicas = int32(len(pods))
	})
}

// revision keeps the history of a template as a ControllerRevision and returns
// its name.
func (s *Controllers) revision(owner object, template corev1.PodTemplateSpec) (string, error) {
	r, err := s.cluster.resourceOf(owner)
	if err != nil {
		return "", err
	}
	name := owner.GetName() + "-" + hashOf(template)
	newest := int64(0)
	var mine *appsv1.ControllerRevision
	for _, one := range s.owned("ControllerRevision", owner) {
		known, _ := one.(*appsv1.ControllerRevision)
		newest = max(newest, known.Revision)
		if known.Name == name {
			mine = known
		}
	}
	if mine != nil && mine.Revision == newest {
		return name, nil
	}
	if mine != nil {
		return name, s.change("ControllerRevision", mine, "", func(o object) {
			if next, ok := o.(*appsv1.ControllerRevision); ok {
				next.Revision = newest + 1
			}
		})
	}
	text, err := templateData(template)
	if err != nil {
		return "", fmt.Errorf("keeping revision %s: %w", name, err)
	}
	s.create("ControllerRevision", &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: owner.GetNamespace(), Name: name, Labels: template.Labels,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(owner, r.gvk)},
		},
		Revision: newest + 1, Data: runtime.RawExtension{Raw: text},
	})
	return name, nil
}

// daemonSet keeps one pod on each live node and replaces those of an old
// template one by one.
func (s *Controllers) daemonSet(o object) error {
	ds, _ := o.(*appsv1.DaemonSet)
	revision, err := s.revision(ds, ds.Spec.Template)
	if err != nil {
		return err
	}
	revision = strings.TrimPrefix(revision, ds.Name+"-")
	byNode := map[string]*corev1.Pod{}
	for _, one := range s.owned("Pod", ds) {
		pod, _ := one.(*corev1.Pod)
		byNode[pod.Spec.NodeName] = pod
	}
	var pods []*corev1.Pod
	wanted := int32(0)
	for _, node := range s.all("Node") {
		if !s.cluster.nodes.has(node.GetName()) {
			continue
		}
		wanted++
		pod := byNode[node.GetName()]
		if pod == nil {
			pod = podOf(ds.Spec.Template, ds, s.cluster.byKind("DaemonSet"))
			pod.GenerateName = ds.Name + "-"
			pod.Name, pod.Spec.NodeName = pod.GenerateName+suffix(), node.GetName()
			pod.Labels[appsv1.ControllerRevisionHashLabelKey] = revision
			s.create("Pod", pod)
		}
		pods = append(pods, pod)
	}
	updated := s.replaceOne(ds, pods, revision)
	ready := countReady(pods)
	return s.change("DaemonSet", ds, "status", func(o object) {
		if next, ok := o.(*appsv1.DaemonSet); ok {
			next.Status = appsv1.DaemonSetStatus{
				CurrentNumberScheduled: int32(len(pods)), DesiredNumberScheduled: wanted, NumberReady: ready, NumberAvailable: ready,
				NumberUnavailable: wanted - ready, UpdatedNumberScheduled: updated, ObservedGeneration: ds.Generation,
			}
		}
	})
}

// replaceOne deletes a pod of an old template; a broken one before one that
// works, and that only when no other is missing.
func (s *Controllers) replaceOne(ds *appsv1.DaemonSet, pods []*corev1.Pod, revision string) (updated int32) {
	var old []*corev1.Pod
	missing := false
	for _, pod := range pods {
		missing = missing || !podReady(pod) || pod.DeletionTimestamp != nil
		if pod.Labels[appsv1.ControllerRevisionHashLabelKey] == revision {
			updated++
		} else if pod.DeletionTimestamp == nil {
			old = append(old, pod)
		}
	}
	if len(old) == 0 || ds.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
		return updated
	}
	slices.SortStableFunc(old, func(a, b *corev1.Pod) int { return worth(a) - worth(b) })
	if !podReady(old[0]) || !missing {
		s.remove("Pod", old[0])
	}
	return updated
}

// job runs pods until enough succeeded.
func (s *Controllers) job(o object) error {
	job, _ := o.(*batchv1.Job)
	done, active, ready := int32(0), int32(0), int32(0)
	for _, pod := range s.pods(job) {
		if pod.Status.Phase == corev1.PodSucceeded {
			done++
			continue
		}
		active++
		ready += int32(worth(pod))
	}
	for active < min(*job.Spec.Parallelism, *job.Spec.Completions-done) {
		pod := podOf(job.Spec.Template, job, s.cluster.byKind("Job"))
		pod.GenerateName = job.Name + "-"
		pod.Name = pod.GenerateName + suffix()
		if !s.create("Pod", pod) {
			break
		}
		active++
	}
	return s.change("Job", job, "status", func(o object) {
		next, _ := o.(*batchv1.Job)
		next.Status.Active, next.Status.Ready, next.Status.Succeeded = active, &ready, done
		if next.Status.StartTime == nil {
			at := timestamp()
			next.Status.StartTime = &at
		}
		if done >= *job.Spec.Completions && next.Status.CompletionTime == nil {
			at := timestamp()
			next.Status.CompletionTime = &at
			next.Status.Conditions = append(next.Status.Conditions, batchv1.JobCondition{
				Type: batchv1.JobComplete, Status: corev1.ConditionTrue, LastProbeTime: at, LastTransitionTime: at,
				Reason: "CompletionsReached", Message: "Reached expected number of succeeded pods",
			})
		}
	})
}
