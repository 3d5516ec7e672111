package bot_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
)

// TestADeadlineThatWasMovedForwardCounts: the demonstration does not wait for
// twenty minutes, and goes on as always.
func TestADeadlineThatWasMovedForwardCounts(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		if err := d.Hasten(t.Context(), id, time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		s.triggered(t, 1, "at the moved deadline")
		time.Sleep(10*time.Minute - time.Nanosecond)
		synctest.Wait()
		s.triggered(t, 1, "before the repetition")
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		s.triggered(t, 2, "at the repetition")
	})
}

// TestAcknowledgedWithoutADesk: who acknowledges while pullfix is down knows no
// policy; when it is back, nobody is called all the same.
func TestAcknowledgedWithoutADesk(t *testing.T) {
	s := newShop()
	var id string
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) { id = ask(t, d, ann) })
	if err := (bot.Records{Store: s}).Steer(t.Context(), steering("1", id, bot.Acknowledge)); err != nil {
		t.Fatal(err)
	}
	live(t, s, rules(), func(t *testing.T, _ *bot.Desk) {
		until(s, t, id, 2*time.Hour)
		s.triggered(t, 0, "acknowledged")
		if i := s.incident(t, id); !i.Deadline.IsZero() {
			t.Errorf("the deadline is %s", i.Deadline)
		}
	})
}
