package runbook

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
)

// nothingWrong is the verdict on a pod whose images are pulled, or whose
// trouble is another one. It says which, because unknown is never healthy.
func nothingWrong(f Facts, now time.Time) Diagnosis {
	d := Diagnosis{
		Cause: cause.None, Certainty: cause.Certain, Vantage: VantageUnknown,
		Credentials: []Credential{}, Remedies: []Remedy{}, Suggestions: []string{},
	}
	if len(f.Pod.Containers) > 0 {
		c := telling(f.Pod.Containers)
		d.Container, d.Image = c.Name, c.Image
		d.Registry = ParseReference(c.Image).Host
	}
	where := f.Target.Namespace + "/" + f.Pod.Name
	switch {
	case f.Pod.Name == "":
		d.Summary = fmt.Sprintf("%s/%s (%s) has no pod, so nothing is pulled. Nothing to do about images.", f.Target.Namespace, f.Target.Name, kindWord(f.Target.Kind))
	case f.Pod.Deleting:
		d.Summary = where + " is being deleted: the kubelet pulls nothing for it any more."
	case !f.Pod.Scheduled:
		d.Summary = where + " is not scheduled yet, so nothing is pulled" + because(f.Pod.Unschedulable) + "."
		d.Remedies = numbered([]Remedy{otherRunbook(f, "Find out why it is not scheduled", "describe", "pod", f.Pod.Name)})
	case crashing(f.Pod, now) != nil:
		c := crashing(f.Pod, now)
		d.Container, d.Image = c.Name, c.Image
		d.Summary, d.Remedies = crashSummary(where, *c), numbered([]Remedy{afterCrash(f, *c)})
	case f.unheard(now):
		return unheardOf(f, d, now)
	default:
		d.Summary = where + healthyWord(f, now)
		if _, ok := hindrance(f); ok && starting(f.Pod) {
			d.Remedies = numbered([]Remedy{otherRunbook(f, "Find out why it does not start", "describe", "pod", f.Pod.Name)})
		}
	}
	return lastHeard(f, d, now)
}

// starting tells that a container has not run yet.
func starting(p Pod) bool {
	return slices.ContainsFunc(p.Containers, func(c Container) bool {
		return c.State == StateWaiting || (c.State == "" && p.Phase == "Pending")
	})
}

// hindrance is the newest warning about a pod that does not start, such as a
// volume that cannot be mounted.
func hindrance(f Facts) (Event, bool) {
	for _, e := range slices.Backward(f.Events) {
		switch {
		case e.Reason == "Pulling" || e.Reason == "Pulled" || e.Reason == "Created" || e.Reason == "Started":
			return Event{}, false
		case e.Type == "Warning":
			return e, true
		}
	}
	return Event{}, false
}

// pulling is the newest event when it says that a pull is under way.
func pulling(f Facts) (Event, bool) {
	if len(f.Events) == 0 || f.Events[len(f.Events)-1].Reason != "Pulling" {
		return Event{}, false
	}
	return f.Events[len(f.Events)-1], true
}

// telling is the container that says most about the pod: one that does not run.
func telling(containers []Container) Container {
	for _, c := range containers {
		if c.State == StateWaiting {
			return c
		}
	}
	i := slices.IndexFunc(containers, func(c Container) bool { return c.Kind == KindContainer })
	return containers[max(i, 0)]
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + strings.TrimSuffix(why, ".")
}

func orWord(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func healthyWord(f Facts, now time.Time) string {
	i := slices.IndexFunc(f.Pod.Containers, func(c Container) bool {
		return c.State == StateWaiting || (c.State == "" && f.Pod.Phase == "Pending")
	})
	if e, ok := pulling(f); ok && i >= 0 {
		return fmt.Sprintf(" is still pulling (%s, since %s): no pull has failed. Ask again in a minute.", quote(e.Message, 160), clock(e.Last, now))
	}
	if e, ok := hindrance(f); ok && i >= 0 {
		return fmt.Sprintf(" does not start, but no pull has failed: %s %s.", e.Reason, quote(e.Message, 200))
	}
	if i >= 0 {
		return " is still starting (" + orWord(f.Pod.Containers[i].Reason, "no status yet") + "): no pull has failed. Ask again in a minute."
	}
	return " pulls fine: " + presentSince(f, now) + " Nothing to do."
}

func presentSince(f Facts, now time.Time) string {
	for _, e := range slices.Backward(f.Events) {
		if e.Reason == "Pulled" {
			return "image present since " + clock(e.Last, now) + "."
		}
	}
	if f.Pod.Phase == "Succeeded" {
		return "its containers ran and ended."
	}
	return "every container has its image."
}

func otherRunbook(f Facts, title string, words ...string) Remedy {
	e := evidence{facts: f}
	return Remedy{
		Kind: SeeOtherRunbook, Title: title, Why: "The pull is not the problem; this is another runbook.",
		Command: e.kubectl(words...), Risk: "none",
	}
}
