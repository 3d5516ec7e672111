package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// progress shows on a terminal how the gathering goes. Elsewhere it shows
// nothing. stop clears the drawing, so that the answer stands alone.
func (t *tool) progress() (tell runbook.Progress, stop func()) {
	columns := t.columns(t.stderr)
	if columns == 0 || t.getenv("TERM") == "dumb" {
		return nil, func() {}
	}
	l := newLive(t.stderr, columns)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		l.draw(done)
	}()
	return l.tick, func() {
		close(done)
		<-ended
	}
}

// live is the drawing of the running steps: a line each, redrawn in place.
type live struct {
	out     io.Writer
	columns int
	mu      sync.Mutex // guards steps
	steps   []liveStep
	drawn   int // lines on the screen; only the drawing goroutine knows
}

type liveStep struct {
	id, title, note string
	began           time.Time
	open            int // how many times it began and has not ended
	took            time.Duration
	seen            bool
}

func newLive(out io.Writer, columns int) *live {
	l := &live{out: out, columns: columns}
	for _, s := range runbook.Steps() {
		l.steps = append(l.steps, liveStep{id: s.ID, title: s.Title})
	}
	return l
}

// tick notes that a step began or ended.
func (l *live) tick(tick runbook.Tick) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.steps {
		s := &l.steps[i]
		switch {
		case s.id != tick.Step:
		case tick.Done:
			s.open--
			s.took = max(s.took, tick.Took)
		default:
			if s.open == 0 {
				s.began = time.Now()
			}
			s.open++
			s.seen, s.note = true, tick.Note
		}
	}
}

// draw redraws until done is closed, then clears the drawing.
func (l *live) draw(done <-chan struct{}) {
	const pace = 100 * time.Millisecond
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	l.redraw(l.lines(time.Now()))
	for {
		select {
		case <-done:
			l.redraw(nil)
			return
		case now := <-ticker.C:
			l.redraw(l.lines(now))
		}
	}
}

// redraw goes up over the last drawing, clears it and writes the new one.
func (l *live) redraw(lines []string) {
	var b strings.Builder
	if l.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r\x1b[J", l.drawn)
	}
	for _, s := range lines {
		b.WriteString(cut(s, l.columns-1))
		b.WriteByte('\n')
	}
	l.drawn = len(lines)
	// Progress that cannot be shown is no reason to end a diagnosis.
	_, _ = io.WriteString(l.out, b.String())
}

func (l *live) lines(now time.Time) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := make([]string, len(l.steps))
	for i, s := range l.steps {
		lines[i] = s.line(now)
	}
	return lines
}

func (s liveStep) line(now time.Time) string {
	mark, text := "·", ""
	switch {
	case s.open > 0:
		mark, text = "…", padded(oneLine(s.note), 40)+seconds(now.Sub(s.began))
	case s.seen:
		mark, text = "✓", padded(oneLine(s.note), 40)+seconds(s.took)
	}
	return strings.TrimRight("  "+padded(mark+" "+strings.ToLower(s.title), textColumn-2)+text, " ")
}

func seconds(d time.Duration) string { return fmt.Sprintf("  %.1f s", d.Seconds()) }
