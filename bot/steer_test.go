package bot_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
)

func steering(key, id string, b bot.Button) bot.Steering {
	return bot.Steering{Key: key, By: bot.InTerminal("ann"), Incident: id, Button: b, Reason: "the vendor is at it"}
}

// TestSteerWhileTheChatIsDown: acknowledging, snoozing and closing work from the
// terminal when nothing can be drawn, said or looked up.
func TestSteerWhileTheChatIsDown(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		s.set(func() {
			for _, what := range []string{"show", "tell", "directory", "members"} {
				s.fail[what] = errDown
			}
		})
		steer := func(key string, b bot.Button) {
			t.Helper()
			if err := d.Steer(t.Context(), steering(key, id, b)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		time.Sleep(15 * time.Minute)
		steer("1", bot.Snooze)
		if i := s.incident(t, id); !i.Deadline.Equal(time.Now().Add(10 * time.Minute)) {
			t.Errorf("snoozed until %s", i.Deadline)
		}
		steer("2", bot.Acknowledge)
		if i := s.incident(t, id); i.Acknowledged == nil || *i.Acknowledged != bot.InTerminal("ann") {
			t.Errorf("acknowledged by %+v", i.Acknowledged)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(s.see().pages); n != 0 {
			t.Errorf("%d pages though it is acknowledged", n)
		}
		steer("3", bot.CloseIt)
		i := s.incident(t, id)
		if i.State != bot.Closed || i.Ending.By != bot.InTerminal("ann") || i.Ending.Resolution != "the vendor is at it" {
			t.Errorf("%s %+v", i.State, i.Ending)
		}
		if said := fmt.Sprint(i.Timeline); !strings.Contains(said, "snoozed until") || !strings.Contains(said, "acknowledged") {
			t.Errorf("timeline %s", said)
		}
		refused(t, d.Steer(t.Context(), steering("4", id, bot.CloseIt)), "over already")
	})
}

func refused(t *testing.T, err error, why string) {
	t.Helper()
	r, ok := errors.AsType[*bot.DeclinedError](err)
	if !ok || !strings.Contains(r.Why, why) {
		t.Errorf("got %v, want a refusal: %s", err, why)
	}
}

func TestSteerOnlySteers(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		for _, b := range []bot.Button{bot.Approve, bot.Reject, bot.Again, bot.EscalateNow, bot.Reopen, bot.WriteReport, "x"} {
			refused(t, d.Steer(t.Context(), steering("k", id, b)), "cannot be done from the terminal")
		}
		clicked := steering("k", id, bot.CloseIt)
		clicked.By = bob
		refused(t, d.Steer(t.Context(), clicked), "cannot be done from the terminal")
		if err := d.Steer(t.Context(), steering("k", "none", bot.CloseIt)); !errors.Is(err, bot.ErrNoIncident) {
			t.Errorf("got %v", err)
		}
		if i := s.incident(t, id); i.State != bot.Open || len(s.see().changes) != 0 {
			t.Errorf("state %s", i.State)
		}
		same := steering("same", id, bot.Acknowledge)
		if err := errors.Join(d.Steer(t.Context(), same)); err != nil {
			t.Fatal(err)
		}
		if err := d.Steer(t.Context(), same); !errors.Is(err, bot.ErrSeen) {
			t.Errorf("delivered twice: %v", err)
		}
	})
}

// TestNobodyInTheChatIsFromTheTerminal: the way in cannot be pressed.
func TestNobodyInTheChatIsFromTheTerminal(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		if err := press(t, d, s, bot.Press{Key: "p", Person: bot.InTerminal("root"), Incident: id, Button: bot.CloseIt}); err != nil {
			t.Fatal(err)
		}
		if i := s.incident(t, id); i.State.Over() {
			t.Error("a press in the name of somebody in the terminal closed the incident")
		}
	})
}

func TestSteerDuringAChange(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		s.set(func() { s.slow = time.Minute })
		if err := press(t, d, s, bot.Press{Key: "p", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
			t.Fatal(err)
		}
		refused(t, d.Steer(t.Context(), steering("c", id, bot.CloseIt)), "a change is being made")
		synctest.Wait()
		if n := len(s.see().whispers); n != 0 {
			t.Errorf("%d whispers to somebody who is not in the chat", n)
		}
	})
}

// TestRecordsSteer: what is done while no desk runs is taken up by the next one.
func TestRecordsSteer(t *testing.T) {
	s := newShop()
	var id string
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) { id = ask(t, d, ann) })
	if err := (bot.Records{Store: s}).Steer(t.Context(), steering("1", id, bot.CloseIt)); err != nil {
		t.Fatal(err)
	}
	if i := s.incident(t, id); i.State != bot.Closed || len(i.Outbox) == 0 {
		t.Fatalf("%s, outbox %+v", i.State, i.Outbox)
	}
	refused(t, bot.Records{Store: s}.Steer(t.Context(), steering("2", id, bot.CloseIt)), "over already")
	if err := (bot.Records{Store: s}).Steer(t.Context(), steering("3", "none", bot.CloseIt)); !errors.Is(err, bot.ErrNoIncident) {
		t.Errorf("got %v", err)
	}
	before := len(s.see().shown)
	live(t, s, rules(), func(t *testing.T, _ *bot.Desk) {
		time.Sleep(time.Minute)
		synctest.Wait()
		seen := s.see()
		if len(seen.shown) == before || seen.shown[len(seen.shown)-1].State != bot.Closed {
			t.Error("the next desk does not draw that it is closed")
		}
		if i := s.incident(t, id); len(i.Outbox) != 0 || len(seen.pages) != 0 {
			t.Errorf("outbox %+v, %d pages", i.Outbox, len(seen.pages))
		}
	})
}
