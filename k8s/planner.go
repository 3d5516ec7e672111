package k8s

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullfix/pullfix/runbook"
)

// kindRollout is Argo Rollouts' own kind of workload.
const kindRollout = "Rollout"

// budgets are the PodDisruptionBudgets.
const budgets = resource("/apis/policy/v1/poddisruptionbudgets")

// planner knows the workload as it is now, and what the diagnosis found.
type planner struct {
	api      api
	cluster  string
	kase     runbook.Case
	verdict  runbook.Verdict
	registry runbook.Registry
	vault    *runbook.Vault
	key      []byte // for fingerprints

	top     *controller
	history []revision
	its     herd
	// waiting are its pods that wait for an image, in the order of their names.
	waiting []*corev1.Pod
	// sample are the labels of one of its pods.
	sample  labels.Set
	budgets []policyv1.PodDisruptionBudget
	blind   string // why the budgets are not known; "" when they are
	refused string // why nothing at all can be offered
}

// look reads the workload, then its pods, its past and its budgets. A workload
// for which nothing can be offered is left alone.
func (p *planner) look(ctx context.Context) error {
	w := p.kase.Facts.Workload
	if w == nil {
		p.refused = "pod " + p.kase.Facts.Pod.Name + " has no controller: nothing makes it again"
		return nil
	}
	switch w.Kind {
	case kindDeployment, kindReplicaSet, kindStatefulSet, kindDaemonSet:
	case kindJob, kindCronJob:
		p.refused = "a Job counts a deleted pod as a failure, and its backoffLimit may end it"
		return nil
	case kindRollout:
		p.refused = fmt.Sprintf("Argo Rollouts replaces the pods of Rollout %s: kubectl argo rollouts restart %s -n %s (it evicts them a few at a time, and PodDisruptionBudgets count)",
			w.Name, w.Name, p.kase.Facts.Target.Namespace)
		return nil
	default:
		p.refused = fmt.Sprintf("pullfix does not know how %s replaces its pods", w.Kind)
		return nil
	}
	top, err := readController(ctx, p.api, p.in(resourceOf(w.Kind), w.Name))
	if missing(err) {
		p.refused = fmt.Sprintf("%s %s is gone", w.Kind, w.Name)
		return nil
	}
	if err != nil {
		return err
	}
	p.top = top
	if string(top.meta.UID) != w.UID || top.meta.Generation != w.Generation {
		p.refused = fmt.Sprintf("%s was changed while it was being diagnosed%s", p.name(), by(&top.meta))
		return nil
	}
	return p.surroundings(ctx)
}

// surroundings reads the pods, which have to be known, beside the past and the
// budgets.
func (p *planner) surroundings(ctx context.Context) (err error) {
	sideBySide(
		func() { err = p.herd(ctx) },
		func() { p.past(ctx) },
		func() { p.disruption(ctx) },
	)
	slices.SortFunc(p.waiting, func(a, b *corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return err
}

func (p *planner) in(r resource, name string) question {
	return question{resource: r, namespace: p.kase.Facts.Target.Namespace, name: name}
}

func (p *planner) herd(ctx context.Context) error {
	q := p.in(pods, "")
	if q.labels = p.top.podLabels(); q.labels == "" {
		return fmt.Errorf("reading the pods of %s: it selects none", p.name())
	}
	read := 0
	list, err := each(ctx, p.api, q, func(pod *corev1.Pod) bool {
		if read++; p.top.owns(pod) {
			p.its.add(pod)
			p.sample = pod.Labels
			if len(FailingPulls(pod)) > 0 && len(p.waiting) < runbook.MaxFailing {
				p.waiting = append(p.waiting, pod)
			}
		}
		return read < podsRead
	})
	if err == nil && (list.cut || list.next != "") {
		err = fmt.Errorf("reading the pods of %s: too many", p.name())
	}
	return err
}

// owns tells whether the controller made the pod. Labels alone do not tell:
// other controllers may select the same ones.
func (c *controller) owns(pod *corev1.Pod) bool {
	owner := controllerOf(pod.OwnerReferences)
	if owner == nil {
		return false
	}
	if c.kind != kindDeployment {
		return owner.UID == c.meta.UID
	}
	above, ok := deploymentName(pod, owner.Name)
	return owner.Kind == kindReplicaSet && ok && above == c.meta.Name
}

// past reads the recorded templates. Without them no roll back is offered.
func (p *planner) past(ctx context.Context) {
	q, ok := historyQuestion(p.top, p.top.podLabels())
	if !ok {
		return
	}
	all, err := history(ctx, p.api, q, func(uid types.UID) bool { return uid == p.top.meta.UID })
	if err == nil {
		p.history = all
	}
}

// disruption reads the PodDisruptionBudgets of the namespace.
func (p *planner) disruption(ctx context.Context) {
	q := p.in(budgets, "")
	_, err := each(ctx, p.api, q, func(b *policyv1.PodDisruptionBudget) bool {
		p.budgets = append(p.budgets, *b)
		return len(p.budgets) < budgetsRead
	})
	if err != nil {
		p.blind = why(err)
	}
}

// budgetsRead bounds the PodDisruptionBudgets of a namespace.
const budgetsRead = 500

// budgetSentences say what PodDisruptionBudgets mean for the pods. Neither a
// deletion nor a rollout asks them: only evictions do.
func (p *planner) budgetSentences() []string {
	if p.blind != "" {
		return []string{"Whether a PodDisruptionBudget covers these pods is not known: " + p.blind + "."}
	}
	var said []string
	for _, b := range p.budgets {
		selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		if err != nil || !selector.Matches(p.sample) {
			continue
		}
		said = append(said, fmt.Sprintf("PodDisruptionBudget %s covers these pods (%d healthy of %d wanted); this change does not ask it.",
			b.Name, b.Status.CurrentHealthy, b.Status.DesiredHealthy))
	}
	return said
}

// name is the workload as people call it.
func (p *planner) name() string { return p.top.name() }

func (c *controller) name() string { return c.kind + " " + c.meta.Name }

// by says who changed an object last, for a refusal.
func by(meta *metav1.ObjectMeta) string {
	manager, written := lastWrite(meta.ManagedFields, "f:spec")
	if written == nil {
		return ""
	}
	return fmt.Sprintf(" (by %s at %s)", manager, written.UTC().Format("15:04:05"))
}

// ready counts the healthy pods, without those of one revision.
func (p *planner) ready(without string) int {
	n := 0
	for label, g := range p.its.groups {
		if without == "" || label != without {
			n += g.ready
		}
	}
	return n
}

// several joins names as a sentence does, and cuts long lists.
func several(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// counted says "1 pod", "3 pods".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
