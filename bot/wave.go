package bot

import (
	"fmt"
	"slices"

	"github.com/pullfix/pullfix/runbook"
)

// Ground is a place that a plan changes something in.
type Ground struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
}

// grounds are the places of a plan, each once, in the order of its actions.
func (i Incident) grounds(actions []runbook.Action) []Ground {
	var all []Ground
	for _, a := range actions {
		if g := i.ground(a); !slices.Contains(all, g) {
			all = append(all, g)
		}
	}
	return all
}

func (i Incident) ground(a runbook.Action) Ground {
	g := Ground{Cluster: a.Cluster, Namespace: a.Namespace}
	if g.Cluster == "" {
		g.Cluster = i.Target.Cluster
	}
	return g
}

// GroundsOf are the places that a plan changes something in; a cluster without a
// name is the usual one.
func GroundsOf(p runbook.Plan, usual string) []Ground {
	return Incident{Target: runbook.Target{Cluster: usual}}.grounds(p.Actions)
}

// reach remembers where an approved plan changes something.
func (c *change) reach(plan runbook.Plan) {
	for _, g := range c.grounds(plan.Actions) {
		if !slices.Contains(c.Grounds, g) {
			c.Grounds = append(c.Grounds, g)
		}
	}
}

// left is how many actions of the approved plan have not begun and may still.
func (d *Decision) left() int {
	if d == nil || d.Plan == nil || d.Started == nil || d.Halted != "" || d.Refused != "" {
		return 0
	}
	return max(len(d.Plan.Actions)-d.Begun, 0)
}

// Canary tells that the first namespace of a plan is changed and watched, and
// that the others wait for the proof that it recovered.
func (i Incident) Canary() bool { return i.State == Watching && i.Decision.left() > 0 }

// beginWave records that the next actions begin, before they do.
func (c *change) beginWave() {
	d := c.Decision
	d.Begun = runbook.WaveEnd(d.Plan.Actions, d.Begun)
	c.State, c.Plans, c.Recovery = Changing, nil, nil
	c.follow(Effect{Kind: DoCarry})
}

// halt gives up what has not begun of a plan: what is left needs a new plan and
// a new approval.
func (c *change) halt(why string) {
	d := c.Decision
	d.Halted = why
	text := fmt.Sprintf("%s: %s done; the rest is not carried out: %s. What is left is planned anew and needs a new approval.", d.Title, d.progress(), why)
	c.State = Watching
	c.keepFault()
	c.note(Person{}, text)
	c.tell(text, true)
	c.follow(Effect{Kind: DoDiagnose})
	c.show()
}

// progress counts what is done of all that was approved.
func (d *Decision) progress() string {
	done, unsure := 0, 0
	for _, r := range d.Receipts {
		if r.Done {
			done++
		} else if r.Unsure {
			unsure++
		}
	}
	text := fmt.Sprintf("%d of %d", done, d.Total())
	if unsure > 0 {
		text += fmt.Sprintf(" (%d unsure)", unsure)
	}
	return text
}

// Total is how many actions were approved.
func (d *Decision) Total() int {
	if d.Plan == nil {
		return len(d.Receipts)
	}
	return max(len(d.Plan.Actions), len(d.Receipts))
}

// CanaryProven says that the pods of the first namespace have recovered: the
// rest follows.
type CanaryProven struct{ Proof []string }

func (e CanaryProven) apply(c *change) error {
	if !c.Canary() {
		return ErrTooLate
	}
	text := fmt.Sprintf("%s: the first namespace has recovered; the other %d follow.", c.Decision.Title, c.Decision.left())
	c.note(Person{}, text)
	c.tell(text, false)
	c.beginWave()
	c.show()
	return nil
}

// Resumed says that pullfix was started again. It goes on with nothing unasked.
type Resumed struct{}

func (Resumed) apply(c *change) error {
	if !c.Canary() {
		return ErrTooLate
	}
	c.halt("pullfix was restarted in between")
	return nil
}
