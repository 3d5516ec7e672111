package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const revisionAnnotation = "deployment.kubernetes.io/revision"

// deployment brings a deployment one step towards its template: old pods stay
// until new ones are ready, as far as the strategy wants it.
func (s *Controllers) deployment(o object) error {
	d, _ := o.(*appsv1.Deployment)
	if d.Spec.Selector == nil {
		return nil // added past validation
	}
	var current *appsv1.ReplicaSet
	var old []*appsv1.ReplicaSet
	newest := 0
	for _, one := range s.owned("ReplicaSet", d) {
		rs, _ := one.(*appsv1.ReplicaSet)
		newest = max(newest, revisionOf(rs))
		if current == nil && equality.Semantic.DeepEqual(plainTemplate(rs.Spec.Template), d.Spec.Template) {
			current = rs
		} else {
			old = append(old, rs)
		}
	}
	if !d.Spec.Paused {
		if current == nil {
			return s.rollOut(d, newest+1)
		}
		if revisionOf(current) < newest {
			return s.renew(d, current, newest+1) // rolled back to
		}
		if err := s.scaleSets(d, current, old); err != nil {
			return err
		}
		s.prune(d, old)
	}
	return s.deploymentStatus(d, current, old)
}

func revisionOf(rs *appsv1.ReplicaSet) int {
	n, err := strconv.Atoi(rs.Annotations[revisionAnnotation])
	if err != nil {
		return 0
	}
	return n
}

func plainTemplate(t corev1.PodTemplateSpec) corev1.PodTemplateSpec {
	out := *t.DeepCopy()
	delete(out.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
	return out
}

// rollOut makes the replica set of a new template.
func (s *Controllers) rollOut(d *appsv1.Deployment, revision int) error {
	hash := hashOf(d.Spec.Template)
	rs := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{
		Namespace: d.Namespace, Name: d.Name + "-" + hash, Labels: maps.Clone(d.Spec.Template.Labels),
		Annotations:     map[string]string{revisionAnnotation: strconv.Itoa(revision)},
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(d, s.cluster.byKind("Deployment").gvk)},
	}}
	none := int32(0)
	rs.Spec.Replicas = &none
	rs.Spec.Template = *d.Spec.Template.DeepCopy()
	rs.Spec.Selector = d.Spec.Selector.DeepCopy()
	for _, labels := range []*map[string]string{&rs.Labels, &rs.Spec.Template.Labels, &rs.Spec.Selector.MatchLabels} {
		if *labels == nil {
			*labels = map[string]string{}
		}
		(*labels)[appsv1.DefaultDeploymentUniqueLabelKey] = hash
	}
	s.create("ReplicaSet", rs)
	return s.stampRevision(d, revision)
}

func (s *Controllers) stampRevision(d *appsv1.Deployment, revision int) error {
	// The real controller writes it through the status, so no generation counts it.
	r := s.cluster.byKind("Deployment")
	_, err := s.cluster.store.write(r, key{d.Namespace, d.Name}, func(now object) (object, error) {
		fresh, ok := now.(*appsv1.Deployment)
		if !ok || fresh.Annotations[revisionAnnotation] == strconv.Itoa(revision) {
			return now, nil
		}
		next := fresh.DeepCopy()
		if next.Annotations == nil {
			next.Annotations = map[string]string{}
		}
		next.Annotations[revisionAnnotation] = strconv.Itoa(revision)
		return next, nil
	})
	return err
}

func (s *Controllers) renew(d *appsv1.Deployment, rs *appsv1.ReplicaSet, revision int) error {
	err := s.change("ReplicaSet", rs, "", func(o object) {
		annotations := maps.Clone(o.GetAnnotations())
		annotations[revisionAnnotation] = strconv.Itoa(revision)
		o.SetAnnotations(annotations)
	})
	if err != nil {
		return err
	}
	return s.stampRevision(d, revision)
}

// scaleSets moves replicas from the old sets to the current one.
func (s *Controllers) scaleSets(d *appsv1.Deployment, current *appsv1.ReplicaSet, old []*appsv1.ReplicaSet) error {
	want := *d.Spec.Replicas
	surge, unavailable := limits(d)
	total, available := *current.Spec.Replicas, current.Status.AvailableReplicas
	for _, rs := range old {
		total += *rs.Spec.Replicas
		available += rs.Status.AvailableReplicas
	}
	up := min(want, *current.Spec.Replicas+max(0, want+surge-total))
	if d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		if total > *current.Spec.Replicas || s.lingering(old) {
			up, unavailable = *current.Spec.Replicas, want
		}
	}
	if want < *current.Spec.Replicas {
		up = want
	}
	if up != *current.Spec.Replicas {
		return s.scale(d, current, up)
	}
	spare := total - (want - unavailable) - (*current.Spec.Replicas - current.Status.AvailableReplicas)
	for _, rs := range old {
		// What does not work goes first; it costs nothing.
		broken := min(max(spare, 0), *rs.Spec.Replicas-rs.Status.AvailableReplicas)
		working := min(max(available-(want-unavailable), 0), rs.Status.AvailableReplicas, max(spare-broken, 0))
		if drop := broken + working; drop > 0 {
			return s.scale(d, rs, *rs.Spec.Replicas-drop)
		}
	}
	return nil
}

func (s *Controllers) lingering(old []*appsv1.ReplicaSet) bool {
	return slices.ContainsFunc(old, func(rs *appsv1.ReplicaSet) bool { return len(s.owned("Pod", rs)) > 0 })
}

// limits are maxSurge, rounded up, and maxUnavailable, rounded down.
func limits(d *appsv1.Deployment) (surge, unavailable int32) {
	rolling := d.Spec.Strategy.RollingUpdate
	if rolling == nil {
		return 0, *d.Spec.Replicas
	}
	up, err := intstr.GetScaledValueFromIntOrPercent(rolling.MaxSurge, int(*d.Spec.Replicas), true)
	if err != nil {
		up = 1
	}
	down, err := intstr.GetScaledValueFromIntOrPercent(rolling.MaxUnavailable, int(*d.Spec.Replicas), false)
	if err != nil || up == 0 && down == 0 {
		down = 1
	}
	return int32(up), int32(down)
}

func (s *Controllers) scale(d *appsv1.Deployment, rs *appsv1.ReplicaSet, to int32) error {
	direction := "up"
	if to < *rs.Spec.Replicas {
		direction = "down"
	}
	from := *rs.Spec.Replicas
	err := s.change("ReplicaSet", rs, "", func(o object) {
		if set, ok := o.(*appsv1.ReplicaSet); ok {
			set.Spec.Replicas = &to
		}
	})
	s.events["deployment-controller"].record(normal(about(s.cluster.byKind("Deployment"), d), "ScalingReplicaSet",
		fmt.Sprintf("Scaled %s replica set %s from %d to %d", direction, rs.Name, from, to)))
	return err
}

// prune deletes old sets beyond the history limit, oldest first.
func (s *Controllers) prune(d *appsv1.Deployment, old []*appsv1.ReplicaSet) {
	idle := slices.DeleteFunc(slices.Clone(old), func(rs *appsv1.ReplicaSet) bool { return *rs.Spec.Replicas > 0 || rs.Status.Replicas > 0 })
	slices.SortFunc(idle, func(a, b *appsv1.ReplicaSet) int { return revisionOf(a) - revisionOf(b) })
	for len(idle) > int(*d.Spec.RevisionHistoryLimit) {
		s.remove("ReplicaSet", idle[0])
		idle = idle[1:]
	}
}

func (s *Controllers) deploymentStatus(d *appsv1.Deployment, current *appsv1.ReplicaSet, old []*appsv1.ReplicaSet) error {
	status := appsv1.DeploymentStatus{ObservedGeneration: d.Generation}
	for _, rs := range append(slices.Clone(old), current) {
		if rs == nil {
			continue
		}
		status.Replicas += rs.Status.Replicas
		status.ReadyReplicas += rs.Status.ReadyReplicas
		status.AvailableReplicas += rs.Status.AvailableReplicas
	}
	if current != nil {
		status.UpdatedReplicas = current.Status.Replicas
	}
	status.UnavailableReplicas = max(0, *d.Spec.Replicas-status.AvailableReplicas)
	_, unavailable := limits(d)
	return s.change("Deployment", d, "status", func(o object) {
		next, _ := o.(*appsv1.Deployment)
		status.Conditions = next.Status.Conditions
		next.Status = status
		progress(next, current, status.AvailableReplicas >= *d.Spec.Replicas-unavailable)
	})
}
