package slackbot

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// rank is what goes before what in a lane.
type rank int

const (
	urgent   rank = iota // needs people
	ordinary             // somebody waits for it
	patient              // evidence: it may come when there is room
	ranks
)

// lane lets calls of one kind to one channel through, one after the other at
// Slack's pace, by their rank. After a 429 the lane waits as long as Slack said;
// other lanes go on.
type lane struct {
	mu      sync.Mutex
	limit   *rate.Limiter
	held    time.Time
	waiting [ranks][]chan struct{}
	armed   bool
}

func newLane(every time.Duration, burst int) *lane {
	return &lane{limit: rate.NewLimiter(rate.Every(every), burst)}
}

// turn returns when it is the caller's turn.
func (l *lane) turn(ctx context.Context, r rank) error {
	ready := make(chan struct{})
	l.mu.Lock()
	l.waiting[r] = append(l.waiting[r], ready)
	l.arm()
	l.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		l.mu.Lock()
		defer l.mu.Unlock()
		l.waiting[r] = slices.DeleteFunc(l.waiting[r], func(c chan struct{}) bool { return c == ready })
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
	if l.armed || l.first() == nil {
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
	if line := l.first(); line != nil {
		close((*line)[0])
		*line = (*line)[1:]
	}
	l.arm()
}

// first is the line whose turn it is; nil when nobody waits.
func (l *lane) first() *[]chan struct{} {
	for r := range l.waiting {
		if len(l.waiting[r]) > 0 {
			return &l.waiting[r]
		}
	}
	return nil
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
func (l *lane) through(ctx context.Context, r rank, call func(context.Context) error) error {
	for {
		if err := l.turn(ctx, r); err != nil {
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
