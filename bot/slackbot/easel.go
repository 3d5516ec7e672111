package slackbot

import (
	"context"
	"sync"

	"github.com/pullfix/pullfix/bot"
)

// easel brings drawings of one incident into order: one at a time, and of those
// that wait only the newest state is drawn.
type easel struct {
	mu      sync.Mutex
	waiting map[string]*sketch // that nobody has begun to send
	last    map[string]*sketch // the newest of each incident, waiting or being sent
}

// sketch is a drawing that waits for its turn, for all who asked for it.
type sketch struct {
	newest bot.Incident
	done   chan struct{}
	place  bot.Place
	err    error
}

// show draws the incident, or joins a drawing that waits. It returns when the
// state, or a newer one, is drawn.
func (e *easel) show(ctx context.Context, i bot.Incident, draw func(context.Context, *sketch) (bot.Place, error)) (bot.Place, error) {
	s, before := e.enter(i)
	if s == nil {
		return e.join(ctx, before)
	}
	defer e.leave(i.ID, s)
	if before != nil {
		select {
		case <-before.done:
		case <-ctx.Done():
			s.err = ctx.Err()
			return i.Place, s.err
		}
	}
	s.place, s.err = draw(ctx, s)
	return s.place, s.err
}

// enter returns a new sketch and the one before it, or, when a sketch waits, nil
// and that one, which then is of the newer state.
func (e *easel) enter(i bot.Incident) (mine, other *sketch) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if w := e.waiting[i.ID]; w != nil {
		if i.Sequence >= w.newest.Sequence {
			w.newest = i
		}
		return nil, w
	}
	s := &sketch{newest: i, done: make(chan struct{})}
	before := e.last[i.ID]
	e.waiting[i.ID], e.last[i.ID] = s, s
	return s, before
}

func (e *easel) join(ctx context.Context, s *sketch) (bot.Place, error) {
	select {
	case <-s.done:
		return s.place, s.err
	case <-ctx.Done():
		return bot.Place{}, ctx.Err()
	}
}

func (e *easel) leave(id string, s *sketch) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.waiting[id] == s {
		delete(e.waiting, id)
	}
	if e.last[id] == s {
		delete(e.last, id)
	}
	close(s.done)
}

// look returns the newest state without beginning to send it.
func (e *easel) look(s *sketch) bot.Incident {
	e.mu.Lock()
	defer e.mu.Unlock()
	return s.newest
}

// take returns the newest state to send it now; who comes later waits for the
// next drawing.
func (e *easel) take(s *sketch) bot.Incident {
	e.mu.Lock()
	defer e.mu.Unlock()
	id := s.newest.ID
	switch w := e.waiting[id]; {
	case w == s:
		delete(e.waiting, id)
	case w != nil && w.newest.Sequence >= s.newest.Sequence:
		s.newest = w.newest
	}
	return s.newest
}
