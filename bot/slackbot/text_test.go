package slackbot

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pullfix/pullfix/bot"
)

func TestQuote(t *testing.T) {
	for _, row := range []struct {
		in   string
		n    int
		want markup
	}{
		{"a & b <c>", 100, "a &amp; b &lt;c&gt;"},
		{"<!channel> <@U1>", 100, "&lt;!channel&gt; &lt;@U1&gt;"},
		{"already &lt;", 100, "already &amp;lt;"},
		{"```x```", 100, "'''x'''"},
		{"abcdef", 5, "abcd…"},
		{"abcd<f", 8, "abcd…"},
		{"ab&", 7, "ab&amp;"},
		{"äöü", 2, "ä…"},
		{"one\ntwo\x1b[31m", 100, "one two"},
		{"", 5, ""},
		{"x", 0, ""},
	} {
		if got := quote(row.in, row.n); got != row.want {
			t.Errorf("quote(%q, %d) = %q, want %q", row.in, row.n, got, row.want)
		}
	}
}

func FuzzQuote(f *testing.F) {
	f.Add(evil, 20)
	f.Add("a&<>`", 3)
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = min(max(n, 3), 3000)
		for _, got := range []markup{quote(s, n), code(s, n+2), fence([]string{s, s}, n+40), said(s, n, func(string) bool { return false })} {
			text := string(got)
			if size := utf8.RuneCountInString(text); size > n+40 {
				t.Errorf("%d characters of %d in %q", size, n, text)
			}
			if strings.ContainsAny(text, "<>") {
				t.Errorf("markup in %q", text)
			}
			rest := strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(text)
			if strings.Contains(rest, "&") {
				t.Errorf("half an escape in %q", text)
			}
		}
	})
}

func TestJoinCountsWhatIsLeftOut(t *testing.T) {
	parts := []markup{"aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc", "dddddddddd"}
	for room, want := range map[int]markup{
		100: "aaaaaaaaaa, bbbbbbbbbb, cccccccccc, dddddddddd",
		46:  "aaaaaaaaaa, bbbbbbbbbb, and 2 more",
		40:  "aaaaaaaaaa, and 3 more",
	} {
		if got := join(", ", room, parts); got != want || utf8.RuneCountInString(string(got)) > room {
			t.Errorf("join in %d = %q, want %q", room, got, want)
		}
	}
}

func TestSaidKeepsOnlyKnownPeople(t *testing.T) {
	known := func(id string) bool { return id == "U02BOB" || id == "S01" }
	got := said("Done by <@U02BOB>, not <@U0VICTIM>; ask <!subteam^S01> <!subteam^S0ALL> <!channel>", 500, known)
	want := markup("Done by <@U02BOB>, not &lt;@U0VICTIM&gt;; ask <!subteam^S01> &lt;!subteam^S0ALL&gt; &lt;!channel&gt;")
	if got != want {
		t.Errorf("%q", got)
	}
	for n := range 120 {
		if text := said("<@U02BOB> & <@U02BOB> < <!subteam^S01>", n, known); utf8.RuneCountInString(string(text)) > n {
			t.Errorf("%q is longer than %d", text, n)
		}
	}
}

func TestClock(t *testing.T) {
	for at, want := range map[time.Time]markup{
		night:                      "<!date^1795317120^{time}|03:12 UTC>",
		night.Add(13 * time.Hour):  "<!date^1795363920^{date_short_pretty} {time}|2026-11-22 16:12 UTC>",
		night.Add(-12 * time.Hour): "<!date^1795273920^{time}|15:12 UTC>",
		night.Add(-24 * time.Hour): "<!date^1795230720^{date_short_pretty} {time}|2026-11-21 03:12 UTC>",
		{}:                         "an unknown time",
	} {
		if got := clock(at, night); got != want {
			t.Errorf("clock(%s) = %q, want %q", at, got, want)
		}
	}
}

func TestFenceShowsALongCommandWhole(t *testing.T) {
	command := "kubectl run " + strings.Repeat("x", 600)
	if got := fence([]string{command}, roomCommand); !strings.Contains(string(got), command) {
		t.Errorf("%q", got)
	}
}

func TestTokensHide(t *testing.T) {
	o := Options{BotToken: "xoxb-MARKER", AppToken: "xapp-MARKER"}
	printed := []string{string(encoded(t, map[string]any{"t": o.BotToken}))}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		printed = append(printed, sprintf(verb, o), sprintf(verb, o.BotToken), sprintf(verb, &o))
	}
	for _, s := range printed {
		if strings.Contains(s, "MARKER") || strings.Contains(s, "4d41524b4552") {
			t.Errorf("a token in %q", s)
		}
	}
}

func TestParsePressed(t *testing.T) {
	for _, row := range []struct {
		action, value string
		want          pressed
		ok            bool
	}{
		{"pullfix.approve", "approve:i-1:rollback-2", pressed{bot.Approve, "i-1", "rollback-2"}, true},
		{"pullfix.more", "approve:i-1:rollback", pressed{bot.Approve, "i-1", "rollback"}, true},
		{"pullfix.more", "close:i-1", pressed{bot.CloseIt, "i-1", ""}, true},
		{"pullfix.again", "again:i-1", pressed{bot.Again, "i-1", ""}, true},
		{"pullfix.again", "approve:i-1:rollback", pressed{}, false}, // the action says what it is
		{"pullfix.approve", "approve:i-1", pressed{}, false},
		{"pullfix.again", "again:i-1:rollback", pressed{}, false},
		{"pullfix.kubectl", "kubectl:delete", pressed{}, false},
		{"pullfix.again", "again:../../etc", pressed{}, false},
		{"other", "again:i-1", pressed{}, false},
		{"", "", pressed{}, false},
	} {
		got, ok := parsePressed(row.action, row.value)
		if ok != row.ok || (ok && got != row.want) {
			t.Errorf("parsePressed(%q, %q) = %+v, %t", row.action, row.value, got, ok)
		}
	}
}

func FuzzParsePressed(f *testing.F) {
	f.Add("pullfix.approve", "approve:i-1:rollback")
	f.Add("pullfix.more", "close:i-1")
	f.Fuzz(func(t *testing.T, action, value string) {
		if p, ok := parsePressed(action, value); ok && p.value() != value && p.value()+":" != value {
			t.Errorf("%q became %q", value, p.value())
		}
	})
}

func sprintf(verb string, v any) string { return fmt.Sprintf(verb, v) }
