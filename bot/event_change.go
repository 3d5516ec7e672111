package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// untouched tells that every write was refused, and none may have happened.
func (d *Decision) untouched() bool {
	return len(d.Receipts) > 0 && !slices.ContainsFunc(d.Receipts, func(r runbook.Receipt) bool { return r.Done || r.Unsure })
}

// nothingDone is the end of a change whose every write was refused: it is as if
// it had not been approved, and it is planned anew.
func (c *change) nothingDone(why string) {
	d := c.Decision
	c.State, d.Refused = Open, why
	text := fmt.Sprintf("%s: nothing was changed: %s", d.Title, why)
	c.tell(text, true)
	c.follow(Effect{Kind: DoDiagnose})
	c.show()
}

// Carried brings the results of a wave of a change; most have only one.
type Carried struct {
	Effect   string
	Receipts []runbook.Receipt
	// Frozen says that a compromise was declared meanwhile: a copy that was just
	// made is removed as well.
	Frozen bool
}

func (e Carried) apply(c *change) error {
	if err := (Done{Effect: e.Effect}).apply(c); err != nil {
		return err
	}
	if c.State != Changing {
		return ErrTooLate
	}
	d := c.Decision
	if e.Frozen {
		c.follow(Effect{Kind: DoForget})
	}
	canary := len(d.Receipts) == 0
	d.Receipts = append(d.Receipts, e.Receipts...)
	text := fmt.Sprintf("%s: %s done", d.Title, d.progress())
	c.note(Person{}, text+": "+strings.Join(each(e.Receipts, receiptText), "; "))
	c.remind()
	switch wrong := failed(e.Receipts); {
	case d.untouched():
		c.nothingDone(strings.Join(wrong, "; "))
		return nil
	case len(wrong) > 0 && d.left() > 0:
		c.halt(strings.Join(wrong, "; "))
		return nil
	case len(wrong) > 0:
		text += "; " + strings.Join(wrong, "; ")
	case d.left() > 0 && !canary:
		c.beginWave()
		c.show()
		return nil
	case d.left() > 0:
		text += fmt.Sprintf(". The other %d follow once the first namespace has recovered.", d.left())
	}
	c.State, c.Recovery, c.Plans = Watching, nil, c.undo(c.now)
	c.keepFault()
	c.tell(text, false)
	c.follow(Effect{Kind: DoWatch})
	if d.secret() {
		c.follow(Effect{Kind: DoDiagnose}) // what hastens it, and what undoes it
	}
	c.show()
	return nil
}

// secret tells that the decision changed a pull secret: the pods may stay as
// they are.
func (d *Decision) secret() bool {
	return d.Plan != nil && len(d.Plan.Actions) > 0 && d.Plan.Actions[0].Entry != nil
}

func each[T any](list []T, text func(T) string) []string {
	texts := make([]string, 0, len(list))
	for _, one := range list {
		texts = append(texts, text(one))
	}
	return texts
}

// receiptText is what became of one object.
func receiptText(r runbook.Receipt) string {
	text := r.Action.Verb + " " + r.Action.Namespace + "/" + r.Action.Name
	switch {
	case r.Done:
		return text
	case r.Unsure:
		return text + " unsure: " + r.Detail
	}
	return text + " not done: " + r.Detail
}

// failed are the objects of which it is not known that they are changed.
func failed(receipts []runbook.Receipt) []string {
	var texts []string
	for _, r := range receipts {
		if !r.Done {
			texts = append(texts, r.Action.Namespace+"/"+r.Action.Name+": "+r.Detail)
		}
	}
	return texts
}

// Overtaken says that nothing was changed, because what was approved is no
// longer what there is. It is planned anew.
type Overtaken struct {
	Effect string
	Why    string
}

func (e Overtaken) apply(c *change) error {
	if err := (Done{Effect: e.Effect}).apply(c); err != nil {
		return err
	}
	if c.State != Changing {
		return ErrTooLate
	}
	if len(c.Decision.Receipts) > 0 {
		c.halt(e.Why)
		return nil
	}
	c.State = Open
	c.Decision.Refused = e.Why
	text := fmt.Sprintf("Nothing was changed: %s. Looking again.", e.Why)
	c.note(Person{}, text)
	c.tell(text, true)
	c.follow(Effect{Kind: DoDiagnose})
	c.show()
	return nil
}

// Interrupted says that pullfix stopped while a change was being made: whether
// it was made is not known. It is never made again unasked; pullfix looks.
type Interrupted struct{ Effect string }

func (e Interrupted) apply(c *change) error {
	if err := Done(e).apply(c); err != nil {
		return err
	}
	if c.State != Changing {
		return ErrTooLate
	}
	c.State = Watching
	c.keepFault()
	d := c.Decision
	const stopped = "pullfix stopped in the middle"
	for _, a := range d.begun() {
		d.Receipts = append(d.Receipts, runbook.Receipt{Action: a, Unsure: true, Detail: stopped, At: c.now})
	}
	d.Halted = stopped
	text := fmt.Sprintf("pullfix stopped while it carried out %q. It does not repeat it; it looks what became of it.", d.Title)
	c.note(Person{}, text)
	c.tell(text, true)
	c.follow(Effect{Kind: DoDiagnose})
	c.show()
	return nil
}

// begun are the actions of the wave that has begun and has no results yet.
func (d *Decision) begun() []runbook.Action {
	if d.Plan == nil {
		return []runbook.Action{{}} // from before plans were kept
	}
	end := min(d.Begun, len(d.Plan.Actions))
	return d.Plan.Actions[min(len(d.Receipts), end):end]
}

// Recovering brings a new count of the incident's pods.
type Recovering struct{ Recovery runbook.Recovery }

func (e Recovering) apply(c *change) error {
	if c.State.Over() {
		return ErrTooLate
	}
	if c.Recovery != nil && same(*c.Recovery, e.Recovery) {
		return ErrSeen
	}
	c.Recovery, c.Trouble = &e.Recovery, ""
	c.show()
	return nil
}

func same(a, b runbook.Recovery) bool {
	return a.Wanted == b.Wanted && a.Waiting == b.Waiting && a.Pulling == b.Pulling && a.Pulled == b.Pulled && a.Ready == b.Ready
}

// Recovered says that recovery is proven, whoever did it.
type Recovered struct {
	Effect    string
	Proof     []string
	After     []string // what goes wrong after the pull
	Runbook   string   // the link to what helps then; "" when none is configured
	Elsewhere int      // pods that still fail elsewhere; -1 when it is not known
}

func (e Recovered) apply(c *change) error {
	if err := (Done{Effect: e.Effect}).apply(c); err != nil {
		return err
	}
	if c.State.Over() || c.State == Changing || c.Canary() || c.Compromised != nil {
		return ErrTooLate
	}
	c.State, c.Plans = Resolved, c.undo(c.now)
	c.Ending = &Ending{At: c.now, Resolution: c.howResolved(), Proof: e.Proof, HandedOver: e.handedOver(), Elsewhere: e.Elsewhere}
	c.hangUp()
	text := fmt.Sprintf("Resolved after %s: %s", roundly(c.now.Sub(c.Opened)), c.Ending.Resolution)
	if c.Ending.HandedOver != "" {
		text += ". " + c.Ending.HandedOver
	}
	c.note(Person{}, text)
	c.tell(text, true)
	c.tellTimeline()
	c.show()
	return nil
}

// handedOver says what another runbook has to look after.
func (e Recovered) handedOver() string {
	if len(e.After) == 0 {
		return ""
	}
	text := "The pulls work, but " + strings.Join(e.After, "; ") + ": that is another runbook's matter"
	if e.Runbook != "" {
		return text + ": " + e.Runbook
	}
	return text + "."
}

// howResolved names the change that helped, and who approved it.
func (c *change) howResolved() string {
	d := c.Decision
	if d == nil || d.Started == nil || d.Refused != "" {
		if len(c.Past) == 0 {
			return "recovered without a change by pullfix"
		}
		d = &c.Past[len(c.Past)-1]
	}
	if len(d.Granted) == 0 {
		return "recovered without a change by pullfix"
	}
	return fmt.Sprintf("%s, approved by %s", d.Title, mention(d.Granted[0].Person))
}

// roundly is a duration as people say it.
func roundly(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
}

// Unwatchable says that the cluster could not be asked; that is never taken for
// recovery.
type Unwatchable struct{ Why string }

func (e Unwatchable) apply(c *change) error {
	if c.State.Over() || c.Trouble == e.Why {
		return ErrSeen
	}
	c.Trouble = e.Why
	c.show()
	return nil
}
