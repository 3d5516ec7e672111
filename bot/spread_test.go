package bot_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

func TestACountReachesTheIncidentOfTheRootCause(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		key := s.incident(t, id).Keys[0]
		for _, pods := range []int{3, 3, 7} {
			if err := d.Count(t.Context(), key, runbook.Scope{Pods: pods, Namespaces: 1}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if spread := s.incident(t, id).Spread; spread == nil || spread.First.Pods != 3 || spread.Now.Pods != 7 {
			t.Errorf("spread %+v", spread)
		}
		if err := d.Count(t.Context(), "another", runbook.Scope{Pods: 1, Namespaces: 1}); !errors.Is(err, bot.ErrNoIncident) {
			t.Errorf("a count of no incident: %v", err)
		}
	})
}
