package watch_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot/watch"
	"github.com/pullfix/pullfix/runbook"
)

// TestItSettlesFirst: nothing a nanosecond before the window ends, a notice at
// the next look; and what heals meanwhile begins anew.
func TestItSettlesFirst(t *testing.T) {
	w := newWorld()
	live(t, w, func(t *testing.T, _ *watch.Watch) {
		w.set(func() { w.failing = []runbook.FailingPull{missingTag("shop", "web-1")} })
		pass(30 * time.Second) // first seen
		pass(30 * time.Second)
		w.set(func() { w.failing = nil })
		pass(30 * time.Second) // healed
		w.set(func() { w.failing = []runbook.FailingPull{missingTag("shop", "web-1")} })
		pass(30 * time.Second) // seen again
		pass(time.Minute - time.Nanosecond)
		if n := len(w.noticed()); n != 0 {
			t.Fatalf("%d notices before it settled", n)
		}
		pass(time.Nanosecond)
		if list := w.noticed(); len(list) != 1 || list[0].Target.Name != "web-1" || list[0].Target.Cluster != "prod" {
			t.Errorf("noticed %+v", list)
		}
	})
}

// TestFiftyPodsAreACount: one notice for fifty pods in two namespaces, and the
// rest is counted.
func TestFiftyPodsAreACount(t *testing.T) {
	w := newWorld()
	live(t, w, func(t *testing.T, _ *watch.Watch) {
		w.set(func() {
			w.failing = many(50, func(n int) runbook.FailingPull {
				return missingTag([]string{"shop", "web"}[n%2], fmt.Sprintf("web-%d", n))
			})
		})
		pass(10 * time.Minute)
		list := w.noticed()
		if len(list) != 1 || !strings.Contains(list[0].Reason, "50 pods in 2 namespaces") {
			t.Fatalf("noticed %+v", list)
		}
		if got := w.counts[list[0].Key]; got != (runbook.Scope{Pods: 50, Namespaces: 2}) {
			t.Errorf("counted %+v", got)
		}
		w.set(func() { w.failing = append(w.failing, missingTag("third", "web-51")) })
		pass(30 * time.Second)
		if got := w.counts[list[0].Key]; got != (runbook.Scope{Pods: 51, Namespaces: 3}) {
			t.Errorf("it spreads: %+v", got)
		}
	})
}

// TestEventsAreFollowedSeldom, and what they led to is counted between.
func TestEventsAreFollowedSeldom(t *testing.T) {
	w := newWorld()
	live(t, w, func(t *testing.T, _ *watch.Watch) {
		w.set(func() {
			ran := missingTag("shop", "old-1")
			ran.Ran = true
			w.failing = []runbook.FailingPull{ran, missingTag("shop", "web-1")}
		})
		pass(11 * time.Minute)
		with := 0
		for _, events := range w.looks {
			if events {
				with++
			}
		}
		if with != 3 || len(w.looks) != 23 {
			t.Errorf("%d looks, %d with events", len(w.looks), with)
		}
		if got := w.counts[w.noticed()[0].Key]; got.Pods != 2 {
			t.Errorf("counted %+v", got)
		}
	})
}

// TestNoNoticeRestsOnAnOldLook: what the newest look did not see itself may be
// healed, and opens nothing.
func TestNoNoticeRestsOnAnOldLook(t *testing.T) {
	w := newWorld()
	ran := missingTag("shop", "old-1")
	ran.Ran, ran.Since = true, time.Now().Add(100*365*24*time.Hour)
	w.failing = []runbook.FailingPull{ran}
	live(t, w, func(t *testing.T, _ *watch.Watch) {
		pass(5*time.Minute - time.Second)
		if n := len(w.noticed()); n != 0 {
			t.Errorf("%d notices of what one look saw", n)
		}
		pass(time.Second)
		if n := len(w.noticed()); n != 1 {
			t.Errorf("%d notices once it is seen again", n)
		}
	})
}

// TestWhatFailedBefore goes into one digest and opens nothing, also when its
// controller makes the pod anew; once healed it is news again.
func TestWhatFailedBefore(t *testing.T) {
	w := newWorld()
	synctest.Test(t, func(t *testing.T) {
		first := time.Now()
		old := missingTag("shop", "web-1")
		old.Since = first.Add(-time.Hour)
		w.failing = []runbook.FailingPull{old}
		run(t, w, first, func(t *testing.T, _ *watch.Watch) {
			pass(10 * time.Minute)
			w.set(func() { w.failing = []runbook.FailingPull{missingTag("shop", "web-2")} })
			pass(10 * time.Minute)
			if len(w.noticed()) != 0 || len(w.digests) != 1 || !strings.Contains(w.digests[0].Text, "1 pod in 1 namespace on prod") || w.digests[0].Place.Channel != "C1" {
				t.Fatalf("noticed %+v, digests %+v", w.noticed(), w.digests)
			}
			w.set(func() { w.failing = nil })
			pass(6 * time.Minute)
			w.set(func() { w.failing = []runbook.FailingPull{missingTag("shop", "web-3")} })
			pass(3 * time.Minute)
			if len(w.noticed()) != 1 {
				t.Errorf("failing anew: noticed %+v", w.noticed())
			}
		})
		// After a restart the digest is the same one: the desk tells it once.
		w.failing = []runbook.FailingPull{old}
		run(t, w, first, func(*testing.T, *watch.Watch) { pass(time.Minute) })
		if len(w.digests) != 2 || w.digests[0].ID != w.digests[1].ID {
			t.Errorf("digests %+v", w.digests)
		}
	})
}

// TestOptOut: by the pod's own annotation, its workload's or its namespace's; one
// that does not ask for it stands for the group.
func TestOptOut(t *testing.T) {
	w := newWorld()
	w.ignored["quiet/"], w.ignored["shop/ReplicaSet/web"] = true, true
	live(t, w, func(t *testing.T, _ *watch.Watch) {
		w.set(func() {
			itself := missingTag("shop", "own-1")
			itself.Ignored = true
			w.failing = []runbook.FailingPull{itself, missingTag("quiet", "any-1"), missingTag("shop", "web-1"), missingTag("shop", "web-2")}
		})
		pass(5 * time.Minute)
		if len(w.noticed()) != 0 {
			t.Fatalf("noticed %+v", w.noticed())
		}
		if w.asked > 3 {
			t.Errorf("asked %d times within minutes", w.asked)
		}
		w.set(func() { w.failing = append(w.failing, missingTag("shop", "xyz-1")) })
		pass(time.Minute)
		list := w.noticed()
		if len(list) != 1 || list[0].Target.Name != "xyz-1" || !strings.Contains(list[0].Reason, "1 pod in 1 namespace") {
			t.Fatalf("noticed %+v", list)
		}
		w.set(func() { delete(w.ignored, "quiet/"); w.open = map[string]string{}; w.failing = w.failing[:2] })
		pass(12 * time.Minute)
		if list := w.noticed(); len(list) != 2 || list[1].Target.Name != "any-1" {
			t.Errorf("after the annotation is gone: %+v", list)
		}
	})
}

// TestTheRateIsBounded: a cluster that breaks at once is diagnosed step by step,
// what is widest first.
func TestTheRateIsBounded(t *testing.T) {
	w := newWorld()
	live(t, w, func(t *testing.T, _ *watch.Watch) {
		w.set(func() {
			w.failing = many(40, func(n int) runbook.FailingPull {
				other := fmt.Sprintf("reg.example/app-%d:v1", n/2*2%38)
				return pod("shop", fmt.Sprintf("pod-%d", n), other, notFound(other))
			})
		})
		pass(90 * time.Second)
		if n := len(w.noticed()); n != 6 {
			t.Errorf("%d notices in the first minute", n)
		}
		if first := w.noticed()[0]; !strings.Contains(first.Reason, "4 pods") {
			t.Errorf("not the widest first: %s", first.Reason)
		}
		pass(4 * time.Minute)
		if n := len(w.noticed()); n != 19 {
			t.Errorf("%d notices in the end", n)
		}
	})
}

// TestACauseHiddenByBackOff: an older kubelet says the cause only for a moment.
func TestACauseHiddenByBackOff(t *testing.T) {
	w := newWorld()
	live(t, w, func(t *testing.T, _ *watch.Watch) {
		w.set(func() { w.failing = []runbook.FailingPull{missingTag("shop", "web-1")} })
		pass(30 * time.Second)
		w.set(func() {
			w.failing[0].Reason, w.failing[0].Message = "ImagePullBackOff", `Back-off pulling image "`+image+`"`
		})
		pass(3 * time.Minute)
		if list := w.noticed(); len(list) != 1 || !strings.Contains(list[0].Key, "TagNotFound") {
			t.Errorf("noticed %+v", list)
		}
	})
}

// TestAClusterThatCannotBeRead is a state of its own: nothing is concluded, it is
// said once, and health tells.
func TestAClusterThatCannotBeRead(t *testing.T) {
	w := newWorld()
	live(t, w, func(t *testing.T, o *watch.Watch) {
		w.set(func() { w.failing = []runbook.FailingPull{missingTag("shop", "web-1")} })
		pass(time.Minute)
		w.set(func() { w.err = errDown })
		pass(10 * time.Minute)
		if h := o.Health(); h.Trouble != "down" || h.Failing != 1 || time.Since(h.Since) < 9*time.Minute || h.Looked.IsZero() {
			t.Errorf("health %+v", h)
		}
		if n := strings.Count(w.said(), "cannot be read"); n != 1 {
			t.Errorf("said %d times", n)
		}
		w.set(func() { w.err = nil })
		pass(30 * time.Second)
		if h := o.Health(); h.Trouble != "" || h.Failing != 1 {
			t.Errorf("health %+v", h)
		}
		if len(w.noticed()) != 1 {
			t.Errorf("what settled meanwhile: %+v", w.noticed())
		}
	})
}

// TestAPartialLookProvesNothingGone: it counts nothing, and what it does not see
// is still there.
func TestAPartialLookProvesNothingGone(t *testing.T) {
	w := newWorld()
	live(t, w, func(t *testing.T, _ *watch.Watch) {
		w.set(func() { w.failing = []runbook.FailingPull{missingTag("shop", "web-1"), missingTag("shop", "web-2")} })
		pass(90 * time.Second)
		key := w.noticed()[0].Key
		pass(30 * time.Second)
		w.set(func() { w.partial, w.failing = true, w.failing[:1] })
		pass(5 * time.Minute)
		if got := w.counts[key]; got.Pods != 2 || len(w.noticed()) != 1 {
			t.Errorf("counted %+v, noticed %d", got, len(w.noticed()))
		}
		if n := strings.Count(w.said(), "cannot be seen"); n != 1 {
			t.Errorf("the gap is said %d times", n)
		}
	})
}

// TestARestartOpensNoSecondIncident, and what is left alone costs no turn.
func TestARestartOpensNoSecondIncident(t *testing.T) {
	w := newWorld()
	w.failing = []runbook.FailingPull{}
	for range 2 {
		live(t, w, func(t *testing.T, _ *watch.Watch) {
			w.set(func() { w.failing = []runbook.FailingPull{missingTag("shop", "web-1")} })
			pass(10 * time.Minute)
		})
	}
	if len(w.noticed()) != 1 {
		t.Errorf("noticed %+v", w.noticed())
	}
	live(t, w, func(t *testing.T, _ *watch.Watch) {
		w.set(func() {
			w.alone[w.notices[0].Key], w.open = true, map[string]string{}
			w.failing = append(w.failing, pod("web", "xyz-1", "reg.example/b:v1", notFound("reg.example/b:v1")))
		})
		pass(10 * time.Minute)
		if list := w.noticed(); len(list) != 2 || list[1].Target.Namespace != "web" {
			t.Errorf("noticed %+v", list)
		}
	})
}
