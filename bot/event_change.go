package bot

import (
	"fmt"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// Carried brings the results of a change.
type Carried struct {
	Effect   string
	Receipts []runbook.Receipt
}

func (e Carried) apply(c *change) error {
	if err := (Done{Effect: e.Effect}).apply(c); err != nil {
		return err
	}
	if c.State != Changing {
		return ErrTooLate
	}
	c.Decision.Receipts = append(c.Decision.Receipts, e.Receipts...)
	c.State = Watching
	c.Recovery = nil
	text := receiptText(c.Decision.Title, e.Receipts)
	c.note(Person{}, text)
	c.tell(text, false)
	c.follow(Effect{Kind: DoWatch})
	c.show()
	return nil
}

func receiptText(title string, receipts []runbook.Receipt) string {
	done, unsure := 0, 0
	var failed []string
	for _, r := range receipts {
		switch {
		case r.Done:
			done++
		case r.Unsure:
			unsure++
		default:
			failed = append(failed, r.Action.Name+": "+r.Detail)
		}
	}
	text := fmt.Sprintf("%s: %d of %d done", title, done, len(receipts))
	if unsure > 0 {
		text += fmt.Sprintf(", %d unsure", unsure)
	}
	if len(failed) > 0 {
		text += "; " + strings.Join(failed, "; ")
	}
	return text
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
	c.Decision.Receipts = append(c.Decision.Receipts, runbook.Receipt{Unsure: true, Detail: "pullfix stopped in the middle", At: c.now})
	text := fmt.Sprintf("pullfix stopped while it carried out %q. It does not repeat it; it looks what became of it.", c.Decision.Title)
	c.note(Person{}, text)
	c.tell(text, true)
	c.follow(Effect{Kind: DoDiagnose})
	c.show()
	return nil
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
	Elsewhere int // pods that still fail elsewhere; -1 when it is not known
}

func (e Recovered) apply(c *change) error {
	if err := (Done{Effect: e.Effect}).apply(c); err != nil {
		return err
	}
	if c.State.Over() || c.State == Changing {
		return ErrTooLate
	}
	c.State, c.Plans = Resolved, nil
	c.Ending = &Ending{At: c.now, Resolution: c.howResolved(), Proof: e.Proof, Elsewhere: e.Elsewhere}
	text := fmt.Sprintf("Resolved after %s: %s", roundly(c.now.Sub(c.Opened)), c.Ending.Resolution)
	c.note(Person{}, text)
	c.tell(text, true)
	c.show()
	return nil
}

func (c *change) howResolved() string {
	if d := c.Decision; d != nil && d.Started != nil && len(d.Granted) > 0 && d.Refused == "" {
		return fmt.Sprintf("%s, approved by %s", d.Title, mention(d.Granted[0].Person))
	}
	return "recovered without a change by pullfix"
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
