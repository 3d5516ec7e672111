package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		name, text string
		room       int
		want       []string
	}{
		{"fits", "a few words", 20, []string{"a few words"}},
		{"breaks at spaces", "one two three four", 13, []string{"one two three", "four"}},
		{"counts columns, not bytes", "größe größe größe", 12, []string{"größe größe", "größe"}},
		{"wide letters take two", "日本語 日本語 日本語", 13, []string{"日本語 日本語", "日本語"}},
		{"breaks a long word after a separator", "registry.example.com/acme/app", 24, []string{"registry.example.com/", "acme/app"}},
		{"breaks a long word without one", strings.Repeat("x", 30), 12, []string{strings.Repeat("x", 12), strings.Repeat("x", 12), strings.Repeat("x", 6)}},
		{"nothing", " ", 20, nil},
	} {
		if diff := cmp.Diff(c.want, (&page{}).wrap(c.text, c.room)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("one two three", 12)
	f.Add("日本語/日本語:日本語́ x", 13)
	f.Add("\u0301 a \u0301", 3) // letters that take no column
	f.Add("\xff\xfe "+strings.Repeat("\xff", 40), 5)
	f.Fuzz(func(t *testing.T, text string, room int) {
		lines := (&page{}).wrap(text, room)
		if got, want := strings.Join(lines, ""), strings.Join(strings.Fields(text), ""); strings.ReplaceAll(got, " ", "") != want {
			t.Errorf("wrapping lost something: %q became %q", want, got)
		}
		for _, line := range lines {
			if columns(line) > max(room, 12) {
				t.Errorf("%q is wider than %d", line, room)
			}
		}
	})
}

func TestClock(t *testing.T) {
	now := time.Date(2026, 1, 2, 15, 0, 0, 0, time.Local)
	for _, c := range []struct {
		name string
		at   time.Time
		want string
	}{
		{"today", time.Date(2026, 1, 2, 3, 12, 0, 0, time.Local), "03:12"},
		{"yesterday", time.Date(2026, 1, 1, 23, 59, 0, 0, time.Local), "2026-01-01 23:59"},
		{"never", time.Time{}, ""},
	} {
		if got := clock(c.at, now); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"short", "short"}, {"exactly 10", "exactly 10"}, {"more than 10", "more than…"}, {"日本語日本語", "日本語日…"},
	} {
		if got := cut(c.text, 10); got != c.want {
			t.Errorf("cut(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestVisibleKeepsACommandAsItIs(t *testing.T) {
	const command = "kubectl create secret --docker-password=\"$PASSWORD\" \\\n  | kubectl apply -f -"
	if got := visible(command); got != command {
		t.Errorf("%q became %q", command, got)
	}
	if got := visible("a\x1b[31m\u202e\tb"); got != "a[31mb" {
		t.Errorf("steering characters are left: %q", got)
	}
}
