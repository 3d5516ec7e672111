package k8s

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/pullfix/pullfix/runbook"
)

// jobsLabels selects the pods of some Jobs.
func jobsLabels(names []string) string {
	if len(names) == 0 {
		return ""
	}
	requirement, err := labels.NewRequirement(jobLabel, selection.In, slices.Sorted(slices.Values(names)))
	if err != nil {
		return ""
	}
	return labels.NewSelector().Add(*requirement).String()
}

// workloadFacts are what is known of the controller at the top.
func workloadFacts(top *controller, pod *corev1.Pod, its herd, history []revision) *runbook.Workload {
	template := templateFacts(top)
	w := &runbook.Workload{
		Kind: top.kind, Name: top.meta.Name, UID: string(top.meta.UID), Generation: top.meta.Generation,
		Desired: top.desired, Updated: top.updated, Ready: top.ready, Available: top.available,
		FailingPods: its.failing(), Paused: top.paused, Strategy: top.strategy, Ordered: top.ordered, Partition: top.partition,
		Template: template, Owner: ownership(&top.meta),
	}
	current := currentRevision(top, history)
	w.Blocked = blocked(top, its, current)
	w.OldRevision = oldRevision(top, pod, current, history)
	w.Revisions = revisionFacts(history, its)
	return w
}

func templateFacts(c *controller) runbook.Template {
	facts := templateOf(c.template)
	path := []string{"f:spec", "f:template"}
	if c.kind == kindCronJob {
		path = []string{"f:spec", "f:jobTemplate", "f:spec", "f:template"}
	}
	facts.LastWriter, facts.LastWritten = lastWrite(c.meta.ManagedFields, path...)
	return facts
}

// templateOf is what a pod template says about images.
func templateOf(template *corev1.PodTemplateSpec) runbook.Template {
	facts := runbook.Template{Images: images(template), PullSecrets: referenced(template.Spec.ImagePullSecrets), Nameless: nameless(template.Spec.ImagePullSecrets)}
	if facts.Account = template.Spec.ServiceAccountName; facts.Account == "" {
		facts.Account = defaultAccount
	}
	return facts
}

// defaultAccount is the ServiceAccount of pods that name none.
const defaultAccount = "default"

func images(template *corev1.PodTemplateSpec) map[string]string {
	found := make(map[string]string)
	for _, c := range template.Spec.InitContainers {
		found[c.Name] = c.Image
	}
	for _, c := range template.Spec.Containers {
		found[c.Name] = c.Image
	}
	for _, v := range imageVolumes(&template.Spec) {
		found["volume/"+v.Name] = v.Image
	}
	return found
}

// currentRevision is the newest revision as its pods' label names it; "" when
// that is not known.
func currentRevision(top *controller, history []revision) string {
	if top.revision != "" {
		return top.revision
	}
	if len(history) > 0 {
		return history[0].label
	}
	return ""
}

// blocked tells whether a rollout cannot progress because pods of its newest
// revision do not get their image. The counts are those of kubectl rollout
// status (kubectl/pkg/polymorphichelpers/rollout_status.go).
func blocked(top *controller, its herd, current string) bool {
	if top.paused || !rolls(top.kind) || len(its.failing()) == 0 {
		return false
	}
	if top.ordered && unfinished(top) {
		// processReplica of the StatefulSet controller stops at the first pod that
		// is not ready, whichever revision it has, before it updates any.
		return true
	}
	if top.strategy == strategyOnDelete {
		return false
	}
	if top.settled && top.observed >= top.meta.Generation && top.updated >= top.desired {
		return false // pods were lost after the rollout had finished
	}
	return its.failingOf(current) && unfinished(top)
}

// strategyOnDelete is the strategy under which nothing rolls by itself.
const strategyOnDelete = "OnDelete"

func rolls(kind string) bool {
	return kind == kindDeployment || kind == kindStatefulSet || kind == kindDaemonSet
}

func unfinished(c *controller) bool {
	return c.overdue || c.observed < c.meta.Generation || c.updated < c.desired || c.available < c.desired
}

// oldRevision tells whether the pod was made from an earlier template. When the
// controller has not yet looked at the newest template, the newest revision is
// old as well.
func oldRevision(top *controller, pod *corev1.Pod, current string, history []revision) bool {
	its := revisionOf(pod)
	if its == "" || current == "" {
		return false
	}
	if its != current {
		return true
	}
	newest := slices.IndexFunc(history, func(r revision) bool { return r.label == current })
	return top.observed < top.meta.Generation && newest >= 0 && !sameTemplate(history[newest].template, top.template)
}

func sameTemplate(a, b *corev1.PodTemplateSpec) bool {
	x, y := templateOf(a), templateOf(b)
	if len(x.Images) != len(y.Images) || x.Account != y.Account || !slices.Equal(x.PullSecrets, y.PullSecrets) {
		return false
	}
	for name, image := range x.Images {
		if y.Images[name] != image {
			return false
		}
	}
	return true
}

// revisionOf is the revision that a pod's label names; "" for pods of Jobs and
// bare pods.
func revisionOf(pod *corev1.Pod) string {
	if hash := pod.Labels[revisionLabel]; hash != "" {
		return hash
	}
	return pod.Labels[hashLabel]
}

// deploymentName is the name of the Deployment behind a ReplicaSet: the
// ReplicaSet is called NAME-HASH, and its pods carry the hash.
func deploymentName(pod *corev1.Pod, replicaSet string) (string, bool) {
	hash := pod.Labels[hashLabel]
	if hash == "" {
		return "", false
	}
	return strings.CutSuffix(replicaSet, "-"+hash)
}
