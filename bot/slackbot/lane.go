package slackbot

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// lane lets calls of one kind to one channel through, one after the other at
// Slack's pace. What needs people goes first. After a 429 the lane waits as
// long as Slack said; other lanes go on.
type lane struct {
	mu      sync.Mutex
	limit   *rate.Limiter
	held    time.Time
	urgent  []chan struct{}
	waiting []chan struct{}
	armed   bool
}

func newLane(every time.Duration, burst int) *lane {
	return &lane{limit: rate.NewLimiter(rate.Every(every), burst)}
}

// turn returns when it is the caller's turn.
func (l *lane) turn(ctx context.Context, urgent bool) error {
	ready := make(chan struct{})
	l.mu.Lock()
	if urgent {
		l.urgent = append(l.urgent, ready)
	} else {
		l.waiting = append(l.waiting, ready)
	}
	l.arm()
	l.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		l.mu.Lock()
		defer l.mu.Unlock()
		mine := func(c chan struct{}) bool { return c == ready }
		l.urgent, l.waiting = slices.DeleteFunc(l.urgent, mine), slices.DeleteFunc(l.waiting, mine)
		return fmt.Errorf("waiting for a turn: %w", ctx.Err())
	}
}

// hold stops the lane for as long as Slack asked.
func (l *lane) hold(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := time.Now().Add(d); until.After(l.held) {
		l.held = until
	}
}

// arm sets the timer for whoever is first in line by then.
func (l *lane) arm() {
	if l.armed || len(l.urgent)+len(l.waiting) == 0 {
		return
	}
	l.armed = true
	time.AfterFunc(max(l.limit.Reserve().Delay(), time.Until(l.held)), l.grant)
}

func (l *lane) grant() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait := time.Until(l.held); wait > 0 {
		time.AfterFunc(wait, l.grant)
		return
	}
	l.armed = false
	line := &l.waiting
	if len(l.urgent) > 0 {
		line = &l.urgent
	}
	if len(*line) > 0 {
		close((*line)[0])
		*line = (*line)[1:]
	}
	l.arm()
}

func (l *lane) idle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.armed && time.Now().After(l.held)
}

// lanes are the lanes by name.
type lanes struct {
	mu    sync.Mutex
	every time.Duration
	burst int
	named map[string]*lane
}

func newLanes(every time.Duration, burst int) *lanes {
	return &lanes{every: every, burst: burst, named: make(map[string]*lane)}
}

// mostLanes is from when on idle lanes are dropped.
const mostLanes = 1000

func (l *lanes) of(name string) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	found, ok := l.named[name]
	if !ok {
		if len(l.named) >= mostLanes {
			for n, old := range l.named {
				if old.idle() {
					delete(l.named, n)
				}
			}
		}
		found = newLane(l.every, l.burst)
		l.named[name] = found
	}
	return found
}

// through makes a call when it is its turn, and again whenever Slack asked to
// wait: a 429 is no failure.
func (l *lane) through(ctx context.Context, urgent bool, call func(context.Context) error) error {
	for {
		if err := l.turn(ctx, urgent); err != nil {
			return err
		}
		err := call(ctx)
		wait, limited := retryAfter(err)
		if !limited {
			return err
		}
		l.hold(wait)
	}
}
