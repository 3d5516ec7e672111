package bot_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// wait lets time pass and everything settle.
func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestFortyNamespacesWithOneApproval: the first namespace goes alone; the rest
// follows in waves once its pods have recovered, a receipt an object.
func TestFortyNamespacesWithOneApproval(t *testing.T) {
	s := newShop()
	s.plans = []runbook.Plan{secretPlan("golden", many(40)...)}
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		clicks{t, d, s}.approves(bob, id, s.plans[0])
		i := s.incident(t, id)
		if len(s.see().changes) != 1 || !i.Canary() || i.Decision.Begun != 1 || len(i.Grounds) != 40 {
			t.Fatalf("%d changes, canary %v, begun %d, grounds %d", len(s.see().changes), i.Canary(), i.Decision.Begun, len(i.Grounds))
		}
		wait(5 * time.Minute)
		if n := len(s.see().changes); n != 1 {
			t.Fatalf("%d changes though the first namespace still fails", n)
		}
		s.set(func() { s.over = true })
		wait(11 * time.Second)
		s.set(func() { s.over = false }) // the others are still on their way
		if n := len(s.see().changes); n != 1 {
			t.Fatalf("%d changes before the recovery lasted", n)
		}
		s.set(func() { s.over = true })
		wait(45 * time.Second)
		i = s.incident(t, id)
		if len(s.see().changes) != 40 || len(i.Decision.Receipts) != 40 || i.Canary() {
			t.Fatalf("%d changes, %d receipts", len(s.see().changes), len(i.Decision.Receipts))
		}
		if i.State != bot.Watching {
			t.Errorf("state %s: the others have not recovered yet", i.State)
		}
		wait(time.Minute)
		if i := s.incident(t, id); i.State != bot.Resolved || !strings.Contains(i.Ending.Resolution, "Update secret regcred") {
			t.Errorf("%s %+v", i.State, i.Ending)
		}
		s.eachOnce(t)
	})
}

func (s *shop) eachOnce(t *testing.T) {
	t.Helper()
	seen := map[string]bool{}
	for _, a := range s.see().changes {
		if seen[a.Namespace+a.Verb] {
			t.Errorf("%s in %s twice", a.Verb, a.Namespace)
		}
		seen[a.Namespace+a.Verb] = true
	}
}

// TestWavesStopAtTheFirst: a refusal, or a result of which nobody is sure, in the
// second wave ends the change there.
func TestWavesStopAtTheFirst(t *testing.T) {
	for name, result := range map[string]runbook.Receipt{"refusal": {Detail: "forbidden"}, "unsure result": {Unsure: true, Detail: "the answer was lost"}} {
		t.Run(name, func(t *testing.T) {
			s := newShop()
			s.plans = []runbook.Plan{secretPlan("golden", many(40)...)}
			s.receipt = func(a runbook.Action) runbook.Receipt {
				r := runbook.Receipt{Action: a, Done: true, At: time.Now()}
				if a.Namespace == "team-15" {
					r.Done, r.Unsure, r.Detail = false, result.Unsure, result.Detail
				}
				return r
			}
			live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
				id := ask(t, d, ann)
				clicks{t, d, s}.approves(bob, id, s.plans[0])
				s.set(func() { s.over = true })
				wait(50 * time.Second)
				i := s.incident(t, id)
				if len(s.see().changes) != 16 || !strings.Contains(i.Decision.Halted, "team-15/regcred: "+result.Detail) {
					t.Errorf("%d changes, halted %q", len(s.see().changes), i.Decision.Halted)
				}
				if !s.said("15 of 40") || !s.said("the rest is not carried out") {
					t.Errorf("told %+v", s.see().told)
				}
				wait(10 * time.Minute)
				if n := len(s.see().changes); n != 16 {
					t.Errorf("%d changes after it was stopped", n)
				}
			})
		})
	}
}

// TestInvariant3AWaveIsNeverBegunTwice dies in the middle of the second wave, and
// while the first namespace is being watched: pullfix goes on with nothing.
func TestInvariant3AWaveIsNeverBegunTwice(t *testing.T) {
	for _, r := range []struct {
		name    string
		slow    time.Duration
		pause   time.Duration
		changes int
	}{
		{"in the second wave", time.Minute, 45 * time.Second, 2},
		{"while the first namespace is watched", 0, 5 * time.Second, 1},
	} {
		t.Run(r.name, func(t *testing.T) {
			s := newShop()
			s.plans = []runbook.Plan{secretPlan("golden", many(40)...)}
			var id string
			live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
				id = ask(t, d, ann)
				clicks{t, d, s}.approves(bob, id, s.plans[0])
				s.set(func() { s.over, s.slow = true, r.slow })
				wait(r.pause)
				s.set(func() {
					s.fail["save"] = errDown
					s.receipt = func(runbook.Action) runbook.Receipt { return runbook.Receipt{} }
				})
			})
			s.set(func() { delete(s.fail, "save"); s.slow, s.receipt = 0, nil })
			live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
				wait(10 * time.Minute)
				i := s.incident(t, id)
				if n := len(s.see().changes); n != r.changes || i.Canary() || i.Decision.Halted == "" {
					t.Fatalf("%d changes, halted %q, state %s", n, i.Decision.Halted, i.State)
				}
				s.eachOnce(t)
			})
		})
	}
}

// TestWhatIsLeftNeedsANewApproval: after a stop the rest is a new plan.
func TestWhatIsLeftNeedsANewApproval(t *testing.T) {
	s := newShop()
	s.plans = []runbook.Plan{secretPlan("golden", "shop", "pay")}
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		clicks{t, d, s}.approves(bob, id, s.plans[0])
		if err := press(t, d, s, bot.Press{Key: "stop", Person: bob, Incident: id, Button: bot.Reject, Reason: "one will do"}); err != nil {
			t.Fatal(err)
		}
		rest := secretPlan("golden", "pay")
		s.set(func() { s.plans = []runbook.Plan{rest}; s.over = true })
		wait(time.Second)
		if i := s.incident(t, id); !strings.Contains(i.Decision.Halted, "one will do") || i.Canary() {
			t.Fatalf("%+v", i.Decision)
		}
		if err := press(t, d, s, bot.Press{Key: "again", Person: bob, Incident: id, Button: bot.Again}); err != nil {
			t.Fatal(err)
		}
		clicks{t, d, s}.approves(bob, id, rest)
		i := s.incident(t, id)
		if len(s.see().changes) != 2 || len(i.Past) != 1 || i.Past[0].Plan != nil {
			t.Errorf("%d changes, past %+v", len(s.see().changes), i.Past)
		}
		s.eachOnce(t)
	})
}

// TestExpiredApprovalsStopTheWaves: the first namespace takes longer to recover
// than an approval counts.
func TestExpiredApprovalsStopTheWaves(t *testing.T) {
	s, r := newShop(), rules()
	r.Approvals[0].Expires = 4 * time.Minute
	s.plans = []runbook.Plan{secretPlan("golden", "shop", "pay", "search")}
	live(t, s, r, func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		clicks{t, d, s}.approves(bob, id, s.plans[0])
		wait(4 * time.Minute)
		s.set(func() { s.over = true })
		wait(50 * time.Second)
		if i := s.incident(t, id); len(s.see().changes) != 1 || !strings.Contains(i.Decision.Halted, "an approval has expired") {
			t.Errorf("%d changes, halted %q", len(s.see().changes), i.Decision.Halted)
		}
	})
}

// TestAFirstNamespaceThatDoesNotRecoverStopsThePlan: what did not help once is
// not done forty times.
func TestAFirstNamespaceThatDoesNotRecoverStopsThePlan(t *testing.T) {
	s := newShop()
	s.plans = []runbook.Plan{secretPlan("golden", many(40)...)}
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		clicks{t, d, s}.approves(bob, id, s.plans[0])
		wait(8 * time.Minute)
		i := s.incident(t, id)
		if i.State != bot.Open || i.Decision.Halted == "" || len(i.Plans) == 0 || !s.said("did not help") || !s.said("The other 39 are not carried out") {
			t.Fatalf("%s %+v", i.State, i.Decision.Halted)
		}
		s.set(func() { s.over = true })
		wait(5 * time.Minute)
		if n := len(s.see().changes); n != 1 {
			t.Errorf("%d changes", n)
		}
	})
}
