package k8s

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The kinds of controller that are followed.
const (
	kindDeployment  = "Deployment"
	kindReplicaSet  = "ReplicaSet"
	kindStatefulSet = "StatefulSet"
	kindDaemonSet   = "DaemonSet"
	kindJob         = "Job"
	kindCronJob     = "CronJob"
)

// controller is what the kinds of controller have in common.
type controller struct {
	kind     string
	meta     metav1.ObjectMeta
	selector *metav1.LabelSelector
	template *corev1.PodTemplateSpec
	// observed is the generation that the counts are of.
	observed                           int64
	desired, updated, ready, available int
	strategy                           string
	ordered, paused                    bool
	partition                          int // of a StatefulSet's rollout
	// settled says that the newest rollout had finished before.
	settled bool
	// overdue says that the controller itself gave up waiting for progress.
	overdue bool
	// revision is the newest revision as its pods' label names it; "" when the
	// controller does not say.
	revision string
	// active are the Jobs that a CronJob runs now.
	active []string
}

// resourceOf is where a kind is asked for; "" for the kinds that are not
// followed.
func resourceOf(kind string) resource {
	switch kind {
	case kindDeployment:
		return deployments
	case kindReplicaSet:
		return replicaSets
	case kindStatefulSet:
		return statefulSets
	case kindDaemonSet:
		return daemonSets
	case kindJob:
		return jobs
	case kindCronJob:
		return cronJobs
	}
	return ""
}

// followed tells whether an owner is of a kind that is asked for: other groups
// have StatefulSets of their own.
func followed(owner *metav1.OwnerReference) bool {
	r := resourceOf(owner.Kind)
	group, err := schema.ParseGroupVersion(owner.APIVersion)
	return r != "" && err == nil && "/apis/"+group.Group+"/v1" == r.group()
}

// readController asks for a controller of a followed kind.
func readController(ctx context.Context, a api, q question) (*controller, error) {
	switch q.resource {
	case deployments:
		return converted(ctx, a, q, ofDeployment)
	case replicaSets:
		return converted(ctx, a, q, ofReplicaSet)
	case statefulSets:
		return converted(ctx, a, q, ofStatefulSet)
	case daemonSets:
		return converted(ctx, a, q, ofDaemonSet)
	case jobs:
		return converted(ctx, a, q, ofJob)
	}
	return converted(ctx, a, q, ofCronJob)
}

func converted[T any, P decodable[T]](ctx context.Context, a api, q question, convert func(*T) *controller) (*controller, error) {
	object, err := get[T, P](ctx, a, q)
	if err != nil {
		return nil, err
	}
	return convert(object), nil
}

func ofDeployment(d *appsv1.Deployment) *controller {
	c := &controller{
		kind: kindDeployment, meta: d.ObjectMeta, selector: d.Spec.Selector, template: &d.Spec.Template,
		observed: d.Status.ObservedGeneration, desired: count(d.Spec.Replicas),
		updated: int(d.Status.UpdatedReplicas), ready: int(d.Status.ReadyReplicas), available: int(d.Status.AvailableReplicas),
		strategy: string(d.Spec.Strategy.Type), paused: d.Spec.Paused,
	}
	for _, condition := range d.Status.Conditions {
		if condition.Type == appsv1.DeploymentProgressing {
			// The reasons are those of pkg/controller/deployment/util.
			c.settled = condition.Status == corev1.ConditionTrue && condition.Reason == "NewReplicaSetAvailable"
			c.overdue = condition.Status == corev1.ConditionFalse && condition.Reason == "ProgressDeadlineExceeded"
		}
	}
	return c
}

func ofReplicaSet(r *appsv1.ReplicaSet) *controller {
	return &controller{
		kind: kindReplicaSet, meta: r.ObjectMeta, selector: r.Spec.Selector, template: &r.Spec.Template,
		observed: r.Status.ObservedGeneration, desired: count(r.Spec.Replicas),
		updated: int(r.Status.Replicas), ready: int(r.Status.ReadyReplicas), available: int(r.Status.AvailableReplicas),
		settled: true,
	}
}

func ofStatefulSet(s *appsv1.StatefulSet) *controller {
	return &controller{
		kind: kindStatefulSet, meta: s.ObjectMeta, selector: s.Spec.Selector, template: &s.Spec.Template,
		observed: s.Status.ObservedGeneration, desired: count(s.Spec.Replicas),
		updated: int(s.Status.UpdatedReplicas), ready: int(s.Status.ReadyReplicas), available: int(s.Status.AvailableReplicas),
		strategy: string(s.Spec.UpdateStrategy.Type), ordered: s.Spec.PodManagementPolicy != appsv1.ParallelPodManagement,
		partition: partitionOf(s), revision: s.Status.UpdateRevision,
	}
}

// partitionOf is the ordinal below which pods keep their revision.
func partitionOf(s *appsv1.StatefulSet) int {
	rolling := s.Spec.UpdateStrategy.RollingUpdate
	if rolling == nil || rolling.Partition == nil {
		return 0
	}
	return int(*rolling.Partition)
}

func ofDaemonSet(d *appsv1.DaemonSet) *controller {
	return &controller{
		kind: kindDaemonSet, meta: d.ObjectMeta, selector: d.Spec.Selector, template: &d.Spec.Template,
		observed: d.Status.ObservedGeneration, desired: int(d.Status.DesiredNumberScheduled),
		updated: int(d.Status.UpdatedNumberScheduled), ready: int(d.Status.NumberReady), available: int(d.Status.NumberAvailable),
		strategy: string(d.Spec.UpdateStrategy.Type),
	}
}

func ofJob(j *batchv1.Job) *controller {
	desired := count(j.Spec.Parallelism)
	if j.Spec.Completions != nil {
		desired = min(desired, max(int(*j.Spec.Completions)-int(j.Status.Succeeded), 0))
	}
	ready := 0
	if j.Status.Ready != nil {
		ready = int(*j.Status.Ready)
	}
	return &controller{
		kind: kindJob, meta: j.ObjectMeta, selector: j.Spec.Selector, template: &j.Spec.Template,
		observed: j.Generation, desired: desired, updated: int(j.Status.Active), ready: ready, available: ready,
		paused: j.Spec.Suspend != nil && *j.Spec.Suspend, settled: true,
	}
}

func ofCronJob(c *batchv1.CronJob) *controller {
	parent := &controller{
		kind: kindCronJob, meta: c.ObjectMeta, template: &c.Spec.JobTemplate.Spec.Template, observed: c.Generation,
		paused: c.Spec.Suspend != nil && *c.Spec.Suspend, settled: true,
	}
	for _, job := range c.Status.Active {
		parent.active = append(parent.active, job.Name)
	}
	return parent
}

// count is a number of replicas, which defaults to 1.
func count(replicas *int32) int {
	if replicas == nil {
		return 1
	}
	return int(*replicas)
}

// The labels by which pods name their revision and their job.
const (
	hashLabel     = appsv1.DefaultDeploymentUniqueLabelKey
	revisionLabel = appsv1.ControllerRevisionHashLabelKey
	jobLabel      = batchv1.JobNameLabel
)

// podLabels selects the controller's pods; "" when it has none to select.
func (c *controller) podLabels() string {
	if c.kind == kindCronJob {
		return jobsLabels(c.active)
	}
	if c.selector == nil {
		return ""
	}
	selector, err := metav1.LabelSelectorAsSelector(c.selector)
	if err != nil || selector.Empty() {
		return ""
	}
	return selector.String()
}

// siblingLabels selects the ReplicaSets of the Deployment that owns this one,
// and all of their pods; for other kinds it selects the pods.
func (c *controller) siblingLabels() string {
	if c == nil {
		return ""
	}
	selector := c.selector.DeepCopy()
	if c.kind != kindReplicaSet || selector == nil {
		return c.podLabels()
	}
	delete(selector.MatchLabels, hashLabel)
	return (&controller{selector: selector}).podLabels()
}
