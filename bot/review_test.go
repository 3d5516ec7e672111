package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// TestAccessTheFirstRuleWins: a rule for one namespace keeps it to its people,
// and a question about all namespaces is one about that, too.
func TestAccessTheFirstRuleWins(t *testing.T) {
	r := rules()
	r.Access = []bot.AccessRule{
		{People: bot.People{Users: []string{bob.ID}}, Reach: bot.Reach{Clusters: []string{"*"}, Namespaces: []string{"payroll"}}},
		{People: bot.People{Users: []string{ann.ID, bob.ID}}, Reach: everywhere()},
		{People: bot.People{Users: []string{ann.ID}}, Reach: bot.Reach{Clusters: []string{"*"}, Namespaces: []string{"board"}}}, // never reached
	}
	live(t, newShop(), r, func(t *testing.T, d *bot.Desk) {
		for namespace, want := range map[string][2]bool{"payroll": {false, true}, "shop": {true, true}, "board": {true, true}, "": {false, true}} {
			target := runbook.Target{Cluster: "prod", Namespace: namespace}
			if got := [2]bool{d.MayAsk(t.Context(), ann, target, "C1"), d.MayAsk(t.Context(), bob, target, "C1")}; got != want {
				t.Errorf("%q: ann and bob %v, want %v", namespace, got, want)
			}
		}
	})
}

// TestS11AFrozenCredentialIsWrittenNowhere: also not where it is not in use yet.
func TestS11AFrozenCredentialIsWrittenNowhere(t *testing.T) {
	s := leaked()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		actions := []runbook.Action{{Verb: runbook.VerbUpdateSecret, Namespace: "pay", Kind: "Secret", Name: "regcred", Entry: &runbook.EntryChange{Key: "reg", Host: "reg", Becomes: "f1"}}}
		s.set(func() {
			s.of, s.verdict.Image = runbook.Case{Version: 1}, "reg/other:v1"
			s.plans = []runbook.Plan{{Remedy: runbook.Remedy{ID: "update-secret", Kind: runbook.UpdateSecret, Title: "Update secret", Approvable: true}, Actions: actions, Hash: runbook.PlanHash(actions)}}
		})
		other := ask(t, d, bob)
		p := bot.Press{Key: "1", Person: ann, Incident: other, Button: bot.Approve}
		p.Remedy, p.PlanHash = "update-secret", s.incident(t, other).Plans[0].Hash
		declare(t, d, s, id)
		if err := press(t, d, s, p); err != nil {
			t.Fatal(err)
		}
		s.refused(t, other, "A security incident is declared about this credential")
		if err := press(t, d, s, bot.Press{Key: "2", Person: bob, Incident: other, Button: bot.Again}); err != nil {
			t.Fatal(err)
		}
		if i := s.incident(t, other); len(i.Plans) != 0 || len(s.see().changes) != 0 {
			t.Errorf("plans %+v, changes %+v", i.Plans, s.see().changes)
		}
	})
}

// TestS11TwoDeclarations: the end of one leaves what the other froze.
func TestS11TwoDeclarations(t *testing.T) {
	s := leaked()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		first := ask(t, d, ann)
		s.set(func() { s.verdict.Image = "reg/other:v1" })
		second := ask(t, d, bob)
		declare(t, d, s, first)
		if err := press(t, d, s, bot.Press{Key: "again", Person: bob, Incident: second, Button: bot.Compromise, Reason: reason}); err != nil {
			t.Fatal(err)
		}
		if err := press(t, d, s, bot.Press{Key: "close", Person: bob, Incident: second, Button: bot.CloseIt, Reason: "twice"}); err != nil {
			t.Fatal(err)
		}
		s.set(func() { s.verdict.Image = "reg/third:v1" })
		id, err := d.Ask(t.Context(), bot.Ask{Key: "third", Person: ann, Place: bot.Place{Team: "T1", Channel: "C1"}, Target: runbook.Target{Cluster: "prod", Namespace: "shop", Kind: "Pod", Name: "web-9"}})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if plans := s.incident(t, id).Plans; len(plans) != 0 {
			t.Errorf("offered: %+v", plans)
		}
	})
}

// TestBrokenGlassIsHeard: by the thread, and by security with the reason.
func TestBrokenGlassIsHeard(t *testing.T) {
	r := rules()
	r.Approvals[0].BreakGlass = true
	for name, s := range map[string]*shop{"a security channel": leaked(), "none": newShop()} {
		t.Run(name, func(t *testing.T) {
			live(t, s, r, func(t *testing.T, d *bot.Desk) {
				id := ask(t, d, ann)
				if err := press(t, d, s, bot.Press{Key: "1", Person: ann, Incident: id, Button: bot.Approve, Reason: "the shop is down"}); err != nil {
					t.Fatal(err)
				}
				if changes := s.see().changes; len(changes) != 1 {
					t.Fatalf("changes %+v", changes)
				}
				i, told := s.incident(t, id), fmt.Sprint(s.see().told)
				if a := i.Decision.Granted[0]; a.BrokeGlass != "the shop is down" || !strings.Contains(fmt.Sprint(i.Timeline), "broke the glass: the shop is down") || !strings.Contains(told, "broke the glass and approved") {
					t.Errorf("approval %+v, timeline %v, told %s", a, i.Timeline, told)
				}
				heard := strings.Contains(fmt.Sprint(s.calls), "The glass was broken") && strings.Contains(fmt.Sprint(s.calls), "the shop is down")
				if silent := strings.Contains(told, "No security channel is configured"); heard == silent || heard != (name == "a security channel") {
					t.Errorf("calls %+v, told %s", s.calls, told)
				}
			})
		})
	}
}

// TestAnOldPressApprovesNothing: it was recorded, and pullfix was stopped before
// it was looked at. Nobody may want it any more.
func TestAnOldPressApprovesNothing(t *testing.T) {
	s := newShop()
	var id string
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id = ask(t, d, ann)
		i := s.incident(t, id)
		p := bot.Press{Key: "p", Person: bob, Incident: id, Button: bot.Approve, Remedy: i.Plans[0].Remedy.ID, PlanHash: i.Plans[0].Hash, Place: i.Place}
		i.Outbox = append(i.Outbox, bot.Effect{ID: "e99", Kind: bot.DoCheck, Made: time.Now().Add(-6 * time.Hour), Press: &p})
		s.set(func() { s.documents[id] = i })
	})
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		time.Sleep(time.Second)
		synctest.Wait()
		if changes := s.see().changes; len(changes) != 0 {
			t.Errorf("changed %+v", changes)
		}
		s.refused(t, id, "Look at the message, and press again")
	})
}

// TestAGraverFailureIsNotSwallowed: the same root cause, where it costs more,
// is an incident of its own; and one that is told already never ends in another.
func TestAGraverFailureIsNotSwallowed(t *testing.T) {
	s := newShop()
	s.verdict.Severity, s.verdict.Cause, s.verdict.Vantage = runbook.P2, cause.RateLimited, runbook.VantageRegistry
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		ask(t, d, ann)
		s.set(func() { s.verdict.Severity = runbook.P1 })
		if i := s.incident(t, ask(t, d, bob)); i.State != bot.Open {
			t.Errorf("a P1 ends as %+v", i.Ending)
		}
	})
	s = newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		told := ask(t, d, ann)
		s.set(func() {
			s.verdict.Severity, s.verdict.Cause, s.verdict.Vantage = runbook.P1, cause.RegistryServerError, runbook.VantageRegistry
		})
		ask(t, d, bob)
		if err := press(t, d, s, bot.Press{Key: "again", Person: bob, Incident: told, Button: bot.Again}); err != nil {
			t.Fatal(err)
		}
		if i := s.incident(t, told); i.State.Over() || i.Verdict.Cause != cause.RegistryServerError {
			t.Errorf("%s, %s: %+v", i.State, i.Verdict.Cause, i.Ending)
		}
	})
}
