package bot_test

import (
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// TestARefusedWriteIsPlannedAnew: where the API server refused all of a change,
// nobody waits for a recovery; one of which nobody is sure is looked after.
func TestARefusedWriteIsPlannedAnew(t *testing.T) {
	for name, r := range map[string]struct {
		receipt runbook.Receipt
		state   bot.State
		said    bool
	}{
		"refused": {runbook.Receipt{Detail: "denied by a policy"}, bot.Open, true},
		"unsure":  {runbook.Receipt{Unsure: true, Detail: "the answer was lost"}, bot.Watching, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop()
			s.plans = []runbook.Plan{secretPlan("golden", "shop")}
			s.receipt = func(a runbook.Action) runbook.Receipt {
				answer := r.receipt
				answer.Action, answer.At = a, time.Now()
				return answer
			}
			live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
				id := ask(t, d, ann)
				clicks{t, d, s}.approves(bob, id, s.plans[0])
				i := s.incident(t, id)
				if i.State != r.state || s.said("nothing was changed: shop/") != r.said {
					t.Errorf("state %s, told %+v", i.State, s.see().told)
				}
				if r.said && len(i.Plans) == 0 {
					t.Error("nothing can be approved any more")
				}
			})
		})
	}
}
