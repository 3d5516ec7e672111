package bot_test

import (
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
)

// TestFeedbackIsOneAnswerAPerson: who answers again changes their mind, and a
// person who may not ask says nothing.
func TestFeedbackIsOneAnswerAPerson(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		for _, p := range []bot.Press{
			{Key: "1", Person: ann, Button: bot.Helpful},
			{Key: "2", Person: bob, Button: bot.Unhelpful, Reason: "the secret is in another namespace"},
			{Key: "3", Person: ann, Button: bot.Unhelpful, Reason: "step 3 is missing"},
			{Key: "4", Person: guest, Button: bot.Helpful},
		} {
			p.Incident = id
			if err := press(t, d, s, p); err != nil {
				t.Fatal(err)
			}
		}
		said := s.incident(t, id).Feedback
		if len(said) != 2 || said[0].By != ann || said[0].Helpful || said[0].Text != "step 3 is missing" || said[1].By != bob {
			t.Errorf("feedback %+v", said)
		}
	})
}

// TestThePostmortemHasOneOwner: the first who takes it keeps it, also when the
// incident is over.
func TestThePostmortemHasOneOwner(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		s.set(func() { s.over = true })
		time.Sleep(2 * time.Minute)
		for _, p := range []bot.Press{{Key: "1", Person: bob}, {Key: "2", Person: ann}, {Key: "3", Person: bob}} {
			p.Incident, p.Button = id, bot.TakePostmortem
			if err := press(t, d, s, p); err != nil {
				t.Fatal(err)
			}
		}
		i := s.incident(t, id)
		if i.State != bot.Resolved || i.PostmortemOwner == nil || *i.PostmortemOwner != bob {
			t.Errorf("state %s, owner %+v", i.State, i.PostmortemOwner)
		}
		if whispers := s.see().whispers; len(whispers) != 2 || whispers[0].To != ann {
			t.Errorf("whispers %+v", whispers)
		}
	})
}
