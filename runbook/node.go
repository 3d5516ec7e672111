package runbook

import (
	"fmt"
	"slices"
	"time"

	"github.com/pullfix/pullfix/runbook/shell"
)

// down tells that the cluster says the node is not ready: its kubelet or its
// runtime is stopped or cut off, and starts no pull before that is mended. Where
// it says nothing (a virtual node, a case from before), nothing is known.
func (n *Node) down() bool { return n != nil && !n.Ready && (n.Unready != "" || !n.Turned.IsZero()) }

// since says from when on the node is down.
func (n *Node) since(now time.Time) string {
	if n.Turned.IsZero() {
		return "node " + n.Name + " is NotReady"
	}
	return fmt.Sprintf("node %s is NotReady since %s", n.Name, clock(n.Turned, now))
}

// why quotes what the cluster says of the node that is down.
func (n *Node) why() string {
	if n.Unready == "" {
		return ""
	}
	return " (" + quote(n.Unready, 160) + ")"
}

// unretried belongs to a summary: whatever the cause, its cure helps nobody
// while the node is down.
func (e evidence) unretried() string {
	if !e.facts.Node.down() {
		return ""
	}
	return " (" + e.facts.Node.since(e.now) + ": nothing is retried there meanwhile)"
}

// nodeSilent is the same as a sentence, with the cluster's reason.
func (e evidence) nodeSilent() string {
	n := e.facts.Node
	if !n.down() {
		return ""
	}
	return capital(n.since(e.now)) + n.why() + ": what it said of this pull is from before, and its kubelet pulls nothing meanwhile."
}

// hearNode adds to a step what a node that is down has to do with it.
func (v view) hearNode(r Result) Result {
	n := v.facts.Node
	if !n.down() {
		return r
	}
	if r.Status == StatusOK {
		r.Status = StatusWarning
	}
	r.Summary += "; " + n.since(v.now)
	r.Evidence = append(r.Evidence, n.since(v.now)+n.why())
	return r
}

// lookAtNode leads to the runbook for nodes.
func lookAtNode(f Facts, why string) Remedy {
	name := evidence{facts: f}.nodeWord()
	return Remedy{
		Kind: SeeOtherRunbook, Title: "Look at node " + name, Why: why,
		Command: shell.Join("kubectl", "describe", "node", name), Risk: "none",
	}
}

// takesUp is how long a kubelet may need to report a pod that it was given; it
// does so within seconds.
const takesUp = 2 * time.Minute

// unheard tells that the pod's kubelet has not taken it up: the node is down,
// or there is still no status though it should be there by now.
func (f Facts) unheard(now time.Time) bool {
	switch {
	case !starting(f.Pod):
		return false
	case f.Node.down():
		return true
	}
	silent := !slices.ContainsFunc(f.Pod.Containers, func(c Container) bool { return c.State != "" })
	given := f.given()
	return silent && !given.IsZero() && now.Sub(given) > takesUp && !slices.ContainsFunc(f.Events, func(e Event) bool { return e.Reason != scheduled })
}

const scheduled = "Scheduled"

// given is when the pod was given to its node, as far as is known.
func (f Facts) given() time.Time {
	for _, e := range slices.Backward(f.Events) {
		if e.Reason == scheduled {
			return e.Last
		}
	}
	return f.Pod.Created
}

// unheardOf is the verdict on a pod that its kubelet does not start.
func unheardOf(f Facts, d Diagnosis, now time.Time) Diagnosis {
	d.Summary = f.Target.Namespace + "/" + f.Pod.Name + " has not started, and no pull has failed: "
	if f.Node.down() {
		d.Summary += f.Node.since(now) + f.Node.why() + ", and its kubelet pulls nothing meanwhile."
	} else {
		d.Summary += fmt.Sprintf("the kubelet of %s has not taken it up since %s.", evidence{facts: f}.nodeName(), clock(f.given(), now))
	}
	d.Remedies = numbered([]Remedy{lookAtNode(f, "The pull has not begun; why the node does nothing is another runbook.")})
	return d
}

// lastHeard adds that a node which is down says nothing new of its pods.
func lastHeard(f Facts, d Diagnosis, now time.Time) Diagnosis {
	if !f.Node.down() || f.Pod.Phase == "Succeeded" || f.Pod.Phase == "Failed" {
		return d
	}
	d.Summary += " But " + f.Node.since(now) + f.Node.why() + ": this is what it said last."
	d.Remedies = numbered(append(d.Remedies, lookAtNode(f, "The node does not report; that is another runbook.")))
	return d
}
