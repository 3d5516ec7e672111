package cluster

import (
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// progress sets the conditions that `kubectl rollout status` reads.
func progress(d *appsv1.Deployment, current *appsv1.ReplicaSet, available bool) {
	serving := appsv1.DeploymentCondition{
		Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue,
		Reason: "MinimumReplicasAvailable", Message: "Deployment has minimum availability.",
	}
	if !available {
		serving.Status, serving.Reason = corev1.ConditionFalse, "MinimumReplicasUnavailable"
		serving.Message = "Deployment does not have minimum availability."
	}
	setProgress(d, serving)
	if current == nil {
		return
	}
	moving := appsv1.DeploymentCondition{
		Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue,
		Reason: "ReplicaSetUpdated", Message: fmt.Sprintf("ReplicaSet %q is progressing.", current.Name),
	}
	want := *d.Spec.Replicas
	limit := time.Duration(*d.Spec.ProgressDeadlineSeconds) * time.Second
	switch {
	case d.Status.UpdatedReplicas == want && d.Status.Replicas == want && d.Status.AvailableReplicas == want:
		moving.Reason, moving.Message = "NewReplicaSetAvailable", fmt.Sprintf("ReplicaSet %q has successfully progressed.", current.Name)
	case time.Since(moved(d, current)) > limit:
		moving.Status, moving.Reason = corev1.ConditionFalse, "ProgressDeadlineExceeded"
		moving.Message = fmt.Sprintf("ReplicaSet %q has timed out progressing.", current.Name)
	}
	setProgress(d, moving)
}

// moved is when the rollout last got on.
func moved(d *appsv1.Deployment, current *appsv1.ReplicaSet) time.Time {
	at := current.CreationTimestamp.Time
	for _, condition := range d.Status.Conditions {
		if condition.Type == appsv1.DeploymentProgressing && condition.LastUpdateTime.After(at) {
			at = condition.LastUpdateTime.Time
		}
	}
	return at
}

func setProgress(d *appsv1.Deployment, want appsv1.DeploymentCondition) {
	want.LastTransitionTime, want.LastUpdateTime = timestamp(), timestamp()
	at := slices.IndexFunc(d.Status.Conditions, func(c appsv1.DeploymentCondition) bool { return c.Type == want.Type })
	if at < 0 {
		d.Status.Conditions = append(d.Status.Conditions, want)
		return
	}
	have := d.Status.Conditions[at]
	if have.Status == want.Status && have.Reason == want.Reason && have.Message == want.Message {
		return
	}
	if have.Status == want.Status {
		want.LastTransitionTime = have.LastTransitionTime
	}
	d.Status.Conditions = slices.Clone(d.Status.Conditions)
	d.Status.Conditions[at] = want
}
