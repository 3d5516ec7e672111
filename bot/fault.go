package bot

import (
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
	return before.Cause == now.Cause && before.Image == now.Image && !worse
}

// ofOldRevision tells that the pod that was looked at is of an earlier template.
func ofOldRevision(c runbook.Case) bool {
	return c.Facts.Workload != nil && c.Facts.Workload.OldRevision
}
