package runbook_test

import (
	"testing"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// TestUndoPlan puts back exactly what has a copy, is not put back yet, and only
// while the copy is there.
func TestUndoPlan(t *testing.T) {
	now := time.Date(2026, 3, 2, 15, 0, 0, 0, time.UTC)
	until := now.Add(24 * time.Hour)
	entry := &runbook.EntryChange{Key: "ghcr.io", Was: "old", Becomes: "new", Source: "golden", KeepUndo: true, User: "r…t"}
	wrote := func(name string) runbook.Receipt {
		a := runbook.Action{Verb: runbook.VerbUpdateSecret, Namespace: "shop", Kind: "Secret", Name: name, UID: "u-" + name, Entry: entry}
		return runbook.Receipt{Action: a, Done: true, Undo: &runbook.Undo{Namespace: "shop", Name: name + "-undo", Until: until}}
	}
	without := wrote("plain")
	without.Undo = nil
	unsure := wrote("unsure")
	unsure.Done, unsure.Unsure = false, true
	p, ok := runbook.UndoPlan([]runbook.Receipt{wrote("one"), without, unsure, wrote("two")}, now)
	if !ok || len(p.Actions) != 2 || len(p.Shows) != 2 || p.Hash != runbook.PlanHash(p.Actions) {
		t.Fatalf("%v %+v", ok, p)
	}
	if p.Remedy.ID != "undo-secret" || !p.Remedy.Approvable || p.Remedy.Title != "Undo: put the former entries back into 2 secrets" {
		t.Errorf("remedy %+v", p.Remedy)
	}
	a := p.Actions[0]
	if a.Verb != runbook.VerbUndo || a.UID != "u-one" || a.Copy != "one-undo" || a.Entry.Was != "new" || a.Entry.Becomes != "old" || a.Entry.User != "" || a.Entry.KeepUndo {
		t.Errorf("action %+v, entry %+v", a, a.Entry)
	}
	if entry.Was != "old" {
		t.Error("the receipt itself was changed")
	}
	back := runbook.Receipt{Action: a, Done: true}
	if p, ok := runbook.UndoPlan([]runbook.Receipt{wrote("one"), back}, now); ok {
		t.Errorf("put back twice: %+v", p)
	}
	if _, ok := runbook.UndoPlan([]runbook.Receipt{wrote("one")}, until); ok {
		t.Error("offered after the copy is gone")
	}
}
