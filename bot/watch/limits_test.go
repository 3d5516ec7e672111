package watch_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/watch"
	"github.com/pullfix/pullfix/runbook"
)

// TestADeskThatRefuses is asked again.
func TestADeskThatRefuses(t *testing.T) {
	w := newWorld()
	w.refuse = errDown
	live(t, w, func(t *testing.T, _ *watch.Watch) {
		w.set(func() { w.failing = []runbook.FailingPull{missingTag("shop", "web-1")} })
		pass(3 * time.Minute)
		w.set(func() { w.refuse = nil })
		pass(30 * time.Second)
		if len(w.noticed()) != 1 {
			t.Errorf("noticed %+v", w.noticed())
		}
	})
}

// TestMemoryGrowsWithWhatFailsOnly: 20,000 failing pods fit, and more are cut.
func TestMemoryGrowsWithWhatFailsOnly(t *testing.T) {
	w := newWorld()
	live(t, w, func(t *testing.T, o *watch.Watch) {
		word := strings.Repeat("x ", 150) + notFound(image)
		w.set(func() {
			w.failing = many(25000, func(n int) runbook.FailingPull { return pod("shop", fmt.Sprintf("web-%d", n), image, word) })
		})
		pass(30 * time.Second)
		w.set(func() { w.failing = nil; w.err = errDown })
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if h := o.Health(); h.Failing != 20000 {
			t.Errorf("%d failing", h.Failing)
		}
		if m.HeapAlloc > 64<<20 {
			t.Errorf("%d MiB", m.HeapAlloc>>20)
		}
	})
}

func TestOptionsAreChecked(t *testing.T) {
	w := newWorld()
	if _, err := watch.New(watch.Options{Cluster: w, Desk: w}); err == nil {
		t.Error("no log, and it is taken")
	}
	var _ watch.Desk = (*bot.Desk)(nil)
}
