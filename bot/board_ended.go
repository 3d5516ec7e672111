package bot

import (
	"context"
	"slices"
	"strings"
	"time"
)

// returnsWithin is how long after its end an incident goes on when its root
// cause is back; later it is a new one.
const returnsWithin = time.Hour

// nothingFor is how long a notice rests that turned out to be nothing: the
// cluster is looked at every half minute.
const nothingFor = 10 * time.Minute

// ended is what is remembered of an incident that is over.
type ended struct {
	id       string
	at       time.Time
	proven   bool // resolved, by proof
	byPerson bool
}

// endedOf is false for what joined another incident: that one counts.
func endedOf(i Incident) (ended, bool) {
	if i.Ending == nil || !i.State.Over() || strings.HasPrefix(i.Ending.Resolution, joins) {
		return ended{}, false
	}
	return ended{id: i.ID, at: i.Ending.At, proven: i.State == Resolved, byPerson: i.Ending.By != (Person{})}, true
}

// rests tells that what was noticed is no news.
func (e ended) rests(n Noticed, now time.Time) bool {
	switch {
	case e.proven:
		return false
	case e.byPerson:
		return n.Since.Before(e.at)
	}
	return now.Before(e.at.Add(nothingFor))
}

// lately is the incident that had the key and ended within the hour.
func (b *board) lately(key string) (ended, bool) {
	if a, ok := b.attendants[b.holders[key]]; ok {
		if i := a.current.Load(); i != nil {
			if e, ok := endedOf(*i); ok {
				return e, true
			}
		}
	}
	e, ok := b.ended[key]
	if !ok || time.Since(e.at) > returnsWithin || !b.over(e.id) {
		return ended{}, false
	}
	return e, true
}

// bury remembers the keys of an incident that is over, and forgets those of
// long ago.
func (b *board) bury(i Incident) {
	e, ok := endedOf(i)
	if !ok {
		return
	}
	for _, key := range i.Keys {
		if last, there := b.ended[key]; !there || last.at.Before(e.at) {
			b.ended[key] = e
		}
	}
	for key, e := range b.ended {
		if time.Since(e.at) > returnsWithin {
			delete(b.ended, key)
		}
	}
}

// notice finds the incident for what was noticed: an open one, one that ended
// lately, or a new one.
func (b *board) notice(ctx context.Context, l letter) {
	n := *l.notice
	if holder, ok := b.holders[n.Key]; ok && !b.over(holder) {
		l.reply <- reply{id: holder}
		return
	}
	last, known := b.lately(n.Key)
	switch {
	case known && last.rests(n, time.Now()):
		l.reply <- reply{id: last.id, err: ErrLeftAlone}
	case known:
		b.revive(ctx, last.id, letter{event: Returned{Target: n.Target, After: b.desk.Policy.After}, reply: l.reply})
	default:
		id := b.desk.NewID()
		b.holders[n.Key] = id
		b.attendant(ctx, id, &Opening{ID: id, Ask: Ask{Target: n.Target}, Noticed: n.Key, Reason: n.Reason}).inbox <- l
	}
}

// revive lets an incident go on that was over; its keys are its own again.
func (b *board) revive(ctx context.Context, id string, l letter) {
	for key, e := range b.ended {
		if e.id == id {
			b.holders[key] = id
			delete(b.ended, key)
		}
	}
	l.id = id
	b.deliver(ctx, l)
}

// resume is for a root cause that is proven to be back: the incident that was
// resolved goes on, and id joins it.
func (b *board) resume(ctx context.Context, id string, keys []string) string {
	for _, key := range keys {
		last, known := b.lately(key)
		if !known || last.id == id || !last.proven {
			continue
		}
		event := Returned{After: b.desk.Policy.After}
		if a, ok := b.attendants[id]; ok && a.current.Load() != nil {
			event.Target = a.current.Load().Target
		}
		b.revive(ctx, last.id, letter{event: event, reply: make(chan reply, 1)})
		return last.id
	}
	return ""
}

// hand gives what id was noticed as to the incident that it joins.
func (b *board) hand(ctx context.Context, id, holder string) {
	var keys []string
	for key, of := range b.holders {
		if of == id && strings.HasPrefix(key, noticed) {
			keys = append(keys, key)
			b.holders[key] = holder
		}
	}
	if len(keys) > 0 {
		slices.Sort(keys)
		b.deliver(ctx, letter{id: holder, event: Adopted{Keys: keys}, reply: make(chan reply, 1)})
	}
}
