package bot_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// TestInvariant6EveryRefusal presses the button as everybody who may not, and
// expects an answer of its own, to the clicker alone, and no change.
func TestInvariant6EveryRefusal(t *testing.T) {
	approve := func(by bot.Person) func(string) bot.Press {
		return func(id string) bot.Press {
			return bot.Press{Key: "p", Person: by, Incident: id, Button: bot.Approve}
		}
	}
	groupRule := func(r *bot.Rules) {
		r.Approvals[0].People = bot.People{Groups: []string{"S0PLATFORM"}}
	}
	for _, r := range []struct {
		name  string
		rules func(*bot.Rules)
		shop  func(*shop)
		press func(id string) bot.Press
		says  string
	}{
		{"guest", nil, nil, approve(guest), "guests do not count"},
		{"other team", nil, nil, approve(bot.Person{Team: "T9", ID: bob.ID}), "another workspace"},
		{"not on the list", func(r *bot.Rules) { r.Approvals[0].Users = []string{"U0EVE"} }, nil, approve(bob), "approvers are <@U0EVE>"},
		{"empty list", func(r *bot.Rules) { r.Approvals[0].People = bot.People{} }, nil, approve(bob), "approvers are nobody"},
		{"no rule", func(r *bot.Rules) { r.Approvals = nil }, nil, approve(bob), "no rule covers it"},
		{"another namespace's rule", func(r *bot.Rules) { r.Approvals[0].Namespaces = []string{"prod-*"} }, nil, approve(bob), "no rule covers it"},
		{"self-service group", groupRule, func(s *shop) { s.members["S0PLATFORM"], s.open["S0PLATFORM"] = []string{bob.ID}, true }, approve(bob), "members can add themselves"},
		{"group that cannot be read", groupRule, func(s *shop) { s.fail["members"] = errDown }, approve(bob), "could not be read"},
		{"directory down", nil, func(s *shop) { s.fail["directory"] = errDown }, approve(bob), "directory could not be asked"},
		{"four eyes", nil, nil, approve(ann), "four eyes"},
		{"read-only", func(r *bot.Rules) { r.ReadOnly = true }, nil, approve(bob), "read-only"},
		{"another plan", nil, nil, func(id string) bot.Press {
			return bot.Press{Key: "p", Person: bob, Incident: id, Button: bot.Approve, Remedy: "delete-pods", PlanHash: "old"}
		}, "changed since you saw this plan"},
		{"forged message with true ids", nil, nil, func(id string) bot.Press {
			return bot.Press{Key: "p", Person: bob, Incident: id, Button: bot.Approve, Place: bot.Place{Team: "T1", Channel: "C1", Message: "forged"}}
		}, "not the incident's own message"},
		{"close by no responder", nil, nil, func(id string) bot.Press {
			return bot.Press{Key: "p", Person: ann, Incident: id, Button: bot.CloseIt}
		}, "responders are <@U0BOB>"},
	} {
		t.Run(r.name, func(t *testing.T) {
			s, rules := newShop(), rules()
			if r.rules != nil {
				r.rules(&rules)
			}
			live(t, s, rules, func(t *testing.T, d *bot.Desk) {
				id := ask(t, d, ann)
				p := r.press(id)
				if plans := s.incident(t, id).Plans; len(plans) == 0 && p.Button == bot.Approve {
					p.Remedy, p.PlanHash = "delete-pods", "none" // a button from before read-only
				}
				if r.shop != nil {
					s.set(func() { r.shop(s) })
				}
				if err := press(t, d, s, p); err != nil {
					t.Fatal(err)
				}
				s.refused(t, id, r.says)
			})
		})
	}
}

func (s *shop) refused(t *testing.T, id, says string) {
	t.Helper()
	if len(s.see().changes) != 0 || s.incident(t, id).State != bot.Open {
		t.Errorf("changed %v, state %s", s.see().changes, s.incident(t, id).State)
	}
	if len(s.see().whispers) != 1 || !strings.Contains(s.see().whispers[0].Text, says) {
		t.Errorf("whispers %+v; want %q", s.see().whispers, says)
	}
}

func TestAlreadyDecided(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		hash := s.incident(t, id).Plans[0].Hash
		for _, key := range []string{"first", "second"} {
			if err := press(t, d, s, bot.Press{Key: key, Person: bob, Incident: id, Button: bot.Approve, Remedy: "delete-pods", PlanHash: hash}); err != nil {
				t.Fatal(err)
			}
		}
		if len(s.see().changes) != 1 || len(s.see().whispers) != 1 || !strings.Contains(s.see().whispers[0].Text, "Already decided: <@U0BOB>") {
			t.Errorf("changes %d, whispers %+v", len(s.see().changes), s.see().whispers)
		}
	})
}

func TestTwoApproversAtTheSameInstant(t *testing.T) {
	s, r := newShop(), rules()
	carl := bot.Person{Team: "T1", ID: "U0CARL"}
	r.Approvals[0].Users = append(r.Approvals[0].Users, carl.ID)
	live(t, s, r, func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		hash := s.incident(t, id).Plans[0].Hash
		for _, by := range []bot.Person{bob, carl} {
			go func() {
				p := bot.Press{Key: by.ID, Person: by, Incident: id, Button: bot.Approve, Remedy: "delete-pods", PlanHash: hash, Place: bot.Place{Team: "T1", Channel: "C1", Message: "m-" + id}}
				if err := d.Press(t.Context(), p); err != nil {
					t.Errorf("press: %v", err)
				}
			}()
		}
		synctest.Wait()
		if len(s.see().changes) != 1 || len(s.see().whispers) != 1 {
			t.Errorf("%d changes, %d whispers", len(s.see().changes), len(s.see().whispers))
		}
	})
}

func TestTwoApprovals(t *testing.T) {
	s, r := newShop(), rules()
	carl := bot.Person{Team: "T1", ID: "U0CARL"}
	r.Approvals[0].Needed = 2
	r.Approvals[0].Users = append(r.Approvals[0].Users, carl.ID)
	live(t, s, r, func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		if err := press(t, d, s, bot.Press{Key: "1", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
			t.Fatal(err)
		}
		if i := s.incident(t, id); i.State != bot.Asking || len(s.see().changes) != 0 {
			t.Fatalf("after one approval: %s, %d changes", i.State, len(s.see().changes))
		}
		if err := press(t, d, s, bot.Press{Key: "1b", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
			t.Fatal(err)
		}
		if len(s.see().changes) != 0 {
			t.Fatal("one person counted twice")
		}
		if err := press(t, d, s, bot.Press{Key: "2", Person: carl, Incident: id, Button: bot.Approve}); err != nil {
			t.Fatal(err)
		}
		if len(s.see().changes) != 1 {
			t.Errorf("%d changes after two approvals", len(s.see().changes))
		}
	})
}

func TestApprovalExpires(t *testing.T) {
	s, r := newShop(), rules()
	carl := bot.Person{Team: "T1", ID: "U0CARL"}
	r.Approvals[0].Needed, r.Approvals[0].Users = 2, append(r.Approvals[0].Users, carl.ID)
	live(t, s, r, func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		if err := press(t, d, s, bot.Press{Key: "1", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(31 * time.Minute)
		if err := press(t, d, s, bot.Press{Key: "2", Person: carl, Incident: id, Button: bot.Approve}); err != nil {
			t.Fatal(err)
		}
		if len(s.see().changes) != 0 {
			t.Error("an approval that expired still counted")
		}
	})
}

func TestBreakGlass(t *testing.T) {
	s, r := newShop(), rules()
	r.Approvals[0].BreakGlass = true
	live(t, s, r, func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		if err := press(t, d, s, bot.Press{Key: "1", Person: ann, Incident: id, Button: bot.Approve, Reason: "shop is down"}); err != nil {
			t.Fatal(err)
		}
		if len(s.see().changes) != 1 {
			t.Errorf("%d changes: one approver with a reason is enough for a P1", len(s.see().changes))
		}
	})
}

// TestS5AskingIsNotFree: a refusal reads like a missing object, and nothing is
// shown in the channel.
func TestS5AskingIsNotFree(t *testing.T) {
	s, r := newShop(), rules()
	r.Access = nil
	live(t, s, r, func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		if i := s.incident(t, id); i.State != bot.Closed || len(s.see().shown) != 0 {
			t.Errorf("state %s, shown %d times", i.State, len(s.see().shown))
		}
		if len(s.see().whispers) != 1 || s.see().whispers[0].Text != "I find no pod web-1 in namespace shop." {
			t.Errorf("whispers %+v", s.see().whispers)
		}
	})
}

func TestCloseCancelsThePage(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		if err := press(t, d, s, bot.Press{Key: "c", Person: bob, Incident: id, Button: bot.CloseIt, Reason: "known"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(s.see().pages) != 0 || s.incident(t, id).Ending.Resolution != "known" {
			t.Errorf("pages %d, ending %+v", len(s.see().pages), s.incident(t, id).Ending)
		}
	})
}

func TestHealthyIsOneLine(t *testing.T) {
	s := newShop()
	s.verdict = runbook.Verdict{Namespace: "shop", Diagnosis: runbook.Diagnosis{Cause: "None", Summary: "shop/web-1 pulls fine"}}
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		if i := s.incident(t, id); i.State != bot.Closed || i.Ending.Resolution != "shop/web-1 pulls fine" {
			t.Errorf("%s %+v", i.State, i.Ending)
		}
	})
}
