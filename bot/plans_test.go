package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

var carl = bot.Person{Team: "T1", ID: "U0CARL"}

// secretPlan replaces the entry of secret regcred in each of the namespaces with
// the credential of a source.
func secretPlan(source string, namespaces ...string) runbook.Plan {
	var actions []runbook.Action
	for _, ns := range namespaces {
		actions = append(actions, runbook.Action{
			Verb: runbook.VerbUpdateSecret, Cluster: "prod", Namespace: ns, Kind: "Secret", Name: "regcred", UID: "u-" + ns,
			Entry: &runbook.EntryChange{Key: "reg", Host: "reg", Was: "old", Becomes: "new-" + source, Source: source, Images: []string{"reg/app:v2"}},
		})
	}
	remedy := runbook.Remedy{ID: "update-secret", Kind: runbook.UpdateSecret, Title: "Update secret regcred", Approvable: true}
	return runbook.Plan{Remedy: remedy, Actions: actions, Hash: runbook.PlanHash(actions), Choice: source}
}

func many(n int) []string {
	names := []string{"shop"}
	for k := 1; k < n; k++ {
		names = append(names, fmt.Sprintf("team-%02d", k))
	}
	return names
}

// clicks are made by people who look at the incident's own message.
type clicks struct {
	t *testing.T
	d *bot.Desk
	s *shop
}

// approves presses Approve for a plan, from the incident's own message.
func (c clicks) approves(by bot.Person, id string, p runbook.Plan) {
	t, d, s := c.t, c.d, c.s
	t.Helper()
	key := fmt.Sprintf("%s %s %d", by.ID, p.Hash, len(s.incident(t, id).Seen))
	if err := press(t, d, s, bot.Press{Key: key, Person: by, Incident: id, Button: bot.Approve, Remedy: p.Remedy.ID, PlanHash: p.Hash}); err != nil {
		t.Fatal(err)
	}
}

func (s *shop) said(text string) bool {
	for _, n := range s.see().told {
		if strings.Contains(n.Text, text) {
			return true
		}
	}
	return false
}

// TestInvariant5TheChosenPlanIsCarriedOut: there are two plans for one remedy,
// and the approval is for the one that was shown.
func TestInvariant5TheChosenPlanIsCarriedOut(t *testing.T) {
	s := newShop()
	first, second := secretPlan("golden", "shop"), secretPlan("minted", "shop")
	s.plans = []runbook.Plan{first, second}
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		clicks{t, d, s}.approves(bob, id, second)
		changes := s.see().changes
		if len(changes) != 1 || changes[0].Entry.Source != "minted" {
			t.Fatalf("changes %+v", changes)
		}
		i := s.incident(t, id)
		if i.State != bot.Watching || i.Decision.PlanHash != second.Hash || i.Decision.Plan.Choice != "minted" {
			t.Errorf("%s %+v", i.State, i.Decision)
		}
	})
}

// TestInvariant5ApprovalsOfTwoPlansDoNotAddUp: one person approves one source,
// another the other.
func TestInvariant5ApprovalsOfTwoPlansDoNotAddUp(t *testing.T) {
	s, r := newShop(), rules()
	r.Approvals[0].Needed, r.Approvals[0].Users = 2, append(r.Approvals[0].Users, carl.ID)
	first, second := secretPlan("golden", "shop"), secretPlan("minted", "shop")
	s.plans = []runbook.Plan{first, second}
	live(t, s, r, func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		clicks{t, d, s}.approves(bob, id, first)
		clicks{t, d, s}.approves(carl, id, second)
		if len(s.see().changes) != 0 {
			t.Fatalf("changed %+v", s.see().changes)
		}
		clicks{t, d, s}.approves(bob, id, second)
		if changes := s.see().changes; len(changes) != 1 || changes[0].Entry.Source != "minted" {
			t.Errorf("changes %+v", changes)
		}
	})
}

// TestInvariant6EveryNamespaceNeedsItsOwnRule: a plan over several namespaces is
// approved by who may approve in all of them; the refusal names the others.
func TestInvariant6EveryNamespaceNeedsItsOwnRule(t *testing.T) {
	of := func(who bot.Person, namespaces ...string) bot.ApprovalRule {
		return bot.ApprovalRule{
			People: bot.People{Users: []string{who.ID}}, Reach: bot.Reach{Clusters: []string{"prod"}, Namespaces: namespaces},
			Remedies: []string{"*"}, Needed: 1, Expires: 30 * time.Minute,
		}
	}
	for _, r := range []struct {
		name  string
		rules []bot.ApprovalRule
		says  string
	}{
		{"somebody else's", []bot.ApprovalRule{of(bob, "shop"), of(carl, "pay", "search")}, "You may not approve changes in pay, search: approvers are <@U0CARL>."},
		{"nobody's", []bot.ApprovalRule{of(bob, "shop", "pay")}, "Nobody may approve this in search: no rule covers it."},
		{"another cluster's", []bot.ApprovalRule{of(bob, "shop", "pay"), {Reach: bot.Reach{Clusters: []string{"test"}, Namespaces: []string{"*"}}, Remedies: []string{"*"}}}, "Nobody may approve this in search"},
		{"another remedy's", []bot.ApprovalRule{of(bob, "shop", "pay"), {Reach: everywhere(), Remedies: []string{"delete-pods"}}}, "Nobody may approve this in search"},
	} {
		t.Run(r.name, func(t *testing.T) {
			s := newShop()
			s.plans = []runbook.Plan{secretPlan("golden", "shop", "pay", "search")}
			live(t, s, bot.Rules{Access: rules().Access, Approvals: r.rules}, func(t *testing.T, d *bot.Desk) {
				id := ask(t, d, ann)
				clicks{t, d, s}.approves(bob, id, s.plans[0])
				s.refused(t, id, r.says)
			})
		})
	}
}

// TestInvariant6TheStrictestRuleCounts: two approvals where one namespace of the
// plan asks for two, and four eyes where one asks for them.
func TestInvariant6TheStrictestRuleCounts(t *testing.T) {
	s, r := newShop(), rules()
	strict := r.Approvals[0]
	strict.Namespaces, strict.Needed, strict.Users = []string{"pay"}, 2, []string{ann.ID, bob.ID, carl.ID}
	r.Approvals[0].FourEyes = false
	r.Approvals[0].Users = append(r.Approvals[0].Users, carl.ID)
	r.Approvals = append([]bot.ApprovalRule{strict}, r.Approvals...)
	s.plans = []runbook.Plan{secretPlan("golden", "shop", "pay")}
	live(t, s, r, func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		clicks{t, d, s}.approves(ann, id, s.plans[0])
		s.refused(t, id, "four eyes")
		clicks{t, d, s}.approves(bob, id, s.plans[0])
		if i := s.incident(t, id); i.State != bot.Asking || i.Decision.Needed != 2 {
			t.Fatalf("%s %+v", i.State, i.Decision)
		}
		clicks{t, d, s}.approves(carl, id, s.plans[0])
		if len(s.see().changes) != 1 {
			t.Errorf("%d changes", len(s.see().changes))
		}
	})
}

// TestInvariant6AuthorityIsCheckedAgainWhenItIsCarriedOut: the first of two
// approvers has left by the time the second one presses.
func TestInvariant6AuthorityIsCheckedAgainWhenItIsCarriedOut(t *testing.T) {
	s, r := newShop(), rules()
	r.Approvals[0].Needed, r.Approvals[0].People = 2, bot.People{Groups: []string{"S0PLATFORM"}}
	s.members["S0PLATFORM"] = []string{bob.ID, carl.ID}
	live(t, s, r, func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		plan := s.incident(t, id).Plans[0]
		clicks{t, d, s}.approves(bob, id, plan)
		s.set(func() { s.members["S0PLATFORM"] = []string{carl.ID} })
		clicks{t, d, s}.approves(carl, id, plan)
		if i := s.incident(t, id); len(s.see().changes) != 0 || !strings.Contains(i.Decision.Refused, "<@U0BOB> may not approve it any more") {
			t.Errorf("changes %d, refused %q", len(s.see().changes), i.Decision.Refused)
		}
	})
}

// TestApprovalsThatAreNotEnoughLapse: the incident does not wait for ever for the
// second approver, and the first has to press again.
func TestApprovalsThatAreNotEnoughLapse(t *testing.T) {
	s, r := newShop(), rules()
	r.Approvals[0].Needed, r.Approvals[0].Users = 2, append(r.Approvals[0].Users, carl.ID)
	live(t, s, r, func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		plan := s.incident(t, id).Plans[0]
		clicks{t, d, s}.approves(bob, id, plan)
		time.Sleep(30*time.Minute + time.Second)
		synctest.Wait()
		if i := s.incident(t, id); i.State != bot.Open || i.Decision != nil || !s.said("not approved by enough people in time") {
			t.Fatalf("%s %+v", i.State, i.Decision)
		}
		clicks{t, d, s}.approves(carl, id, plan)
		if i := s.incident(t, id); i.State != bot.Asking || len(s.see().changes) != 0 {
			t.Errorf("%s, changes %d", i.State, len(s.see().changes))
		}
	})
}
