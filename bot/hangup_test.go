package bot_test

import (
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
)

// TestAnEarlierEndIsSuperseded: the end of the page could not be told before the
// incident was reopened and people were called again, while the store failed;
// with the last end nothing pends any more.
func TestAnEarlierEndIsSuperseded(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		push := func(b bot.Button) {
			t.Helper()
			if err := press(t, d, s, bot.Press{Key: time.Now().String() + string(b), Person: bob, Incident: id, Button: b}); err != nil {
				t.Fatal(err)
			}
		}
		until(s, t, id, deadline+time.Minute)
		s.set(func() { s.fail["page"] = errDown })
		push(bot.CloseIt)
		push(bot.Reopen)
		s.set(func() { s.fail["save"] = errDown })
		until(s, t, id, 2*deadline+2*time.Minute)
		if err := press(t, d, s, bot.Press{Key: "unsaved", Person: bob, Incident: id, Button: bot.Acknowledge}); err == nil {
			t.Error("acknowledged while nothing is saved") // and the document is read anew
		}
		s.set(func() { delete(s.fail, "save") })
		time.Sleep(time.Minute)
		if calls := len(s.incident(t, id).Escalated); calls != 3 {
			t.Errorf("%d escalations", calls)
		}
		if ends := pending(s, t, id, bot.DoResolve); ends != 0 {
			t.Errorf("%d ends pend while people are called", ends)
		}
		s.set(func() { delete(s.fail, "page") })
		push(bot.CloseIt)
		time.Sleep(2 * time.Minute)
		if ends := pending(s, t, id, bot.DoResolve); ends != 0 {
			t.Errorf("%d ends pend at the end", ends)
		}
		if said := s.see().pages; said[len(said)-1].Action != bot.PageResolve {
			t.Errorf("the last page is %+v", said[len(said)-1])
		}
	})
}

func pending(s *shop, t *testing.T, id string, kind bot.EffectKind) int {
	t.Helper()
	n := 0
	for _, e := range s.incident(t, id).Outbox {
		if e.Kind == kind {
			n++
		}
	}
	return n
}
