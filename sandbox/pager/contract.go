package pager

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// Page is an example.
func Page(action bot.PageAction) bot.Page {
	return bot.Page{
		Action: action, Key: "pullfix-i1", Incident: "i1", Condition: bot.WhenOverdue, Level: 1, Severity: runbook.P1, Cluster: "eu", Namespace: "shop",
		Cause: "TagNotFound", Registry: "ghcr.io", Text: `P1: a "quoted" sentence`, Details: []string{"one", "two"}, Link: "https://acme.slack.com/archives/C1/p1", At: time.Unix(1767225600, 0),
	}
}

// Contract is what every target has to do, whatever it is: open makes the target
// at an address.
func Contract(t *testing.T, open func(t *testing.T, address string) bot.Pager) {
	t.Helper()
	for _, r := range []struct {
		name     string
		statuses []int
		requests int
		arrives  bool
		refused  bool
	}{
		{"202", []int{202}, 1, true, false},
		{"200", []int{200}, 1, true, false},
		{"400 is not tried again", []int{400}, 1, false, true},
		{"403 is not tried again", []int{403}, 1, false, true},
		{"a redirect is not followed", []int{307}, 1, false, true},
		{"429 is tried again", []int{429, 202}, 2, true, false},
		{"502 is tried again", []int{502, 503, 202}, 3, true, false},
		{"500 for ever", []int{500}, 3, false, false},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s := New(t, r.statuses...)
			err := open(t, s.URL).Page(t.Context(), Page(bot.PageTrigger))
			_, refused := errors.AsType[*bot.PageRefusedError](err)
			if (err == nil) != r.arrives || refused != r.refused || len(s.Came()) != r.requests {
				t.Errorf("%v, refused %v, %d requests", err, refused, len(s.Came()))
			}
			if err != nil && strings.Contains(err.Error(), s.URL) {
				t.Errorf("the address shows: %v", err)
			}
		})
	}
	t.Run("slow", func(t *testing.T) { slow(t, open) })
	t.Run("refuses connections", func(t *testing.T) { closed(t, open) })
}

func slow(t *testing.T, open func(t *testing.T, address string) bot.Pager) {
	t.Parallel()
	s := New(t, 202)
	s.Slow(time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := open(t, s.URL).Page(ctx, Page(bot.PageTrigger))
	if _, refused := errors.AsType[*bot.PageRefusedError](err); err == nil || refused || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

// closed asks a port below the ephemeral ones: one that was just closed may be
// taken again by any server of a test beside.
func closed(t *testing.T, open func(t *testing.T, address string) bot.Pager) {
	t.Parallel()
	err := open(t, "http://127.0.0.1:1").Page(t.Context(), Page(bot.PageTrigger))
	if _, refused := errors.AsType[*bot.PageRefusedError](err); err == nil || refused {
		t.Errorf("nobody listens: %v", err)
	}
}
