package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// leaked is a shop whose pods send a credential, with a route for security.
func leaked() *shop {
	s := newShop()
	s.of = runbook.Case{Version: 1, Pulls: []runbook.Pull{{Image: "reg/app:v2", Candidates: []runbook.Candidate{
		{Source: "secret/regcred", Fingerprint: "f1", Listed: true, Used: true}, {Source: "secret/other", Fingerprint: "f2"},
	}}}}
	s.policy.Routes = append(s.policy.Routes, bot.PageRoute{
		Name: "security", Conditions: []bot.Condition{bot.WhenCompromised}, Causes: []string{"*"}, Namespaces: []string{"*"}, Channel: "C0SEC", Targets: []string{"other"},
	})
	return s
}

const reason = "the token stands in a public gist"

func declare(t *testing.T, d *bot.Desk, s *shop, id string) {
	t.Helper()
	if err := press(t, d, s, bot.Press{Key: "compromise", Person: bob, Incident: id, Button: bot.Compromise, Reason: reason}); err != nil {
		t.Fatal(err)
	}
}

// TestS11ADeclaredCompromiseCallsSecurityAtOnce: with the table's words, and the
// details in their channel alone.
func TestS11ADeclaredCompromiseCallsSecurityAtOnce(t *testing.T) {
	s := leaked()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		declare(t, d, s, id)
		if len(s.reserved) != 1 || s.reserved[0].Text != "Security incident: container registry credentials may have been compromised: unauthorized pulls detected" {
			t.Errorf("paged %+v", s.reserved)
		}
		if !strings.Contains(s.reserved[0].Details[0], "Declared by <@U0BOB>") {
			t.Errorf("details %q", s.reserved[0].Details)
		}
		if !strings.Contains(fmt.Sprint(s.reserved[0].Details), reason) {
			t.Errorf("security is not told why: %q", s.reserved[0].Details)
		}
		s.triggered(t, 0, "platform")
		if i := s.incident(t, id); s.forgotten != 1 || len(i.Plans) != 0 || !slices.Equal(i.Fingerprints(), []string{"f1"}) {
			t.Errorf("forgotten %d, plans %d, credentials %v", s.forgotten, len(i.Plans), i.Fingerprints())
		}
		var inside strings.Builder
		for _, c := range s.calls {
			if c.Channel != "C0SEC" {
				t.Errorf("called in %q: %+v", c.Channel, c)
			}
			fmt.Fprintln(&inside, c.Text, c.Details)
		}
		if all := inside.String(); !strings.Contains(all, "prod/pay/regcred, prod/shop/regcred") || !strings.Contains(all, reason) {
			t.Errorf("the security channel reads %s", all)
		}
		outside := fmt.Sprint(s.see().told, s.see().whispers, s.incident(t, id).Timeline)
		for _, secret := range []string{reason, "pay/regcred"} {
			if strings.Contains(outside, secret) {
				t.Errorf("%q is told outside: %s", secret, outside)
			}
		}
	})
}

// TestS11AFrozenIncidentChangesNothing: neither itself nor another one with the
// same credential, not even what was half approved; and it does not close by
// itself.
func TestS11AFrozenIncidentChangesNothing(t *testing.T) {
	s, r := leaked(), rules()
	r.Approvals[0].Needed, r.Approvals[0].FourEyes = 2, false
	live(t, s, r, func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		s.set(func() { s.verdict.Image = "reg/other:v1" })
		other := ask(t, d, bob)
		both := map[string]bot.Press{}
		for _, i := range []string{id, other} {
			both[i] = bot.Press{Person: ann, Incident: i, Button: bot.Approve, Remedy: "delete-pods", PlanHash: s.incident(t, i).Plans[0].Hash}
			first := both[i]
			first.Key, first.Person = "first-"+i, bob
			if err := press(t, d, s, first); err != nil {
				t.Fatal(err)
			}
		}
		declare(t, d, s, id)
		for i, second := range both {
			second.Key = "second-" + i
			if err := press(t, d, s, second); err != nil {
				t.Fatal(err)
			}
		}
		s.set(func() { s.recovery, s.over = runbook.Recovery{Wanted: 1, Pulled: 1, Ready: 1}, true })
		time.Sleep(time.Hour)
		synctest.Wait()
		if changes := s.see().changes; len(changes) != 0 {
			t.Errorf("changed %+v", changes)
		}
		for _, i := range []string{id, other} {
			if s.incident(t, i).State.Over() {
				t.Errorf("%s closed by itself", i)
			}
		}
		if err := press(t, d, s, bot.Press{Key: "c", Person: bob, Incident: id, Button: bot.CloseIt, Reason: "rotated"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if state := s.incident(t, other).State; state != bot.Resolved {
			t.Errorf("after the security incident is over, the other one is %s", state)
		}
	})
}

// TestS11AFreezeOutlivesARestart, and comes between two changes of one plan.
func TestS11AFreezeOutlivesARestart(t *testing.T) {
	s := leaked()
	var id string
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id = ask(t, d, ann)
		s.set(func() { s.fail["forget"], s.fail["call"] = errDown, errDown })
		declare(t, d, s, id)
	})
	s.set(func() { clear(s.fail) })
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		synctest.Wait()
		s.set(func() { s.verdict.Image = "reg/other:v1" })
		other := ask(t, d, bob)
		if i := s.incident(t, other); len(i.Plans) != 0 {
			t.Errorf("offered %+v", i.Plans)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if i := s.incident(t, id); s.forgotten != 1 || len(i.Outbox) != 0 {
			t.Errorf("forgotten %d, outbox %+v", s.forgotten, i.Outbox)
		}
	})
}

func TestS11WithoutASecurityChannelNobodyIsToldWhere(t *testing.T) {
	s := leaked()
	s.policy.Routes = s.policy.Routes[:1]
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		declare(t, d, s, id)
		s.triggered(t, 1, "the wrong people are better than nobody")
		for _, c := range s.calls {
			if strings.Contains(fmt.Sprint(c), "regcred") {
				t.Errorf("told %+v", c)
			}
		}
		if told := fmt.Sprint(s.see().told); !strings.Contains(told, "No security channel is configured") || strings.Contains(told, "security channel only") {
			t.Errorf("told %s", told)
		}
	})
}

// TestS5AGuestClosesNothing, and declares nothing: the page leaves.
func TestS5AGuestClosesNothing(t *testing.T) {
	s := leaked()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		for n, b := range []bot.Button{bot.CloseIt, bot.Snooze, bot.Acknowledge, bot.Compromise} {
			if err := press(t, d, s, bot.Press{Key: fmt.Sprint(n), Person: guest, Incident: id, Button: b, Reason: "x"}); err != nil {
				t.Fatal(err)
			}
		}
		until(s, t, id, deadline)
		s.triggered(t, 1, "at the deadline")
	})
}

// TestS11ACompromiseDuringAChange: a copy that was made while it was declared is
// removed as well, and the change asks once more right before it writes.
func TestS11ACompromiseDuringAChange(t *testing.T) {
	s := leaked()
	s.slow = 20 * time.Second
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		if err := press(t, d, s, bot.Press{Key: "a", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		declare(t, d, s, id)
		var halt func() error
		s.set(func() { halt = s.halt })
		if n := s.timesForgotten(); n != 1 || halt == nil || halt() == nil {
			t.Errorf("forgotten %d times, and the change is not told to halt", n)
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if n := s.timesForgotten(); n != 2 {
			t.Errorf("forgotten %d times: what was made meanwhile stays", n)
		}
	})
}

func (s *shop) timesForgotten() (n int) {
	s.set(func() { n = s.forgotten })
	return n
}
