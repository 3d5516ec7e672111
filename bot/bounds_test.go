package bot_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// TestS14ADocumentStaysSmall: neither days in which nobody comes nor a guest
// who clicks all day fills it, and it can still be taken and closed.
func TestS14ADocumentStaysSmall(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		i := s.incident(t, ask(t, d, ann))
		at := i.Opened
		happens := func(e bot.Event) {
			t.Helper()
			var err error
			if i, _, err = i.Apply(e, at); err != nil {
				t.Fatalf("%T: %v", e, err)
			}
		}
		for n := range 200 {
			happens(bot.Denied{Effect: fmt.Sprint(n), Press: bot.Press{Person: guest, Button: bot.Acknowledge}, Why: "guests do not count"})
			happens(bot.Done{Effect: i.Outbox[len(i.Outbox)-1].ID})
		}
		for end := at.Add(4 * 24 * time.Hour); at.Before(end); at = i.Deadline {
			at = i.Deadline
			happens(bot.Overdue{Policy: &s.policy})
			for _, target := range i.Escalated[len(i.Escalated)-1].Targets {
				happens(bot.Paged{Target: target, Step: len(i.Escalated)})
			}
		}
		text, err := json.Marshal(i)
		if err != nil || len(text) > 180<<10 || len(i.Timeline) != 500 || len(i.Escalated) < 570 {
			t.Errorf("%d bytes, %d lines, %d escalations, %v", len(text), len(i.Timeline), len(i.Escalated), err)
		}
		if refusals := strings.Count(string(text), "acknowledge refused"); refusals > 3 {
			t.Errorf("%d lines about the same refusal", refusals)
		}
		if first := i.Timeline[0]; !strings.Contains(first.What, "asked") || !strings.Contains(i.Timeline[150].What, "lines up to here are left out") {
			t.Errorf("begins with %+v, and leaves out %+v", first, i.Timeline[150])
		}
		happens(bot.Granted{Press: bot.Press{Person: bob, Button: bot.Acknowledge}, Policy: &s.policy})
		happens(bot.Granted{Press: bot.Press{Person: bob, Button: bot.CloseIt, Reason: "known"}, Policy: &s.policy})
		over := slices.ContainsFunc(i.Outbox, func(e bot.Effect) bool { return e.Kind == bot.DoResolve && e.Target == "pager" })
		if i.Acknowledged == nil || i.State != bot.Closed || !over {
			t.Errorf("taken by %v, %s, the pager hears of it: %v", i.Acknowledged, i.State, over)
		}
	})
}

// TestASaveThatTookEffect: the store answers with an error though the approval is
// in it. The change is not left hanging, and not made without knowing.
func TestASaveThatTookEffect(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		lied := false
		s.set(func() {
			s.lie = func(i bot.Incident) bool {
				if lied || i.State != bot.Changing {
					return false
				}
				lied = true
				return true
			}
		})
		if err := press(t, d, s, bot.Press{Key: "1", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if i := s.incident(t, id); !lied || i.State == bot.Changing || len(s.see().changes) > 1 {
			t.Errorf("lied %v, state %s, changes %+v", lied, i.State, s.see().changes)
		}
		s.set(func() { s.recovery, s.over = runbook.Recovery{Wanted: 1, Pulled: 1, Ready: 1}, true })
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if i := s.incident(t, id); i.State != bot.Resolved || len(i.Outbox) != 0 {
			t.Errorf("state %s, pending %+v", i.State, i.Outbox)
		}
	})
}

// TestAnOpeningThatTookEffect: it is attended to, whatever the store said.
func TestAnOpeningThatTookEffect(t *testing.T) {
	s, lied := newShop(), false
	s.lie = func(bot.Incident) bool {
		lie := !lied
		lied = true
		return lie
	}
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		time.Sleep(21 * time.Minute)
		synctest.Wait()
		if i := s.incident(t, id); !lied || i.State != bot.Open || len(i.Escalated) == 0 {
			t.Errorf("lied %v, %s, escalated %d times", lied, i.State, len(i.Escalated))
		}
	})
}
