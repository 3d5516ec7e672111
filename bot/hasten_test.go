package bot_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
)

// A demonstration moves the stored deadline: people are called at that moment,
// and once; what is over or nearer already is left alone.
func TestHasten(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		synctest.Wait()
		soon := time.Now().Add(3 * time.Second)
		if err := d.Hasten(t.Context(), id, soon); err != nil {
			t.Fatal(err)
		}
		if err := d.Hasten(t.Context(), id, soon.Add(time.Minute)); !errors.Is(err, bot.ErrTooLate) {
			t.Errorf("a deadline was put off: %v", err)
		}
		time.Sleep(3*time.Second - time.Nanosecond)
		synctest.Wait()
		if n := len(s.see().pages); n != 0 {
			t.Errorf("%d pages too early", n)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if i := s.incident(t, id); len(s.see().pages) != 1 || len(i.Escalated) != 1 {
			t.Errorf("%d pages, %d escalations", len(s.see().pages), len(i.Escalated))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(s.see().pages); n != 1 {
			t.Errorf("%d pages a minute later", n)
		}
	})
}
