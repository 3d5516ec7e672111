package bot_test

import (
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// TestAChangeDoesNotRewriteWhatWasWrong: while the pods of the old revision are
// still there, a diagnosis after a roll back says less, and of pullfix's own
// doing.
func TestAChangeDoesNotRewriteWhatWasWrong(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		was := s.incident(t, id).Verdict.Summary
		if err := press(t, d, s, bot.Press{Key: "p", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
			t.Fatal(err)
		}
		s.set(func() {
			s.verdict.Severity, s.verdict.Summary = runbook.P2, was+" (the template was corrected; this pod is of the old revision)"
		})
		if err := press(t, d, s, bot.Press{Key: "again", Person: bob, Incident: id, Button: bot.Again}); err != nil {
			t.Fatal(err)
		}
		if v := s.incident(t, id).Verdict; v.Severity != runbook.P1 || v.Summary != was {
			t.Errorf("while it settles: %s %s", v.Severity, v.Summary)
		}
		wait(8 * time.Minute) // it did not help in time: the newest word counts
		i := s.incident(t, id)
		if i.State != bot.Open || i.Verdict.Severity != runbook.P2 {
			t.Errorf("%s %s", i.State, i.Verdict.Severity)
		}
		if v := i.Cured(); v.Severity != runbook.P1 || v.Summary != was {
			t.Errorf("the fault was %s %s", v.Severity, v.Summary)
		}
	})
}

// TestAGraverOrAnotherFaultCounts, whatever was kept of the one before.
func TestAGraverOrAnotherFaultCounts(t *testing.T) {
	for name, turn := range map[string]func(*runbook.Verdict){
		"graver":  func(v *runbook.Verdict) { v.Severity = runbook.P1 },
		"another": func(v *runbook.Verdict) { v.Cause = cause.AuthRejected },
	} {
		s := newShop()
		s.verdict.Severity = runbook.P2
		live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
			id := ask(t, d, ann)
			if err := press(t, d, s, bot.Press{Key: "p", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
				t.Fatal(err)
			}
			s.set(func() { turn(&s.verdict) })
			if err := press(t, d, s, bot.Press{Key: "again", Person: bob, Incident: id, Button: bot.Again}); err != nil {
				t.Fatal(err)
			}
			i := s.incident(t, id)
			want := runbook.Verdict{Severity: runbook.P2, Diagnosis: runbook.Diagnosis{Cause: cause.TagNotFound}}
			turn(&want)
			if got := i.Cured(); got != i.Verdict || got.Severity != want.Severity || got.Cause != want.Cause {
				t.Errorf("%s: %s %s", name, got.Severity, got.Cause)
			}
		})
	}
}
