package runbook

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// UndoPlan is what puts back the entries that changes of pull secrets replaced;
// false when no kept copy is there any more. Each action is bound to what
// pullfix wrote, and to what the copy holds.
func UndoPlan(receipts []Receipt, now time.Time) (Plan, bool) {
	p := Plan{Made: now}
	for _, r := range receipts {
		if r.undoable(now) && !undone(receipts, r) {
			p.Actions = append(p.Actions, r.undo())
			p.Shows = append(p.Shows, r.undoSentence())
		}
	}
	if len(p.Actions) == 0 {
		return Plan{}, false
	}
	p.Remedy = Remedy{
		ID: kebab(string(UndoSecret)), Kind: UndoSecret, Title: undoTitle(p.Actions), Approvable: true,
		Why:    "The former entry still worked when it was replaced; a copy of it is kept for a day.",
		Risk:   "pods that need the new credential fail to pull again",
		Object: "secret/" + p.Actions[0].Name,
	}
	p.Hash = PlanHash(p.Actions)
	return p, true
}

func (r Receipt) undoable(now time.Time) bool {
	return r.Done && r.Undo != nil && r.Action.Entry != nil && r.Action.Verb != VerbUndo && now.Before(r.Undo.Until)
}

// undone tells that a later receipt put the entry back.
func undone(receipts []Receipt, r Receipt) bool {
	return slices.ContainsFunc(receipts, func(later Receipt) bool {
		return later.Done && later.Action.Verb == VerbUndo && later.Action.Copy == r.Undo.Name &&
			later.Action.Namespace == r.Action.Namespace && later.Action.Cluster == r.Action.Cluster
	})
}

func (r Receipt) undo() Action {
	a, entry := r.Action, *r.Action.Entry
	entry.Was, entry.Becomes, entry.User, entry.KeepUndo = entry.Becomes, entry.Was, "", false
	return Action{Verb: VerbUndo, Cluster: a.Cluster, Namespace: a.Namespace, Kind: a.Kind, Name: a.Name, UID: a.UID, Entry: &entry, Copy: r.Undo.Name}
}

func (r Receipt) undoSentence() string {
	return fmt.Sprintf("Secret %s/%s: the entry for %s goes back to what it was (%s → %s); the copy is kept until %s UTC.",
		r.Action.Namespace, r.Action.Name, r.Action.Entry.Key, r.Action.Entry.Becomes, r.Action.Entry.Was, r.Undo.Until.UTC().Format("2006-01-02 15:04"))
}

func undoTitle(actions []Action) string {
	if len(actions) > 1 {
		return fmt.Sprintf("Undo: put the former entries back into %d secrets", len(actions))
	}
	return strings.TrimSpace("Undo: put the former entry back into secret " + actions[0].Name)
}
