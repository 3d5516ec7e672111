package bot_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// TestAfterASecretAFasterWayIsOffered: plans are made anew, a deletion of the
// waiting pods may follow, and the cure is named after the last change.
func TestAfterASecretAFasterWayIsOffered(t *testing.T) {
	s := newShop()
	s.plans = []runbook.Plan{secretPlan("golden", "shop")}
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		update := s.plans[0]
		s.set(func() { s.plans, s.slowLook = nil, time.Second })
		clicks{t, d, s}.approves(bob, id, update)
		s.set(func() { s.verdict.Diagnosis.Mended, s.verdict.Cause = true, cause.AuthRejected })
		wait(2 * time.Second)
		i := s.incident(t, id)
		if i.State != bot.Watching || len(i.Plans) != 1 || i.Plans[0].Remedy.ID != "delete-pods" {
			t.Fatalf("%s, plans %+v", i.State, i.Plans)
		}
		if i.Verdict.Cause != cause.TagNotFound || len(i.Earlier) != 0 || s.said("for another reason") {
			t.Errorf("what waits for the next attempt reads as a new cause: %+v", i.Verdict.Cause)
		}
		clicks{t, d, s}.approves(bob, id, i.Plans[0])
		s.set(func() { s.over = true })
		wait(time.Minute)
		i = s.incident(t, id)
		if len(s.see().changes) != 2 || i.State != bot.Resolved || len(i.Past) != 1 {
			t.Errorf("%d changes, %s, past %d", len(s.see().changes), i.State, len(i.Past))
		}
	})
}

// TestAChangeThatDidNotHelp is said once the kubelet has surely tried again, and
// the plans are back.
func TestAChangeThatDidNotHelp(t *testing.T) {
	s := newShop()
	s.plans = []runbook.Plan{secretPlan("golden", "shop")}
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		clicks{t, d, s}.approves(bob, id, s.plans[0])
		wait(6 * time.Minute)
		if i := s.incident(t, id); i.State != bot.Watching {
			t.Fatalf("given up after 6 min: %s", i.State)
		}
		wait(2 * time.Minute)
		i := s.incident(t, id)
		if i.State != bot.Open || len(i.Plans) == 0 || !s.said("Update secret regcred did not help: The tag v2 does not exist") {
			t.Errorf("%s, %d plans", i.State, len(i.Plans))
		}
		clicks{t, d, s}.approves(bob, id, s.plans[0])
		if n := len(s.see().changes); n != 2 {
			t.Errorf("%d changes: a new approval counts", n)
		}
	})
}

// TestANewCauseSaysWhatWasDoneBefore.
func TestANewCauseSaysWhatWasDoneBefore(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		if err := press(t, d, s, bot.Press{Key: "p", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
			t.Fatal(err)
		}
		s.set(func() {
			s.verdict.Cause, s.verdict.Summary = cause.AuthRejected, "reg rejects the credential in secret x"
		})
		wait(2 * time.Minute)
		if !s.said("Still failing, for another reason: reg rejects the credential in secret x (before: The tag v2 does not exist in reg/app; then Delete the waiting pod web-1 by <@U0BOB> at") {
			t.Errorf("told %+v", s.see().told)
		}
	})
}

// TestAVaguerVerdictIsNoNewCause: only the back-off shows for a moment.
func TestAVaguerVerdictIsNoNewCause(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		s.set(func() { s.verdict.Cause = cause.BackOffOnly })
		if err := press(t, d, s, bot.Press{Key: "again", Person: bob, Incident: id, Button: bot.Again}); err != nil {
			t.Fatal(err)
		}
		if i := s.incident(t, id); i.Verdict.Cause != cause.TagNotFound || i.State != bot.Open || len(i.Earlier) != 0 {
			t.Errorf("%s %s", i.State, i.Verdict.Cause)
		}
	})
}

// TestTheEndLooksAtTheWholeCluster: R7, and what crashes is handed over (R11).
func TestTheEndLooksAtTheWholeCluster(t *testing.T) {
	for name, want := range map[string]int{"seen": 3, "not seen as a whole": -1} {
		t.Run(name, func(t *testing.T) {
			s := newShop()
			s.elsewhere = 3
			if want < 0 {
				s.fail["elsewhere"] = errDown
			}
			live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
				id := ask(t, d, ann)
				s.set(func() {
					s.over = true
					s.recovery.After = []string{"container app of pod web-1 is in CrashLoopBackOff after the pull"}
				})
				wait(time.Minute)
				i := s.incident(t, id)
				if i.State != bot.Resolved || i.Ending.Elsewhere != want || !strings.HasSuffix(i.Ending.HandedOver, "another runbook's matter: https://runbooks.example.com/crash") {
					t.Errorf("%s %+v", i.State, i.Ending)
				}
			})
		})
	}
}

// TestACredentialOfHours: an hour before it ends people are told, also when the
// incident was over long ago and pullfix was not running meanwhile.
func TestACredentialOfHours(t *testing.T) {
	s := newShop()
	s.receipt = s.kept
	var id string
	var ends time.Time
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		ends = time.Now().Add(12 * time.Hour)
		plan := secretPlan("ecr", "shop")
		plan.Expires = &ends
		s.set(func() { s.plans = []runbook.Plan{plan} })
		id = ask(t, d, ann)
		clicks{t, d, s}.approves(bob, id, plan)
		s.set(func() { s.over = true })
		wait(2 * time.Minute)
		if i := s.incident(t, id); i.State != bot.Resolved || i.Reminder == nil || !i.Reminder.At.Equal(ends.Add(-time.Hour)) || !i.Pends() {
			t.Fatalf("%s, reminder %+v", i.State, i.Reminder)
		}
	})
	if s.said("ends at") {
		t.Fatal("told too early")
	}
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		wait(time.Until(ends.Add(-time.Hour)) - time.Nanosecond)
		if s.said("ends at") {
			t.Fatal("told too early")
		}
		wait(time.Nanosecond)
		i := s.incident(t, id)
		last := s.see().told[len(s.see().told)-1]
		if !last.Broadcast || !strings.Contains(last.Text, "The credential in secret shop/regcred ends at ") || !strings.Contains(last.Text, "automate it") {
			t.Errorf("told %+v", last)
		}
		if i.Reminder != nil || i.Pends() {
			t.Errorf("still pending: %+v, %v", i.Reminder, i.Outbox)
		}
	})
}

// TestACredentialOfMonthsIsNoReminder, and neither is one that was put back.
func TestACredentialOfMonthsIsNoReminder(t *testing.T) {
	s := newShop()
	s.receipt = s.kept
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		hours, months := time.Now().Add(12*time.Hour), time.Now().Add(90*24*time.Hour)
		long, short := secretPlan("golden", "shop"), secretPlan("ecr", "shop")
		long.Expires, short.Expires = &months, &hours
		s.set(func() { s.plans = []runbook.Plan{long, short} })
		id := ask(t, d, ann)
		clicks{t, d, s}.approves(bob, id, long)
		if r := s.incident(t, id).Reminder; r != nil {
			t.Fatalf("reminder %+v", r)
		}
		clicks{t, d, s}.approves(bob, id, short)
		i := s.incident(t, id)
		if i.Reminder == nil {
			t.Fatal("no reminder for a credential of hours")
		}
		clicks{t, d, s}.approves(bob, id, undoOf(t, i))
		if r := s.incident(t, id).Reminder; r != nil {
			t.Errorf("reminder %+v of a credential that is not there any more", r)
		}
	})
}

// TestTheNodeMayNotHaveTriedSince: right after a secret was changed, the old
// complaint of the node is no new cause; after its next attempts it is.
func TestTheNodeMayNotHaveTriedSince(t *testing.T) {
	s := newShop()
	s.plans = []runbook.Plan{secretPlan("golden", "shop")}
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		s.set(func() {
			s.verdict.Cause, s.verdict.Vantage, s.verdict.Summary = cause.AuthRejected, runbook.VantageNode, "it works from here, and not from the node"
			s.slowLook = time.Second
		})
		clicks{t, d, s}.approves(bob, id, s.plans[0])
		wait(6 * time.Minute)
		if i := s.incident(t, id); i.State != bot.Watching || i.Verdict.Cause != cause.TagNotFound {
			t.Fatalf("%s %s", i.State, i.Verdict.Cause)
		}
		wait(2 * time.Minute)
		if i := s.incident(t, id); i.State != bot.Open || !s.said("for another reason: it works from here") {
			t.Errorf("%s %s", i.State, i.Verdict.Cause)
		}
	})
}
