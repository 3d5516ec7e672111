package bot

import (
	"context"
	"maps"
)

// board is who attends to what. Only Run's goroutine touches it.
type board struct {
	desk       *Desk
	attendants map[string]*attendant
	holders    map[string]string // root-cause key to the open incident that has it
	asked      map[string]string // key of a command to its incident
	order      []string          // of asked, oldest first
	ended      map[string]ended  // root-cause key to the incident that had it and is over
}

// mostAsked bounds the memory of commands: Slack repeats one within minutes.
const mostAsked = 2000

func (b *board) deliver(ctx context.Context, l letter) {
	switch {
	case l.ping:
		l.reply <- reply{}
	case l.claim != nil:
		l.reply <- reply{id: b.claim(ctx, l.id, l.claim)}
	case l.notice != nil:
		b.notice(ctx, l)
	case l.digest != nil:
		b.attendant(ctx, l.digest.ID, &Opening{ID: l.digest.ID, Digest: l.digest}).inbox <- l
	case l.ask != nil:
		if id, ok := b.asked[l.ask.Key]; ok {
			l.reply <- reply{id: id}
			return
		}
		id := b.desk.NewID()
		b.remember(l.ask.Key, id)
		b.attendant(ctx, id, &Opening{ID: id, Ask: *l.ask, Reason: "asked to diagnose " + l.ask.Target.Namespace + "/" + l.ask.Target.Name}).inbox <- l
	case l.key != "":
		holder, ok := b.holders[l.key]
		if !ok || b.over(holder) {
			l.reply <- reply{err: ErrNoIncident}
			return
		}
		l.id, l.key = holder, ""
		b.deliver(ctx, l)
	default:
		a := b.attendant(ctx, l.id, nil)
		select {
		case a.inbox <- l:
		default:
			l.reply <- reply{err: errBusy}
		}
	}
}

// claim gives the keys to the incident unless another open one has one of them,
// or had it until lately; then that one's id is returned.
func (b *board) claim(ctx context.Context, id string, keys []string) string {
	for _, key := range keys {
		if holder, ok := b.holders[key]; ok && holder != id && !b.over(holder) {
			b.hand(ctx, id, holder)
			return holder
		}
	}
	if holder := b.resume(ctx, id, keys); holder != "" {
		b.hand(ctx, id, holder)
		return holder
	}
	for _, key := range keys {
		b.holders[key] = id
	}
	return ""
}

// over tells that an incident has ended, though it may still have something to
// say: a new failure is then a new incident.
func (b *board) over(id string) bool {
	a, ok := b.attendants[id]
	if !ok {
		return true
	}
	i := a.current.Load()
	return i != nil && i.State.Over()
}

// recall gives the keys of an incident from before a restart back to it.
func (b *board) recall(i Incident) {
	if i.State.Over() {
		b.bury(i)
		return
	}
	for _, key := range i.Keys {
		b.holders[key] = i.ID
	}
}

func (b *board) remember(key, id string) {
	b.asked[key] = id
	b.order = append(b.order, key)
	if len(b.order) > mostAsked {
		delete(b.asked, b.order[0])
		b.order = b.order[1:]
	}
}

// forget the command whose incident could not be opened: the same again is a new
// try.
func (b *board) forget(id string) {
	maps.DeleteFunc(b.asked, func(_, of string) bool { return of == id })
}

// attendant returns the one that attends to the incident, starting it if there
// is none.
func (b *board) attendant(ctx context.Context, id string, o *Opening) *attendant {
	if a, ok := b.attendants[id]; ok {
		return a
	}
	a := newAttendant(b.desk, id)
	b.attendants[id] = a
	b.desk.work.Go(func() { a.attend(ctx, o) })
	return a
}

// retire lets an attendant go that has nothing to do, unless something arrived
// meanwhile.
func (b *board) retire(a *attendant) {
	if len(a.inbox) > 0 {
		a.leave <- false
		return
	}
	delete(b.attendants, a.id)
	if i := a.current.Load(); i != nil {
		b.bury(*i)
	} else {
		b.forget(a.id)
	}
	for key, holder := range b.holders {
		if holder == a.id {
			delete(b.holders, key)
		}
	}
	a.leave <- true
}
