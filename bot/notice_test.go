package bot_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

func (s *shop) EndedSince(_ context.Context, moment time.Time) ([]bot.Incident, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []bot.Incident
	for _, i := range s.documents {
		if i.State.Over() && i.Ending != nil && !i.Ending.At.Before(moment) {
			list = append(list, i)
		}
	}
	return list, s.fail["archive"]
}

func (s *shop) Room(_ runbook.Target, v runbook.Verdict) bot.Place {
	if v.Severity == runbook.P1 {
		return bot.Place{Team: "T1", Channel: "C1"}
	}
	return bot.Place{}
}

func noticed(pod string) bot.Noticed {
	return bot.Noticed{
		Key: bot.NoticedKey("prod", "TagNotFound reg/app:v2"), Since: time.Now(), Reason: "noticed: 3 pods wait",
		Target: runbook.Target{Cluster: "prod", Namespace: "shop", Kind: "Pod", Name: pod},
	}
}

func notice(t *testing.T, d *bot.Desk, n bot.Noticed) string {
	t.Helper()
	id, err := d.Notice(t.Context(), n)
	if err != nil {
		t.Fatalf("Notice: %v", err)
	}
	synctest.Wait()
	return id
}

func (s *shop) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.documents)
}

// heal lets the incident's pods recover, and waits until that is proven.
func (s *shop) heal(t *testing.T, id string) {
	t.Helper()
	s.set(func() { s.over = true })
	time.Sleep(2 * time.Minute)
	synctest.Wait()
	if i := s.incident(t, id); i.State != bot.Resolved {
		t.Fatalf("not resolved: %s", i.State)
	}
	s.set(func() { s.over = false })
}

// TestNoticedUnasked: nothing is shown before there is something to say, the
// same notice is the same incident, and four eyes are two approvers.
func TestNoticedUnasked(t *testing.T) {
	s := newShop()
	s.slowLook = 5 * time.Second
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := notice(t, d, noticed("web-1"))
		if len(s.see().shown) != 0 {
			t.Error("shown before there is a verdict")
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		i := s.incident(t, id)
		if i.State != bot.Open || i.Place.Channel != "C1" || len(s.see().shown) == 0 || i.Asked != (bot.Person{}) {
			t.Fatalf("%s at %+v, shown %d times", i.State, i.Place, len(s.see().shown))
		}
		if again := notice(t, d, noticed("web-2")); again != id || s.count() != 1 {
			t.Errorf("noticed again: %s, %d incidents", again, s.count())
		}
		for n, by := range []bot.Person{ann, bob} {
			if err := press(t, d, s, bot.Press{Key: by.ID, Person: by, Incident: id, Button: bot.Approve}); err != nil {
				t.Fatal(err)
			}
			if changes := len(s.see().changes); changes != n {
				t.Errorf("%d changes after %d approvals", changes, n+1)
			}
		}
		joined := ask(t, d, ann)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if i := s.incident(t, joined); i.Ending == nil || i.Ending.Resolution != "joins "+id {
			t.Errorf("an ask about what is noticed does not join: %s %+v", i.State, i.Ending)
		}
	})
}

// TestWhatIsNothingStaysQuiet: a notice that turns out to be nothing is shown to
// nobody, and is no news for a while.
func TestWhatIsNothingStaysQuiet(t *testing.T) {
	s := newShop()
	s.verdict = runbook.Verdict{Namespace: "shop", Diagnosis: runbook.Diagnosis{Cause: cause.None, Summary: "shop/web-1 pulls fine"}}
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		id := notice(t, d, noticed("web-1"))
		if _, err := d.Notice(t.Context(), noticed("web-1")); !errors.Is(err, bot.ErrLeftAlone) {
			t.Errorf("noticed again at once: %v", err)
		}
		time.Sleep(11 * time.Minute)
		if again := notice(t, d, noticed("web-1")); again != id {
			t.Errorf("a new incident %s", again)
		}
		if seen := s.see(); len(seen.shown)+len(seen.told) != 0 {
			t.Errorf("shown %d, told %v", len(seen.shown), seen.told)
		}
	})
}

// TestWithoutARoomItStillPages: what is shown nowhere is an incident all the same.
func TestWithoutARoomItStillPages(t *testing.T) {
	s := newShop()
	s.verdict.Severity = runbook.P2
	s.policy.Routes[0].Pages = []string{runbook.P1, runbook.P2}
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		notice(t, d, noticed("web-1"))
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		if seen := s.see(); len(seen.shown)+len(seen.told) != 0 || len(seen.pages) != 1 {
			t.Errorf("shown %d, told %v, pages %d", len(seen.shown), seen.told, len(seen.pages))
		}
	})
}

// TestOneRootCauseUnderTwoNames: the kubelets' words may differ; what is proven
// decides, and the second name leads to the incident from then on.
func TestOneRootCauseUnderTwoNames(t *testing.T) {
	s := newShop()
	var first string
	other := noticed("web-2")
	other.Key = bot.NoticedKey("prod", "BackOffOnly reg/app:v2")
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		first = notice(t, d, noticed("web-1"))
		if second := notice(t, d, other); second == first || s.incident(t, second).Ending.Resolution != "joins "+first {
			t.Fatalf("second %s", second)
		}
		if again := notice(t, d, other); again != first {
			t.Errorf("the second name leads to %s", again)
		}
		if err := d.Count(t.Context(), other.Key, runbook.Scope{Pods: 50, Namespaces: 2}); err != nil {
			t.Error(err)
		}
	})
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		if again := notice(t, d, other); again != first || s.count() != 2 {
			t.Errorf("after a restart: %s, %d incidents", again, s.count())
		}
	})
}

// TestItComesBackWithinTheHour: the same thread goes on with what is left of its time,
// also over a restart; later it is a new incident.
func TestItComesBackWithinTheHour(t *testing.T) {
	s := newShop()
	var first string
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		first = notice(t, d, noticed("web-1"))
		s.heal(t, first)
		time.Sleep(57 * time.Minute)
		if again := notice(t, d, noticed("web-2")); again != first {
			t.Fatalf("a new incident %s", again)
		}
		i := s.incident(t, first)
		if i.State != bot.Open || i.Target.Name != "web-2" || time.Until(i.Deadline) != 20*time.Minute-i.Spent || i.Spent > time.Minute || i.Ending != nil {
			t.Errorf("back: %s about %s, escalates in %s", i.State, i.Target.Name, time.Until(i.Deadline))
		}
		if told := s.see().told; !told[len(told)-1].Broadcast || !strings.Contains(told[len(told)-1].Text, "It is back") {
			t.Errorf("told %+v", told[len(told)-1])
		}
		s.heal(t, first)
	})
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		if again := notice(t, d, noticed("web-3")); again != first {
			t.Fatalf("after a restart: a new incident %s", again)
		}
		s.heal(t, first)
		time.Sleep(time.Hour)
		if again := notice(t, d, noticed("web-4")); again == first {
			t.Error("after more than an hour it is the same incident")
		}
	})
}

// TestAnAskBringsAResolvedIncidentBack: whoever asks about a root cause that was
// resolved lately joins its incident, which goes on.
func TestAnAskBringsAResolvedIncidentBack(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		first := notice(t, d, noticed("web-1"))
		s.heal(t, first)
		second := ask(t, d, ann)
		if i := s.incident(t, second); i.Ending == nil || i.Ending.Resolution != "joins "+first {
			t.Errorf("the ask: %s %+v", i.State, i.Ending)
		}
		if i := s.incident(t, first); i.State != bot.Open {
			t.Errorf("the first: %s", i.State)
		}
	})
}

// TestClosedByHandStaysClosed while nothing new fails.
func TestClosedByHandStaysClosed(t *testing.T) {
	s := newShop()
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		n := noticed("web-1")
		id := notice(t, d, n)
		time.Sleep(time.Minute)
		if err := press(t, d, s, bot.Press{Key: "c", Person: bob, Incident: id, Button: bot.CloseIt, Reason: "known"}); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Notice(t.Context(), n); !errors.Is(err, bot.ErrLeftAlone) {
			t.Errorf("what was closed is opened again: %v", err)
		}
		time.Sleep(time.Minute)
		if again := notice(t, d, noticed("web-2")); again != id || s.incident(t, id).State != bot.Open {
			t.Errorf("a new failure: %s, %s", again, s.incident(t, id).State)
		}
	})
}

// TestTheDigestIsToldOnce and never pages.
func TestTheDigestIsToldOnce(t *testing.T) {
	s := newShop()
	digest := bot.Digest{ID: "digest-prod", Place: bot.Place{Team: "T1", Channel: "C1"}, Text: "12 pods failed before"}
	for range 2 {
		live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
			for range 2 {
				if err := d.Digest(t.Context(), digest); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
			}
			time.Sleep(time.Hour)
			synctest.Wait()
		})
	}
	if seen := s.see(); len(seen.shown) != 1 || seen.shown[0].Ending.Resolution != digest.Text || len(seen.pages)+len(seen.told) != 0 {
		t.Errorf("shown %d, pages %d, told %v", len(seen.shown), len(seen.pages), seen.told)
	}
}

// TestStormsLeaveRoomForPeople: many notices at once keep nobody waiting who asks.
func TestStormsLeaveRoomForPeople(t *testing.T) {
	s := newShop()
	s.slowLook = time.Minute
	live(t, s, rules(), func(t *testing.T, d *bot.Desk) {
		for n := range 20 {
			more := noticed("web-1")
			more.Key += string(rune('a' + n))
			notice(t, d, more)
		}
		id := ask(t, d, ann)
		time.Sleep(time.Minute)
		synctest.Wait()
		if i := s.incident(t, id); i.State == bot.Diagnosing {
			t.Error("an ask waits for what nobody asked for")
		}
	})
}
