package slackbot

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"github.com/pullfix/pullfix/bot"
)

func TestLaneLetsOneThroughASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLane(time.Second, 1)
		begin := time.Now()
		for n := range 4 {
			if err := l.turn(t.Context(), ordinary); err != nil {
				t.Fatal(err)
			}
			if got, want := time.Since(begin), time.Duration(n)*time.Second; got != want {
				t.Errorf("turn %d after %s, want %s", n, got, want)
			}
		}
	})
}

func TestUrgentGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLane(time.Second, 1)
		order := make(chan string, 20)
		wait := func(name string, r rank) {
			go func() {
				if l.turn(t.Context(), r) == nil {
					order <- name
				}
			}()
			synctest.Wait()
		}
		wait("evidence", patient)
		wait("evidence", patient)
		for range 10 {
			wait("drawing", ordinary)
		}
		wait("escalation", urgent)
		time.Sleep(time.Second)
		synctest.Wait()
		if first, second := <-order, <-order; first != "evidence" || second != "escalation" {
			t.Errorf("%s, then %s; the escalation waits behind drawings", first, second)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if third := <-order; third != "drawing" {
			t.Errorf("%s before a drawing that somebody waits for", third)
		}
	})
}

func TestLimitHoldsOnlyItsLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := newLanes(time.Second, 1)
		begin, calls := time.Now(), 0
		done := make(chan time.Duration)
		go func() {
			err := all.of("C1").through(t.Context(), ordinary, func(context.Context) error {
				if calls++; calls == 1 {
					return &slack.RateLimitedError{RetryAfter: 37 * time.Second}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			done <- time.Since(begin)
		}()
		synctest.Wait()
		if err := all.of("C2").through(t.Context(), ordinary, func(context.Context) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("another channel waited %s", took)
		}
		if took := <-done; took != 37*time.Second || calls != 2 {
			t.Errorf("%d calls, the second after %s; want exactly 37 s", calls, took)
		}
	})
}

func TestWhoLeavesTheLaneIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLane(time.Minute, 1)
		if err := l.turn(t.Context(), ordinary); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.turn(ctx, ordinary); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		time.Sleep(2 * time.Minute)
		if !l.idle() || l.first() != nil {
			t.Error("somebody still waits")
		}
	})
}

func TestOpeningsAreSpacedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &spacing{}
		last := time.Now()
		for n := range 10 {
			if err := s.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.hello() // and Slack closes it at once
			gap, least := time.Since(last), min(time.Duration(1<<n)*time.Second, time.Minute)
			if n > 0 && (gap < least || gap > least*5/4) {
				t.Errorf("opening %d after %s, want %s and a quarter at most", n, gap, least)
			}
			last = time.Now()
		}
		if s.opened() != 10 {
			t.Errorf("%d openings counted", s.opened())
		}
	})
}

func TestSpacingBeginsAnewAfterAStableMinute(t *testing.T) {
	for _, row := range []struct {
		connected time.Duration
		anew      bool
	}{{time.Minute - time.Nanosecond, false}, {time.Minute, true}, {5 * time.Hour, true}} {
		synctest.Test(t, func(t *testing.T) {
			s := &spacing{}
			for range 8 {
				if err := s.wait(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			s.hello()
			time.Sleep(row.connected)
			begin := time.Now()
			if err := s.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if anew := time.Since(begin) == 0 && s.pause == firstOpening; anew != row.anew {
				t.Errorf("after %s connected: waited %s, pause %s", row.connected, time.Since(begin), s.pause)
			}
		})
	}
}

func TestSpacingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &spacing{}
		if err := s.wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.wait(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestMemoryForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory[int](time.Minute, 3)
		m.put("a", 1)
		time.Sleep(time.Minute - time.Nanosecond)
		if v, ok := m.get("a"); !ok || v != 1 || m.first("a", 2) {
			t.Error("forgotten too early")
		}
		time.Sleep(time.Nanosecond)
		if _, ok := m.get("a"); ok || !m.first("a", 2) {
			t.Error("not forgotten")
		}
		for _, key := range []string{"b", "c", "d"} {
			m.put(key, 0)
		}
		if _, ok := m.get("a"); ok || len(m.items) != 3 || len(m.order) != 3 {
			t.Errorf("%d items", len(m.items))
		}
		m.forget("b")
		m.put("b", 7)
		if v, ok := m.get("b"); !ok || v != 7 || len(m.order) != 3 {
			t.Error("what is put again is lost")
		}
	})
}

func TestNewestDrawingWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := easel{waiting: make(map[string]*sketch), last: make(map[string]*sketch)}
		var drawn []int
		draw := func(_ context.Context, s *sketch) (bot.Place, error) {
			time.Sleep(time.Second) // waits for its turn
			drawn = append(drawn, e.take(s).Sequence)
			time.Sleep(time.Second) // is being sent
			return bot.Place{Message: "1"}, nil
		}
		show := func(sequence int) {
			go func() {
				if place, err := e.show(t.Context(), bot.Incident{ID: "i", Sequence: sequence}, draw); err != nil || place.Message != "1" {
					t.Error(place, err)
				}
			}()
			synctest.Wait()
		}
		for n := range 100 {
			show(n)
		}
		time.Sleep(time.Second + time.Millisecond)
		for _, n := range []int{102, 101, 100} {
			show(n)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(drawn) != 2 || drawn[0] != 99 || drawn[1] != 102 {
			t.Errorf("drawn %v, want the newest of each: 99, 102", drawn)
		}
		if len(e.waiting)+len(e.last) != 0 {
			t.Error("drawings are left over")
		}
	})
}
