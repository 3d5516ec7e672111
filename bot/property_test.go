package bot_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// fate plays a random life of an incident and watches over the pages.
type fate struct {
	*shop
	t        *testing.T
	random   *rand.Rand
	desk     running
	id       string
	key      string
	presses  int
	restless time.Time // since when nothing may excuse silence
	crashes  []time.Time
	log      []string
}

// TestNeverSilentNeverTwice plays random events against an incident: at any
// moment, people were called in time unless somebody took it, postponed it or it
// is over; and nobody hears twice of the same repetition of a level unless
// pullfix crashed in between. SEED repeats a life, ROUNDS plays more.
func TestNeverSilentNeverTwice(t *testing.T) {
	seed, lives := uint64(time.Now().UnixNano()), 8
	if more, err := strconv.Atoi(os.Getenv("ROUNDS")); err == nil {
		lives = 10 * more
	}
	if given, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed, lives = given, 1
	}
	t.Logf("SEED=%d and the %d after it", seed, lives-1)
	for n := range uint64(max(lives, 0)) {
		synctest.Test(t, func(t *testing.T) {
			f := &fate{shop: newShop(), t: t, random: rand.New(rand.NewPCG(seed+n, 0))}
			f.poll = time.Minute
			f.policy.Levels = []time.Duration{40 * time.Minute, time.Hour}
			leads := everybody()
			leads.Name, leads.Level, leads.Targets = "leads", 2, []string{"other"}
			f.policy.Routes = append(f.policy.Routes, leads)
			f.live()
			if t.Failed() {
				t.Fatalf("SEED=%d\n%v", seed+n, f.log)
			}
		})
	}
}

func (f *fate) live() {
	f.desk = f.start(f.t)
	f.id = ask(f.t, f.desk.Desk, ann)
	f.key = f.incident(f.t, f.id).Keys[0]
	f.restless = time.Now()
	for range 80 {
		f.step()
		f.judge()
	}
	f.set(func() { clear(f.fail); f.pageSlow, f.saveSlow = 0, 0 })
	time.Sleep(2 * time.Minute)
	f.press(bot.CloseIt)
	time.Sleep(2 * time.Minute)
	synctest.Wait()
	if i := f.incident(f.t, f.id); !i.State.Over() || len(i.Outbox) != 0 {
		f.t.Errorf("at the end: %s, outbox %+v", i.State, i.Outbox)
	}
	if pages := f.see().pages; len(pages) > 0 && pages[len(pages)-1].Action != bot.PageResolve {
		f.t.Errorf("the last page is %+v", pages[len(pages)-1])
	}
	f.desk.stop(f.t)
}

// step does something, or lets time pass.
func (f *fate) step() {
	switch n := f.random.IntN(20); {
	case n < 9:
		f.note("time")
		time.Sleep(time.Duration(f.random.Int64N(int64(8 * time.Minute))))
	case n < 10:
		f.press(bot.Acknowledge)
	case n < 12:
		f.press(bot.Snooze)
	case n < 13:
		f.press(bot.CloseIt)
		f.press(bot.Reopen)
	case n < 15:
		f.press(bot.Reopen)
	case n < 16:
		f.toggle("save")
	case n < 17:
		f.toggle([]string{"page", "call", "show", "recovery", "diagnose"}[f.random.IntN(5)])
	case n < 18:
		f.note("counted")
		ctx, cancel := context.WithTimeout(f.t.Context(), time.Second)
		_ = f.desk.Count(ctx, f.key, runbook.Scope{Pods: f.random.IntN(60), Namespaces: f.random.IntN(8)})
		cancel()
	default:
		f.restart(n == 18)
	}
	synctest.Wait()
}

func (f *fate) press(b bot.Button) {
	f.presses++
	p := bot.Press{Key: fmt.Sprint(f.presses), Person: bob, Incident: f.id, Button: b, Reason: "a reason"}
	p.Place = bot.Place{Team: "T1", Channel: "C1", Message: "m-" + f.id}
	f.note(fmt.Sprintf("%s: %v", b, f.desk.Press(f.t.Context(), p)))
	synctest.Wait()
	f.restless = time.Now()
}

func (f *fate) toggle(what string) {
	f.set(func() {
		if f.fail[what] == nil {
			f.fail[what] = errDown
		} else {
			delete(f.fail, what)
		}
	})
	f.restless = time.Now()
	f.note(fmt.Sprintf("%s fails: %v", what, f.failing(what)))
}

// restart ends the desk and begins another one; in a crash nothing is recorded
// any more.
func (f *fate) restart(crash bool) {
	f.note(fmt.Sprintf("restart, crash %v", crash))
	was := f.failing("save")
	if crash {
		f.set(func() { f.fail["save"] = errDown })
	}
	f.desk.stop(f.t)
	f.set(func() { f.fail["save"] = was })
	f.crashes = append(f.crashes, time.Now())
	time.Sleep(time.Duration(f.random.Int64N(int64(15 * time.Minute))))
	f.desk = f.start(f.t)
	synctest.Wait()
	f.restless = time.Now()
}

func (f *fate) note(what string) {
	f.log = append(f.log, fmt.Sprintf("%s %s\n", time.Now().Format("15:04:05.000"), what))
}

// judge checks the pages so far.
func (f *fate) judge() {
	f.t.Helper()
	type call struct {
		at    time.Time
		level int
		why   bot.Condition
	}
	last, said := f.restless, map[call]time.Time{}
	for _, p := range f.delivered() {
		if p.page.Action != bot.PageTrigger {
			continue
		}
		if p.page.Key != bot.PageKey(f.id) {
			f.t.Errorf("key %q", p.page.Key)
		}
		c := call{p.page.At, p.page.Level, p.page.Condition}
		if before, twice := said[c]; twice && !f.crashed(before, p.at) {
			f.t.Errorf("%s level %d of %s was told at %s and at %s", f.id, c.level, c.at, before, p.at)
		}
		said[c] = p.at
		if p.at.After(last) {
			last = p.at
		}
	}
	i := f.incident(f.t, f.id)
	if i.State.Over() || i.Acknowledged != nil || f.failing("page") != nil {
		return
	}
	due := last.Add(f.policy.After)
	if i.Snoozed != nil && i.Snoozed.Until.After(due) {
		due = i.Snoozed.Until
	}
	if late := time.Since(due); late > 35*time.Second {
		f.t.Errorf("late by %s at %s, though it is %s since %s", late, time.Now().Format("15:04:05"), i.State, i.Opened.Format("15:04:05"))
	}
}

func (f *fate) crashed(from, to time.Time) bool {
	for _, at := range f.crashes {
		if !at.Before(from) && !at.After(to) {
			return true
		}
	}
	return false
}
