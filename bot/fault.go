package bot

import (
	"fmt"
	"strings"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// fault is what is wrong, or was until the pods were seen to pull; nil when
// nothing is known yet.
func (i *Incident) fault() *runbook.Verdict {
	if i.Fault != nil && i.Verdict != nil && i.Verdict.Cause == cause.None {
		return i.Fault
	}
	return i.Verdict
}

// Cured is what was wrong before it was cured, as it stood before the change
// that did it; while nothing is cured it is what is wrong. Nil when nothing is
// known yet.
func (i *Incident) Cured() *runbook.Verdict {
	if i.Fault != nil && (i.Verdict == nil || i.Verdict.Cause == cause.None || sameFault(*i.Fault, *i.Verdict)) {
		return i.Fault
	}
	return i.Verdict
}

// keepFault keeps what is wrong as it stands now, unless it is kept already.
func (c *change) keepFault() {
	if c.Fault == nil {
		c.Fault = c.Verdict
	}
}

// settling tells that a change was made a moment ago. The pods that still wait
// may not have tried since: what a diagnosis says of them is half the old fault
// and half the change.
func (c *change) settling() bool {
	return c.State == Watching && c.Decision != nil && c.Decision.Started != nil && c.now.Sub(c.watchingFrom()) <= kubeletRetries
}

// sameFault tells that a later verdict is about the same fault, and not worse.
func sameFault(before, now runbook.Verdict) bool {
	worse := now.Severity == runbook.P1 && before.Severity != runbook.P1
	return alike(before, now) && !worse
}

// alike tells that two verdicts name the same cause of the same image.
func alike(a, b runbook.Verdict) bool { return a.Cause == b.Cause && a.Image == b.Image }

// ofOldRevision tells that the pod that was looked at is of an earlier template.
func ofOldRevision(c runbook.Case) bool {
	return c.Facts.Workload != nil && c.Facts.Workload.OldRevision
}

// sinceBefore is the verdict with the moment since when pods wait for the same
// reason: that the first of them is gone does not make the incident younger.
func (c *change) sinceBefore(now runbook.Verdict) *runbook.Verdict {
	was := c.Verdict
	if was == nil || was.Since == nil || !alike(*was, now) || now.Since != nil && now.Since.Before(*was.Since) {
		return &now
	}
	if c.Reopened == nil || was.Since.After(c.Reopened.At) {
		now.Since = was.Since
	}
	return &now
}

// TitleOf names what a plan does, and where when that is in several namespaces:
// its remedy speaks of the first.
func TitleOf(p runbook.Plan) string {
	title, first := p.Remedy.Title, ""
	var namespaces, objects []string
	for _, a := range p.Actions {
		namespaces, objects = append(namespaces, a.Namespace), append(objects, a.Name)
		first = orText(first, a.Namespace)
	}
	namespaces, objects = union(namespaces, nil), union(objects, nil)
	if len(namespaces) < 2 || p.Actions[0].Kind != "Secret" {
		return title
	}
	title = strings.TrimSuffix(title, " in "+first)
	if len(objects) > 1 {
		verb, _, _ := strings.Cut(title, " ")
		title = fmt.Sprintf("%s %d secrets", verb, len(p.Actions))
	}
	return fmt.Sprintf("%s in %d namespaces", title, len(namespaces))
}
