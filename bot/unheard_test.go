package bot_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// TestTheFirstDiagnosisFails: the cluster could not be asked; it is asked again,
// and when the pods have recovered meanwhile nobody is called.
func TestTheFirstDiagnosisFails(t *testing.T) {
	s := newShop()
	s.fail["diagnose"] = errDown
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		lines := 0
		for _, e := range s.incident(t, id).Timeline {
			if e.What == "cannot tell: down" {
				lines++
			}
		}
		if lines != 1 {
			t.Errorf("the same is noted %d times", lines)
		}
		s.set(func() {
			delete(s.fail, "diagnose")
			s.verdict = runbook.Verdict{Diagnosis: runbook.Diagnosis{Cause: cause.None, Summary: "every container has its image"}}
		})
		until(s, t, id, 3*deadline)
		if i := s.incident(t, id); !i.State.Over() {
			t.Errorf("still %s", i.State)
		}
		s.triggered(t, 0, "after its pods have recovered")
	})
}

// TestACommandThatWasNotRecordedIsNew: the store failed when it came; Slack
// delivers it again.
func TestACommandThatWasNotRecordedIsNew(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		again := bot.Ask{Key: "k", Person: ann, Place: bot.Place{Team: "T1", Channel: "C1"}, Target: runbook.Target{Cluster: "prod", Namespace: "shop", Kind: "Pod", Name: "web-1"}}
		s.set(func() { s.fail["save"] = errDown })
		if _, err := d.Ask(t.Context(), again); err == nil {
			t.Error("a command is acknowledged that nobody recorded")
		}
		s.set(func() { delete(s.fail, "save") })
		time.Sleep(time.Second)
		id, err := d.Ask(t.Context(), again)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if i := s.incident(t, id); i.ID != id {
			t.Errorf("no incident %s", id)
		}
	})
}

// TestARootCauseThatComesAndGoesIsCalledForInTheEnd: each time it is gone before
// its deadline.
func TestARootCauseThatComesAndGoesIsCalledForInTheEnd(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := notice(t, d, noticed("web-1"))
		for range 3 {
			time.Sleep(14 * time.Minute)
			synctest.Wait()
			s.heal(t, id)
			if again := notice(t, d, noticed("web-1")); again != id {
				t.Fatalf("a new incident %s", again)
			}
		}
		if n := len(s.triggers()); n == 0 || n > 3 {
			t.Errorf("%d pages in three quarters of an hour", n)
		}
	})
}
