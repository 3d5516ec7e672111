package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
)

// TestWhoTookItAndWhyItWaitsIsSaid in the thread and in the timeline.
func TestWhoTookItAndWhyItWaitsIsSaid(t *testing.T) {
	s, r := newShop(), rules()
	r.Responders.Users = []string{ann.ID, bob.ID}
	live(t, s, r, func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		click := func(key string, by bot.Person, b bot.Button, reason string) {
			t.Helper()
			if err := press(t, d, s, bot.Press{Key: key, Person: by, Incident: id, Button: b, Reason: reason}); err != nil {
				t.Fatal(err)
			}
		}
		click("1", bob, bot.Snooze, "the vendor is at it")
		until := time.Now().Add(10 * time.Minute).UTC().Format("15:04 UTC")
		if !s.said("Snoozed until " + until + " by <@U0BOB>: the vendor is at it") {
			t.Errorf("told %+v", s.see().told)
		}
		click("2", bob, bot.Acknowledge, "")
		if !s.said("Taken by <@U0BOB>. Nobody is called again until there is news") {
			t.Errorf("told %+v", s.see().told)
		}
		click("3", bob, bot.Acknowledge, "")
		click("4", bob, bot.Snooze, "once more")
		if w := s.see().whispers; len(w) != 2 || !strings.Contains(w[0].Text, "already") || !strings.Contains(w[1].Text, "taken by <@U0BOB>") {
			t.Errorf("whispers %+v", w)
		}
		click("5", ann, bot.Acknowledge, "")
		i := s.incident(t, id)
		if *i.Acknowledged != ann || !s.said("Taken over by <@U0ANN> from <@U0BOB>") || !strings.Contains(fmt.Sprint(i.Timeline), "takes it over from <@U0BOB>") {
			t.Errorf("%+v told %+v", i.Acknowledged, s.see().told)
		}
	})
}

// TestTheTimelineIsToldAtTheEnd, when all is in it.
func TestTheTimelineIsToldAtTheEnd(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		if err := press(t, d, s, bot.Press{Key: "c", Person: bob, Incident: id, Button: bot.CloseIt, Reason: "known"}); err != nil {
			t.Fatal(err)
		}
		if told := s.see().told; len(told) == 0 || !told[len(told)-1].Timeline {
			t.Errorf("told %+v", told)
		}
	})
}
