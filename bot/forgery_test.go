package bot_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
)

// TestS13AnEditedJournalApprovesNothing puts an approval into the store by hand.
func TestS13AnEditedJournalApprovesNothing(t *testing.T) {
	s, r := newShop(), rules()
	r.Approvals[0].Needed = 2
	live(t, s, r, func(t *testing.T, d *bot.Desk) {
		id := ask(t, d, ann)
		if err := press(t, d, s, bot.Press{Key: "1", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
			t.Fatal(err)
		}
		s.set(func() {
			i := s.documents[id]
			decision := *i.Decision
			forged := decision.Granted[0]
			forged.Person = bot.Person{Team: "T1", ID: "U0EVE"}
			decision.Granted = []bot.Approval{forged}
			i.Decision = &decision
			s.documents[id] = i
			s.versions[id]++
		})
		if err := press(t, d, s, bot.Press{Key: "2", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
			t.Fatal(err)
		}
		if i := s.incident(t, id); len(s.see().changes) != 0 || !strings.Contains(i.Decision.Refused, "does not verify") {
			t.Errorf("changes %d, refused %q", len(s.see().changes), i.Decision.Refused)
		}
	})
}

// TestS13AnEditedDocumentApprovesNothing edits what an approval rests on, while
// the second approval is awaited: fewer are needed, another plan, one record
// twice, an old one.
func TestS13AnEditedDocumentApprovesNothing(t *testing.T) {
	carl := bot.Person{Team: "T1", ID: "U0CARL"}
	for _, r := range []struct {
		name string
		edit func(*bot.Incident)
		by   bot.Person // of the last click, if there is one
	}{
		{"fewer needed", func(i *bot.Incident) {
			i.Decision.Needed = 1
			i.State = bot.Changing
			i.Outbox = append(i.Outbox, bot.Effect{ID: "x", Kind: bot.DoCarry})
		}, bot.Person{}},
		{"actions of the plan", func(i *bot.Incident) { i.Plans[0].Actions[0].Name = "other" }, carl},
		{"one record twice", func(i *bot.Incident) {
			i.Decision.Granted = append(i.Decision.Granted, i.Decision.Granted[0])
		}, carl},
	} {
		t.Run(r.name, func(t *testing.T) {
			s, rules := newShop(), rules()
			rules.Approvals[0].Needed, rules.Approvals[0].Users = 3, append(rules.Approvals[0].Users, carl.ID)
			live(t, s, rules, func(t *testing.T, d *bot.Desk) {
				id := ask(t, d, ann)
				if err := press(t, d, s, bot.Press{Key: "1", Person: bob, Incident: id, Button: bot.Approve}); err != nil {
					t.Fatal(err)
				}
				s.edit(t, id, r.edit)
				if r.by != (bot.Person{}) {
					if err := press(t, d, s, bot.Press{Key: "2", Person: r.by, Incident: id, Button: bot.Approve}); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if changes := s.see().changes; len(changes) != 0 {
					t.Errorf("changed %+v", changes)
				}
			})
		})
	}
}

// edit changes a stored document behind pullfix's back.
func (s *shop) edit(t *testing.T, id string, change func(*bot.Incident)) {
	t.Helper()
	stored, err := json.Marshal(s.incident(t, id))
	if err != nil {
		t.Fatal(err)
	}
	var i bot.Incident
	if err := json.Unmarshal(stored, &i); err != nil {
		t.Fatal(err)
	}
	change(&i)
	s.set(func() { s.documents[id] = i; s.versions[id]++ })
}
