package bot_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// kept makes every change of a secret leave a copy of the former entry.
func (s *shop) kept(a runbook.Action) runbook.Receipt {
	r := runbook.Receipt{Action: a, Done: true, At: time.Now()}
	if a.Verb == runbook.VerbUpdateSecret {
		r.Undo = &runbook.Undo{Namespace: a.Namespace, Name: a.Name + "-undo", Until: r.At.Add(24 * time.Hour)}
	}
	return r
}

func undoOf(t *testing.T, i bot.Incident) runbook.Plan {
	t.Helper()
	for _, p := range i.Plans {
		if p.Remedy.Kind == runbook.UndoSecret {
			return p
		}
	}
	t.Fatalf("no undo among %d plans in state %s", len(i.Plans), i.State)
	return runbook.Plan{}
}

// TestUndoIsAPlanLikeAnyOther: offered while it is watched, under a rule for
// undo-secret, carried out once.
func TestUndoIsAPlanLikeAnyOther(t *testing.T) {
	s, r := newShop(), rules()
	r.Approvals[0].Remedies = []string{"update-secret"}
	r.Approvals = append(r.Approvals, bot.ApprovalRule{
		People: bot.People{Users: []string{carl.ID}}, Reach: everywhere(), Remedies: []string{"undo-secret"}, Needed: 1, Expires: time.Hour,
	})
	s.plans, s.receipt = []runbook.Plan{secretPlan("golden", "shop")}, s.kept
	live(t, s, r, func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		clicks{t, d, s}.approves(bob, id, s.plans[0])
		wait(time.Minute)
		undo := undoOf(t, s.incident(t, id))
		clicks{t, d, s}.approves(bob, id, undo)
		if whispers := s.see().whispers; len(whispers) != 1 || !strings.Contains(whispers[0].Text, "approvers are <@U0CARL>") {
			t.Fatalf("whispers %+v", whispers)
		}
		clicks{t, d, s}.approves(carl, id, undo)
		clicks{t, d, s}.approves(carl, id, undo)
		i := s.incident(t, id)
		if changes := s.see().changes; len(changes) != 2 || changes[1].Verb != runbook.VerbUndo || changes[1].Copy != "regcred-undo" {
			t.Fatalf("changes %+v", changes)
		}
		if i.State != bot.Watching || len(i.Past) != 1 || i.Decision.Remedy != "undo-secret" {
			t.Errorf("%s %+v", i.State, i.Decision)
		}
		for _, p := range i.Plans {
			if p.Remedy.Kind == runbook.UndoSecret {
				t.Error("what is put back is offered to be put back")
			}
		}
	})
}

// TestUndoAfterTheEnd: the mistake may show only after the cure. The incident
// counts again then; a day later the copy is gone.
func TestUndoAfterTheEnd(t *testing.T) {
	s := newShop()
	s.plans, s.receipt = []runbook.Plan{secretPlan("golden", "shop")}, s.kept
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		clicks{t, d, s}.approves(bob, id, s.plans[0])
		s.set(func() { s.over = true })
		wait(time.Minute)
		resolved := s.incident(t, id)
		if resolved.State != bot.Resolved || len(resolved.Plans) != 1 {
			t.Fatalf("%s, %d plans", resolved.State, len(resolved.Plans))
		}
		wait(2 * time.Hour)
		s.set(func() { s.over = false })
		clicks{t, d, s}.approves(bob, id, undoOf(t, resolved))
		i := s.incident(t, id)
		if len(s.see().changes) != 2 || i.State != bot.Watching || i.Ending != nil || !i.Deadline.After(time.Now()) {
			t.Fatalf("%d changes, %s, ending %+v", len(s.see().changes), i.State, i.Ending)
		}
	})
}

func TestNoUndoOnceTheCopyIsGone(t *testing.T) {
	s := newShop()
	s.plans, s.receipt = []runbook.Plan{secretPlan("golden", "shop")}, s.kept
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		clicks{t, d, s}.approves(bob, id, s.plans[0])
		s.set(func() { s.over = true })
		wait(time.Minute)
		undo := undoOf(t, s.incident(t, id))
		wait(24 * time.Hour)
		clicks{t, d, s}.approves(bob, id, undo)
		if len(s.see().changes) != 1 || len(s.see().whispers) != 1 || !strings.Contains(s.see().whispers[0].Text, "not there any more") {
			t.Errorf("%d changes, whispers %+v", len(s.see().changes), s.see().whispers)
		}
	})
}
