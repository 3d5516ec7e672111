package bot_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

func TestFromAskToResolved(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		if i := s.incident(t, id); i.State != bot.Open || i.Place.Message == "" || len(i.Plans) != 1 {
			t.Fatalf("after the diagnosis: %s, place %+v, %d plans", i.State, i.Place, len(i.Plans))
		}
		if err := press(t, d, s, bot.Press{Key: "p1", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
			t.Fatal(err)
		}
		if i := s.incident(t, id); i.State != bot.Watching || len(s.see().changes) != 1 {
			t.Fatalf("after the approval: %s, changes %v", i.State, s.see().changes)
		}
		s.set(func() {
			s.recovery, s.over = runbook.Recovery{Wanted: 1, Pulled: 1, Ready: 1, Proof: []string{"web-2 pulled"}}, true
		})
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		i := s.incident(t, id)
		if i.State != bot.Resolved || !strings.Contains(i.Ending.Resolution, bob.ID) || len(i.Outbox) != 0 {
			t.Errorf("at the end: %s %+v, outbox %v", i.State, i.Ending, i.Outbox)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(s.see().pages) != 0 {
			t.Errorf("paged %v though it is resolved", s.see().pages)
		}
	})
}

func (s *shop) set(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// TestInvariant12RecoveredMeansSettled: one good look is not enough.
func TestInvariant12RecoveredMeansSettled(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		s.set(func() { s.over = true })
		time.Sleep(20 * time.Second)
		s.set(func() { s.over = false })
		time.Sleep(11 * time.Second)
		s.set(func() { s.over = true })
		time.Sleep(25 * time.Second)
		synctest.Wait()
		if i := s.incident(t, id); i.State.Over() {
			t.Error("a flicker counted as recovery")
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if i := s.incident(t, id); i.State != bot.Resolved {
			t.Errorf("state %s", i.State)
		}
	})
}

func TestUnknownIsNeverRecovered(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		s.set(func() { s.over = true; s.fail["recovery"] = errDown })
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		i := s.incident(t, id)
		if i.State != bot.Open || i.Trouble != "down" {
			t.Errorf("state %s, trouble %q", i.State, i.Trouble)
		}
	})
}

// TestInvariant4DeadlinesAreAbsolute: nothing one nanosecond before, a page at
// the moment, also when everything but the pager is down.
func TestInvariant4DeadlinesAreAbsolute(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		start := time.Now()
		ask(t, d, ann)
		s.set(func() {
			s.fail["recovery"], s.fail["show"], s.fail["tell"], s.fail["diagnose"] = errDown, errDown, errDown, errDown
		})
		time.Sleep(20*time.Minute - time.Since(start) - time.Nanosecond)
		synctest.Wait()
		if len(s.see().pages) != 0 {
			t.Fatal("paged too early")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if len(s.see().pages) != 1 {
			t.Fatalf("%d pages at the deadline", len(s.see().pages))
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if len(s.see().pages) != 2 || s.see().pages[0].Key != s.see().pages[1].Key {
			t.Errorf("pages %+v", s.see().pages)
		}
	})
}

func TestAcknowledgedStopsRepeats(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		time.Sleep(21 * time.Minute)
		if err := press(t, d, s, bot.Press{Key: "ack", Person: bob, Incident: id, Button: bot.Acknowledge}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(s.see().pages) != 1 {
			t.Errorf("%d pages", len(s.see().pages))
		}
	})
}

func TestPagerThatFailsIsTriedAgain(t *testing.T) {
	s := newShop()
	s.fail["page"] = errDown
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		time.Sleep(20*time.Minute + 10*time.Second)
		s.set(func() { delete(s.fail, "page") })
		time.Sleep(time.Minute)
		synctest.Wait()
		i := s.incident(t, id)
		if len(i.Escalated) != 1 || len(i.Escalated[0].Told) != 2 || len(i.Escalated[0].Failed) != 0 {
			t.Errorf("escalated %+v", i.Escalated)
		}
	})
}

// TestInvariant3AnInterruptedChangeIsNotRepeated restarts in the middle of a
// change: pullfix looks, and changes nothing unasked.
func TestInvariant3AnInterruptedChangeIsNotRepeated(t *testing.T) {
	s := newShop()
	var id string
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id = ask(t, d, ann)
		s.set(func() { s.fail["save"] = nil; s.slow = time.Hour })
		if err := press(t, d, s, bot.Press{Key: "p", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
			t.Fatal(err)
		}
		// The process dies here: nothing of what follows is saved.
		s.set(func() { s.fail["save"] = errDown })
	})
	s.set(func() { delete(s.fail, "save"); s.slow = 0 })
	live(t, s, rules(), func(t *testing.T, _ *bot.Desk) {
		time.Sleep(time.Minute)
		synctest.Wait()
		i := s.incident(t, id)
		if len(s.see().changes) != 1 || i.State != bot.Watching || !i.Decision.Receipts[0].Unsure {
			t.Errorf("changes %d, state %s, receipts %+v", len(s.see().changes), i.State, i.Decision.Receipts)
		}
	})
}

func TestOvertakenPlanIsRefused(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		s.set(func() { s.fail["carry"] = &runbook.OvertakenError{What: "pod web-1 is another one by now"} })
		if err := press(t, d, s, bot.Press{Key: "p", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
			t.Fatal(err)
		}
		i := s.incident(t, id)
		if i.State != bot.Open || !strings.Contains(i.Decision.Refused, "another one") {
			t.Errorf("state %s, decision %+v", i.State, i.Decision)
		}
	})
}

func TestNewCauseIsToldToTheChannel(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		if err := press(t, d, s, bot.Press{Key: "p", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
			t.Fatal(err)
		}
		s.set(func() {
			s.verdict.Cause, s.verdict.Summary = cause.AuthRejected, "reg rejects the credential in secret x"
		})
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		i := s.incident(t, id)
		if len(i.Earlier) != 1 || i.State != bot.Open {
			t.Fatalf("earlier %+v, state %s", i.Earlier, i.State)
		}
		last := s.see().told[len(s.see().told)-1]
		if !last.Broadcast || !strings.Contains(last.Text, "for another reason") {
			t.Errorf("told %+v", last)
		}
	})
}

func TestTwoIncidentsOfOneRootCauseAreOne(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		first := ask(t, d, ann)
		second := ask(t, d, bob)
		if i := s.incident(t, second); i.State != bot.Closed || i.Ending.Resolution != "joins "+first {
			t.Errorf("second incident: %s %+v", i.State, i.Ending)
		}
	})
}

// TestARestartKeepsRootCauses: what had a root cause before a restart has it
// afterwards, and what is over has none.
func TestARestartKeepsRootCauses(t *testing.T) {
	s := newShop()
	var first string
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) { first = ask(t, d, ann) })
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		second := ask(t, d, bob)
		if i := s.incident(t, second); i.State != bot.Closed || i.Ending.Resolution != "joins "+first {
			t.Errorf("second incident: %s %+v", i.State, i.Ending)
		}
		s.set(func() { s.fail["tell"] = errDown })
		if err := press(t, d, s, bot.Press{Key: "c", Person: bob, Incident: first, Button: bot.CloseIt}); err != nil {
			t.Fatal(err)
		}
		carl := bot.Person{Team: "T1", ID: "U0CARL"}
		s.set(func() { s.members["S0ALL"] = []string{carl.ID} })
		third := ask(t, d, carl)
		if i := s.incident(t, third); i.State != bot.Open {
			t.Errorf("a new failure after the first incident is over: %s %+v", i.State, i.Ending)
		}
	})
}

func TestTheSameAskTwiceIsOneIncident(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		if first, again := ask(t, d, ann), ask(t, d, ann); first != again {
			t.Errorf("%s and %s", first, again)
		}
	})
}

func TestASavedPressIsSafeAndOnlyOnce(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		s.set(func() { s.fail["save"] = errDown })
		if err := press(t, d, s, bot.Press{Key: "p", Person: bob, Incident: id, Button: bot.Approve}); !errors.Is(err, errDown) {
			t.Errorf("a press that could not be saved was taken: %v", err)
		}
		s.set(func() { delete(s.fail, "save") })
		if err := press(t, d, s, bot.Press{Key: "p", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
			t.Errorf("second try: %v", err)
		}
		hash := s.incident(t, id).Decision.PlanHash
		if err := press(t, d, s, bot.Press{Key: "p", Person: bob, Incident: id, Button: bot.Approve, Remedy: "delete-pods", PlanHash: hash}); !errors.Is(err, bot.ErrSeen) {
			t.Errorf("delivered twice: %v", err)
		}
		if len(s.see().changes) != 1 {
			t.Errorf("%d changes", len(s.see().changes))
		}
	})
}

// TestTheLastDrawingIsOfTheLastState: a drawing that takes long shows what was;
// what came meanwhile is drawn once more.
func TestTheLastDrawingIsOfTheLastState(t *testing.T) {
	s := newShop()
	s.slowShow, s.slowLook = 5*time.Second, time.Second
	s.verdict = runbook.Verdict{Namespace: "shop", Diagnosis: runbook.Diagnosis{Cause: cause.None, Summary: "shop/web-1 pulls fine"}}
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		ask(t, d, ann)
		time.Sleep(time.Minute)
		synctest.Wait()
		shown := s.see().shown
		if len(shown) != 2 || shown[1].State != bot.Closed {
			t.Errorf("drawn %d times, the last time as %s", len(shown), shown[len(shown)-1].State)
		}
	})
}
