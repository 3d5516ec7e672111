package bot_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/bot"
)

// TestWhoDidWhatIsOnRecord: who asked, approved, was refused, and what was
// changed stand in the timeline and in the log, a line each.
func TestWhoDidWhatIsOnRecord(t *testing.T) {
	s, log := newShop(), new(bytes.Buffer)
	s.log = slog.NewTextHandler(log, nil)
	s.plans = append(s.plans, secretPlan("golden", "shop", "pay"))
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		clicks{t, d, s}.approves(guest, id, s.plans[0])
		clicks{t, d, s}.approves(bob, id, s.plans[0])
		var timeline []string
		for _, e := range s.incident(t, id).Timeline {
			timeline = append(timeline, e.By.ID+" "+e.What)
		}
		for _, want := range []string{
			"U0ANN asked to diagnose shop/web-1", "U0GUEST approve refused: You may not do this: guests do not count.",
			"U0BOB approved: Update secret regcred", " Update secret regcred in 2 namespaces: 1 of 2 done: update-secret shop/regcred",
		} {
			if !strings.Contains(strings.Join(timeline, "\n"), want) {
				t.Errorf("the timeline does not say %q:\n%s", want, strings.Join(timeline, "\n"))
			}
		}
		hash := s.plans[0].Hash
		for _, want := range []string{
			`msg="press refused" incident=` + id + " person=U0GUEST button=approve remedy=update-secret plan=" + hash + ` why="You may not do this: guests do not count."`,
			`msg="press allowed" incident=` + id + " person=U0BOB button=approve remedy=update-secret plan=" + hash,
			`msg="carrying out" incident=` + id + " remedy=update-secret plan=" + hash + " approved=[U0BOB] actions=1 of=2",
		} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log does not say %q:\n%s", want, log)
			}
		}
	})
}
