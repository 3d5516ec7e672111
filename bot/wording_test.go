package bot_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// TestAWidePlanSaysHowFarItReaches, in words that fit a button.
func TestAWidePlanSaysHowFarItReaches(t *testing.T) {
	secret := func(namespace, name string) runbook.Action {
		return runbook.Action{Verb: runbook.VerbUpdateSecret, Kind: "Secret", Namespace: namespace, Name: name}
	}
	remedy := runbook.Remedy{Title: "Update secret ecr-pull in shop"}
	for want, actions := range map[string][]runbook.Action{
		"Update secret ecr-pull in shop":         {secret("shop", "ecr-pull")},
		"Update secret ecr-pull in 2 namespaces": {secret("shop", "ecr-pull"), secret("web", "ecr-pull")},
		"Update 2 secrets in 2 namespaces":       {secret("shop", "ecr-pull"), secret("web", "pull")},
	} {
		if got := bot.TitleOf(runbook.Plan{Remedy: remedy, Actions: actions}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestSinceIsSincePodsWait, whatever a later look finds, and however long the
// registry has been seen to be down.
func TestSinceIsSincePodsWait(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		began := time.Now().Add(-18 * time.Minute).UTC()
		s.set(func() { s.verdict.Since = &began })
		id := ask(t, d, ann)
		later := began.Add(10 * time.Minute)
		s.set(func() { s.verdict.Since = &later })
		if err := press(t, d, s, bot.Press{Key: "again", Person: bob, Incident: id, Button: bot.Again}); err != nil {
			t.Fatal(err)
		}
		if since := s.incident(t, id).Verdict.Since; !since.Equal(began) {
			t.Errorf("since %s, not %s", since, began)
		}
		until(s, t, id, deadline)
		if said := strings.Join(s.triggers()[0].Details, " "); !strings.Contains(said, "Since "+began.Format("15:04 UTC")) {
			t.Errorf("called with %q", said)
		}
	})
}

// TestEveryRefusalHasItsOwnWords: the clicker, and nobody else, hears why.
func TestEveryRefusalHasItsOwnWords(t *testing.T) {
	external, other := bot.Person{Team: "T9", ID: "U0EXTERNAL"}, bot.Person{Team: "T1", ID: "U0OTHER"}
	heard := map[string]string{}
	for name, by := range map[string]bot.Person{"external": external, "guest": guest, "of another team": other, "overtaken": bob} {
		s := newShop()
		live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
			id := ask(t, d, ann)
			p := bot.Press{Key: "p", Person: by, Incident: id, Button: bot.Approve}
			if name == "overtaken" {
				p.Remedy, p.PlanHash = s.incident(t, id).Plans[0].Remedy.ID, "another"
			}
			if err := press(t, d, s, p); err != nil {
				t.Fatal(err)
			}
			w := s.see().whispers
			if len(w) != 1 || w[0].To != by || len(s.see().changes) != 0 {
				t.Fatalf("%s: whispers %+v, changes %d", name, w, len(s.see().changes))
			}
			for before, text := range heard {
				if text == w[0].Text {
					t.Errorf("%s and %s hear the same: %s", name, before, text)
				}
			}
			heard[name] = w[0].Text
		})
	}
	for name, want := range map[string]string{
		"external": "from another workspace", "guest": "guests do not count", "of another team": "You may not approve", "overtaken": "The situation has changed",
	} {
		if !strings.Contains(heard[name], want) {
			t.Errorf("%s hears %q", name, heard[name])
		}
	}
}
