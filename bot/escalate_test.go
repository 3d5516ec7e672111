package bot_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
)

// until sleeps until so long after the incident was opened.
func until(s *shop, t *testing.T, id string, after time.Duration) {
	t.Helper()
	time.Sleep(time.Until(s.incident(t, id).Opened.Add(after)))
	synctest.Wait()
}

// deadline is when every incident of these tests escalates.
const deadline = 20 * time.Minute

func (s *shop) triggered(t *testing.T, want int, when string) {
	t.Helper()
	if got := s.triggers(); len(got) != want {
		t.Errorf("%s: %d pages, want %d: %+v", when, len(got), want, got)
	}
}

func TestNothingBeforeTheDeadlineAndOnePageAtIt(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		until(s, t, id, deadline-time.Nanosecond)
		s.triggered(t, 0, "one nanosecond before")
		until(s, t, id, deadline)
		s.triggered(t, 1, "at the deadline")
		until(s, t, id, deadline+10*time.Minute-time.Nanosecond)
		s.triggered(t, 1, "before the repetition")
		until(s, t, id, deadline+10*time.Minute)
		s.triggered(t, 2, "at the repetition")
		p := s.triggers()[0]
		if p.Key != "pullfix-"+id || p.Condition != bot.WhenOverdue || p.Text != "P1: Container registry pull failure blocking deployments in shop" {
			t.Errorf("page %+v", p)
		}
		if said := strings.Join(p.Details, "\n"); !strings.Contains(said, "The tag v2 does not exist") || !strings.Contains(said, "Nothing was changed yet") {
			t.Errorf("details %q", said)
		}
		if calls := s.calls; len(calls) != 2 || calls[0].Mention != "S0PLATFORM" || !calls[0].Buttons {
			t.Errorf("calls %+v", calls)
		}
	})
}

func TestLevelsHaveTheirOwnTimeAndRoute(t *testing.T) {
	s := newShop()
	s.policy.Levels = []time.Duration{25 * time.Minute, 50 * time.Minute}
	leads := everybody()
	leads.Name, leads.Level, leads.Mention, leads.Targets = "leads", 2, "", []string{"other"}
	s.policy.Routes = append(s.policy.Routes, leads)
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		until(s, t, id, 25*time.Minute-time.Nanosecond)
		if len(s.reserved) != 0 {
			t.Error("the second level came too early")
		}
		until(s, t, id, 25*time.Minute)
		s.triggered(t, 2, "at the second level")
		if len(s.reserved) != 1 || s.reserved[0].Level != 2 {
			t.Errorf("second level %+v", s.reserved)
		}
		if err := press(t, d, s, bot.Press{Key: "a", Person: bob, Incident: id, Button: bot.Acknowledge}); err != nil {
			t.Fatal(err)
		}
		until(s, t, id, 3*time.Hour)
		s.triggered(t, 2, "after it is acknowledged")
	})
}

func TestASnoozeMovesThePageAndNeedsAReason(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		until(s, t, id, 15*time.Minute)
		for key, reason := range map[string]string{"1": " ", "2": "the vendor is at it"} {
			if err := press(t, d, s, bot.Press{Key: key, Person: bob, Incident: id, Button: bot.Snooze, Reason: reason}); err != nil {
				t.Fatal(err)
			}
		}
		until(s, t, id, 25*time.Minute-time.Nanosecond)
		s.triggered(t, 0, "while it is snoozed")
		until(s, t, id, 25*time.Minute)
		s.triggered(t, 1, "at the end of the snooze")
		if w := s.see().whispers; len(w) != 1 || !strings.Contains(w[0].Text, "needs a reason") {
			t.Errorf("whispers %+v", w)
		}
	})
}

// TestClosedAtTheSameInstant: whatever comes first, nobody is left with an open
// page.
func TestClosedAtTheSameInstant(t *testing.T) {
	for n := range 10 {
		s := newShop()
		live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
			id := ask(t, d, ann)
			time.Sleep(time.Until(s.incident(t, id).Opened.Add(deadline)))
			if err := press(t, d, s, bot.Press{Key: "c", Person: bob, Incident: id, Button: bot.CloseIt, Reason: "known"}); err != nil {
				t.Fatal(err)
			}
			until(s, t, id, 2*time.Hour)
			if triggers, resolves := len(s.triggers()), len(s.sent(bot.PageResolve)); triggers > 1 || triggers > resolves {
				t.Errorf("round %d: %d triggers, %d resolves", n, triggers, resolves)
			}
			if i := s.incident(t, id); i.State != bot.Closed || len(i.Outbox) != 0 {
				t.Errorf("round %d: %s, outbox %+v", n, i.State, i.Outbox)
			}
		})
	}
}

// TestRestartAroundTheDeadline stops pullfix before, at and after the deadline
// for a while: time while it was down counts.
func TestRestartAroundTheDeadline(t *testing.T) {
	for _, r := range []struct {
		name            string
		down, back      time.Duration
		before, at, end int // pages: when it stops, when it is back, half an hour after the deadline
	}{
		{"before", 19 * time.Minute, 19*time.Minute + time.Second, 0, 0, 4},
		{"over it", 19 * time.Minute, 28 * time.Minute, 0, 1, 3},
		{"at it", deadline, deadline + time.Second, 1, 1, 4},
		{"after it", 21 * time.Minute, 22 * time.Minute, 1, 1, 4},
		{"over a repetition", 21 * time.Minute, 34 * time.Minute, 1, 2, 3},
	} {
		t.Run(r.name, func(t *testing.T) {
			s := newShop()
			synctest.Test(t, func(t *testing.T) {
				first := s.start(t)
				id := ask(t, first.Desk, ann)
				until(s, t, id, r.down)
				first.stop(t)
				s.triggered(t, r.before, "when it stops")
				until(s, t, id, r.back)
				second := s.start(t)
				synctest.Wait()
				s.triggered(t, r.at, "when it is back")
				until(s, t, id, deadline+30*time.Minute)
				s.triggered(t, r.end, "half an hour later")
				second.stop(t)
				for _, p := range s.triggers() {
					if p.Key != bot.PageKey(id) {
						t.Errorf("key %q", p.Key)
					}
				}
			})
		})
	}
}

// running is a desk at work.
type running struct {
	*bot.Desk
	stop func(t *testing.T)
}

// start runs a desk within a bubble, until it is stopped.
func (s *shop) start(t *testing.T) running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	d := s.desk(t, rules())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	return running{d, func(t *testing.T) {
		t.Helper()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}}
}

// TestTheStoreFailsAtTheDeadline: people are called at the moment, repeatedly,
// and what was done is recorded once that works.
func TestTheStoreFailsAtTheDeadline(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		until(s, t, id, 19*time.Minute)
		s.set(func() { s.fail["save"] = errDown })
		until(s, t, id, deadline-time.Nanosecond)
		s.triggered(t, 0, "before")
		until(s, t, id, deadline)
		s.triggered(t, 1, "at the deadline")
		until(s, t, id, 35*time.Minute)
		s.triggered(t, 2, "after a repetition")
		s.set(func() { delete(s.fail, "save") })
		until(s, t, id, 36*time.Minute)
		i := s.incident(t, id)
		if len(i.Escalated) != 2 || len(i.Escalated[1].Told) != 2 || len(i.Outbox) != 0 {
			t.Errorf("recorded %+v, outbox %+v", i.Escalated, i.Outbox)
		}
		until(s, t, id, 40*time.Minute)
		s.triggered(t, 3, "at the next repetition")
	})
}

// TestTheStoreHangsAtTheDeadline: a write that does not come back holds nobody
// up, whether it works in the end or not.
func TestTheStoreHangsAtTheDeadline(t *testing.T) {
	for _, fails := range []error{nil, errDown} {
		s := newShop()
		live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
			id := ask(t, d, ann)
			until(s, t, id, 19*time.Minute)
			s.set(func() { s.saveSlow = 15 * time.Minute })
			pressed := make(chan error, 1)
			go func() {
				place := bot.Place{Team: "T1", Channel: "C1", Message: "m-" + id}
				pressed <- d.Press(t.Context(), bot.Press{Key: "r", Person: bob, Incident: id, Button: bot.WriteReport, Place: place})
			}()
			until(s, t, id, deadline)
			s.triggered(t, 1, "at the deadline")
			until(s, t, id, 30*time.Minute)
			s.triggered(t, 2, "at the repetition")
			s.set(func() { s.saveSlow, s.fail["save"] = 0, fails })
			until(s, t, id, 35*time.Minute)
			s.set(func() { delete(s.fail, "save") })
			if err := <-pressed; (err == nil) != (fails == nil) {
				t.Errorf("the press: %v, the store: %v", err, fails)
			}
			until(s, t, id, 36*time.Minute)
			if i := s.incident(t, id); len(i.Escalated) != 2 || len(i.Outbox) != 0 {
				t.Errorf("recorded %d escalations, outbox %+v", len(i.Escalated), i.Outbox)
			}
			until(s, t, id, 39*time.Minute)
			s.triggered(t, 2, "before the next repetition")
		})
	}
}

// TestEachTargetFails: one that confirms is enough, the others are tried for as
// long as it takes, and what failed is shown.
func TestEachTargetFails(t *testing.T) {
	for _, r := range []struct{ fails, told, failed string }{
		{"call", "pager", "Slack platform"},
		{"page", "Slack platform", "pager"},
	} {
		s := newShop()
		s.fail[r.fails] = errDown
		live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
			id := ask(t, d, ann)
			until(s, t, id, deadline+time.Second/2)
			e := s.incident(t, id).Escalated[0]
			if fmt.Sprint(e.Told) != "["+r.told+"]" || len(e.Failed) != 1 || !strings.HasPrefix(e.Failed[0], r.failed+": ") {
				t.Errorf("%s fails: told %v, failed %v", r.fails, e.Told, e.Failed)
			}
			s.set(func() { delete(s.fail, r.fails) })
			until(s, t, id, deadline+time.Minute)
			if e := s.incident(t, id).Escalated[0]; len(e.Told) != 2 || len(e.Failed) != 0 {
				t.Errorf("afterwards: told %v, failed %v", e.Told, e.Failed)
			}
		})
	}
}

func TestFallsBackOnceNobodyIsReached(t *testing.T) {
	s := newShop()
	spare := everybody()
	spare.Name, spare.Mention, spare.Targets, spare.Namespaces = "spare", "", []string{"other"}, []string{"none"}
	s.policy.Routes[0].Fallback = "spare"
	s.policy.Routes = append(s.policy.Routes, spare)
	s.fail["page"] = errDown
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		until(s, t, id, deadline+time.Second/2)
		if len(s.reserved) != 0 {
			t.Error("fell back though Slack was reached")
		}
		s.set(func() { s.fail["call"] = errDown })
		until(s, t, id, deadline+10*time.Minute+time.Second/2)
		if len(s.reserved) != 1 || s.reserved[0].Key != bot.PageKey(id) {
			t.Errorf("fell back to %+v", s.reserved)
		}
	})
}
