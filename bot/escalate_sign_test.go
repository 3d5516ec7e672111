package bot_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// refusing is a shop whose registry refuses connections: the bot's own probe
// meets that, too, unless probe says otherwise.
func refusing(probe cause.Cause, namespaces int) *shop {
	s := newShop()
	s.verdict.Cause, s.verdict.Vantage, s.verdict.Registry = cause.ConnectionRefused, runbook.VantageRegistry, "reg.example"
	s.verdict.Summary, s.verdict.Node = "reg.example refuses connections", "node-1"
	s.verdict.Scope = runbook.Scope{Pods: 2 * namespaces, Namespaces: namespaces}
	s.of = runbook.Case{Version: 1, Pulls: []runbook.Pull{{Image: "reg.example/app:v2", Anonymous: &runbook.Answer{Result: probe, Detail: "connect: connection refused"}}}}
	return s
}

func TestARegistryThatIsDownPagesAtOnceButNotOnOneLook(t *testing.T) {
	s := refusing(cause.ConnectionRefused, 3)
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		until(s, t, id, time.Minute-time.Nanosecond)
		s.triggered(t, 0, "after one measurement")
		until(s, t, id, time.Minute+time.Second)
		s.triggered(t, 1, "after the second")
		p := s.triggers()[0]
		if p.Condition != bot.WhenDown || p.Text != "Registry reg.example appears to be down" || p.Key != bot.PageKey(id) {
			t.Errorf("page %+v", p)
		}
		until(s, t, id, 10*time.Minute)
		s.triggered(t, 1, "before the repetition")
		until(s, t, id, deadline)
		if pages := s.triggers(); pages[len(pages)-1].Condition != bot.WhenOverdue {
			t.Errorf("at the deadline: %+v", pages[len(pages)-1])
		}
	})
}

// TestS4WhatTenantsCanForgePagesNobody: a thousand events that say refused, in
// as many namespaces as they like, against one answer to the bot's own probe.
func TestS4WhatTenantsCanForgePagesNobody(t *testing.T) {
	for name, s := range map[string]*shop{
		"the registry answers":        refusing(cause.TagNotFound, 9),
		"one namespace alone":         refusing(cause.ConnectionRefused, 1),
		"the guard lets nobody there": refusing(cause.NetworkUnreachable, 9),
	} {
		if name == "the guard lets nobody there" {
			s.of.Pulls[0].Anonymous.Refused = "a private address"
		}
		for range 1000 {
			s.of.Facts.Events = append(s.of.Facts.Events, runbook.Event{Reason: "Failed", Message: "dial tcp: connect: connection refused"})
		}
		live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
			id := ask(t, d, ann)
			until(s, t, id, deadline-time.Nanosecond)
			s.triggered(t, 0, name)
			if i := s.incident(t, id); i.State.Over() {
				t.Errorf("%s: it is over", name)
			}
		})
	}
}

// TestAFlickerOfTheNetworkIsNoOutage: one answer in between, and the counting
// begins anew.
func TestAFlickerOfTheNetworkIsNoOutage(t *testing.T) {
	s := refusing(cause.Timeout, 5)
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		until(s, t, id, 30*time.Second)
		s.set(func() { s.of = refusing(cause.TagNotFound, 5).of })
		until(s, t, id, 5*time.Minute)
		s.triggered(t, 0, "after an answer")
		if i := s.incident(t, id); i.Down != nil {
			t.Errorf("still down: %+v", i.Down)
		}
	})
}

func TestAnExpandingScopePagesAtOnce(t *testing.T) {
	for _, r := range []struct {
		name        string
		first, then runbook.Scope
		pages       int
	}{
		{"many namespaces", runbook.Scope{Pods: 5, Namespaces: 5}, runbook.Scope{Pods: 5, Namespaces: 5}, 1},
		{"many pods", runbook.Scope{Pods: 50, Namespaces: 2}, runbook.Scope{Pods: 60, Namespaces: 2}, 1},
		{"growth", runbook.Scope{Pods: 3, Namespaces: 1}, runbook.Scope{Pods: 12, Namespaces: 2}, 1},
		{"fifty pods of one workload", runbook.Scope{Pods: 50, Namespaces: 1}, runbook.Scope{Pods: 90, Namespaces: 1}, 0},
		{"some more", runbook.Scope{Pods: 2, Namespaces: 2}, runbook.Scope{Pods: 9, Namespaces: 4}, 0},
	} {
		t.Run(r.name, func(t *testing.T) {
			s := newShop()
			live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
				id := ask(t, d, ann)
				count := func(scope runbook.Scope) {
					if err := d.Count(t.Context(), s.incident(t, id).Keys[0], scope); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
				}
				count(r.first)
				time.Sleep(30 * time.Second)
				count(r.then)
				if r.name == "growth" {
					s.triggered(t, 0, "on one look")
				}
				time.Sleep(30 * time.Second)
				count(r.then)
				s.triggered(t, r.pages, "after two looks")
				count(runbook.Scope{Pods: 200, Namespaces: 9})
				s.triggered(t, r.pages, "a page is open")
				if r.pages == 1 {
					if p := s.triggers()[0]; p.Condition != bot.WhenSpreading || p.Key != bot.PageKey(id) {
						t.Errorf("page %+v", p)
					}
				}
			})
		})
	}
}

// TestNewsIsToldThoughItIsAcknowledged: who took an overdue incident has not
// heard that the registry is down.
func TestNewsIsToldThoughItIsAcknowledged(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		until(s, t, id, deadline)
		if err := press(t, d, s, bot.Press{Key: "a", Person: bob, Incident: id, Button: bot.Acknowledge}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			time.Sleep(time.Minute)
			if err := d.Count(t.Context(), s.incident(t, id).Keys[0], runbook.Scope{Pods: 40, Namespaces: 8}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		s.triggered(t, 2, "after the news")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		s.triggered(t, 3, "nobody has acknowledged the news")
	})
}

// TestP2OnlyMentions: nobody is woken for a single pod, unless somebody asks.
func TestP2OnlyMentions(t *testing.T) {
	s := newShop()
	s.verdict.Severity = runbook.P2
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		until(s, t, id, deadline)
		s.triggered(t, 0, "a P2")
		if len(s.calls) != 1 {
			t.Errorf("calls %+v", s.calls)
		}
		if err := press(t, d, s, bot.Press{Key: "e", Person: bob, Incident: id, Button: bot.EscalateNow}); err != nil {
			t.Fatal(err)
		}
		s.triggered(t, 1, "somebody asked")
	})
}

// TestEverythingElseIsDown: nothing can be diagnosed, looked at, drawn or said
// from before the deadline until after it.
func TestEverythingElseIsDown(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		until(s, t, id, 10*time.Minute)
		s.set(func() {
			for _, what := range []string{"recovery", "diagnose", "show", "tell", "call", "directory", "members", "save"} {
				s.fail[what] = errDown
			}
		})
		until(s, t, id, deadline)
		s.triggered(t, 1, "at the deadline")
	})
}

// TestAStuckDiagnosisHoldsNobodyUp: all workers are taken by diagnoses that do
// not come back.
func TestAStuckDiagnosisHoldsNobodyUp(t *testing.T) {
	s := newShop()
	s.slowLook = 3 * time.Hour
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		for n := range 6 {
			if _, err := d.Ask(t.Context(), bot.Ask{Key: string(rune('a' + n)), Person: ann, Place: bot.Place{Team: "T1", Channel: "C1"}, Target: runbook.Target{Namespace: "shop", Name: "web-" + string(rune('a'+n))}}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(deadline)
		synctest.Wait()
		s.triggered(t, 6, "at the deadline")
		if p := s.triggers()[0]; p.Severity != runbook.P1 || len(p.Details) == 0 {
			t.Errorf("page %+v", p)
		}
	})
}

// TestWhoeverCuresItCancelsThePage: somebody's kubectl or a roll back, before
// the deadline and after it.
func TestWhoeverCuresItCancelsThePage(t *testing.T) {
	cures := map[string]runbook.Recovery{
		"somebody's kubectl": {Wanted: 1, Pulled: 1, Ready: 1, Proof: []string{"web-2 pulled its image"}},
		"a roll back":        {Wanted: 0, Proof: []string{"the template asks for another image, and 1 of 1 pods are available"}},
	}
	for name, cure := range cures {
		for _, at := range []time.Duration{19 * time.Minute, 25 * time.Minute} {
			s := newShop()
			live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
				id := ask(t, d, ann)
				until(s, t, id, at)
				s.set(func() { s.recovery, s.over = cure, true })
				until(s, t, id, 2*time.Hour)
				want := 0
				if at > deadline {
					want = 1
				}
				s.triggered(t, want, name)
				if got := s.sent(bot.PageResolve); len(got) != want {
					t.Errorf("%s at %s: resolved %+v", name, at, got)
				}
				if i := s.incident(t, id); i.State != bot.Resolved {
					t.Errorf("%s: %s", name, i.State)
				}
			})
		}
	}
}

// TestTheEndNeverOvertakesThePage: a page that is on its way when the incident
// ends is ended afterwards.
func TestTheEndNeverOvertakesThePage(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		s.set(func() { s.pageSlow = 25 * time.Second })
		until(s, t, id, deadline+time.Second)
		if err := press(t, d, s, bot.Press{Key: "c", Person: bob, Incident: id, Button: bot.CloseIt, Reason: "known"}); err != nil {
			t.Fatal(err)
		}
		until(s, t, id, time.Hour)
		pages := s.see().pages
		if len(pages) != 2 || pages[0].Action != bot.PageTrigger || pages[1].Action != bot.PageResolve {
			t.Errorf("pages %+v", pages)
		}
	})
}
