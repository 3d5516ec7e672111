package slack_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// payloads are what the app would have got, had it been connected.
func payloads(t *testing.T, w *slack.Workspace) []answer {
	t.Helper()
	var out []answer
	for _, e := range w.Transcript() {
		if e.Kind != "act" {
			continue
		}
		var a answer
		if err := json.Unmarshal([]byte(e.Body), &a); err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}

// inBubble runs the test with a workspace whose time is the bubble's.
func inBubble(t *testing.T, o slack.Options, test func(t *testing.T, w *slack.Workspace, do caller)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := slack.New(o)
		test(t, w, inProcess(w))
	})
}

func TestTriggersLiveThreeSeconds(t *testing.T) {
	view := modal(t, "One", "")
	for wait, want := range map[time.Duration]string{
		0: "ok", 3 * time.Second: "ok", 3*time.Second + time.Nanosecond: "expired_trigger_id",
	} {
		inBubble(t, slack.Options{}, func(t *testing.T, w *slack.Workspace, do caller) {
			if _, err := w.Command(slack.Ann, slack.Ops, "/pullfix x"); err != nil {
				t.Fatal(err)
			}
			trigger := payloads(t, w)[0].text("trigger_id")
			time.Sleep(wait)
			args := map[string]any{"trigger_id": trigger, "view": view}
			if a := call(t, do, api+"views.open", args); a.code() != want {
				t.Errorf("after %s: %v, want %s", wait, a, want)
			}
			args["trigger_id"] = "1.2.3"
			if a := call(t, do, api+"views.open", args); a.code() != "invalid_trigger_id" {
				t.Errorf("a made-up trigger: %v", a)
			}
		})
	}
}

func TestResponseURLsEnd(t *testing.T) {
	link := func(t *testing.T, w *slack.Workspace) string {
		t.Helper()
		w.SetBaseURL("http://127.0.0.1/")
		if _, err := w.Command(slack.Ann, slack.Ops, "/pullfix x"); err != nil {
			t.Fatal(err)
		}
		return payloads(t, w)[0].text("response_url")
	}
	post := func(t *testing.T, do caller, at string, args map[string]any) (string, int) {
		t.Helper()
		a, resp := callAs(t, do, at, args)
		return a.text("raw") + a.text("error"), resp.StatusCode
	}
	hi := map[string]any{"text": "hi", "response_type": "in_channel"}
	for wait, want := range map[time.Duration]int{30 * time.Minute: http.StatusOK, 30*time.Minute + time.Nanosecond: http.StatusNotFound} {
		inBubble(t, slack.Options{}, func(t *testing.T, w *slack.Workspace, do caller) {
			at := link(t, w)
			time.Sleep(wait)
			if body, status := post(t, do, at, hi); status != want {
				t.Errorf("after %s: %d %s, want %d", wait, status, body, want)
			}
		})
	}
	inBubble(t, slack.Options{}, func(t *testing.T, w *slack.Workspace, do caller) {
		at := link(t, w)
		for range 5 {
			if body, status := post(t, do, at, hi); status != http.StatusOK || body != "ok" {
				t.Fatalf("%d %s", status, body)
			}
		}
		if body, status := post(t, do, at, hi); status != http.StatusNotFound || body != "used_url" {
			t.Errorf("the sixth use: %d %s", status, body)
		}
		if body, status := post(t, do, at+"x", hi); status != http.StatusNotFound {
			t.Errorf("a made-up URL: %d %s", status, body)
		}
		got := w.Messages(slack.Ops, slack.Bob)
		if len(got) != 5 || got[0].User != "U00PULLFIX" {
			t.Errorf("%+v", got)
		}
	})
	inBubble(t, slack.Options{}, func(t *testing.T, w *slack.Workspace, do caller) {
		at := link(t, w)
		if body, status := post(t, do, at, map[string]any{}); status != http.StatusBadRequest || body != "no_text" {
			t.Errorf("nothing to say: %d %s", status, body)
		}
		bad := map[string]any{"blocks": object(t, `[{'type':'x'}]`)}
		if body, status := post(t, do, at, bad); status != http.StatusBadRequest || body != "invalid_blocks" {
			t.Errorf("bad blocks: %d %s", status, body)
		}
	})
}

func TestRateLimits(t *testing.T) {
	ask := func(t *testing.T, do caller, method string, args map[string]any) (string, string) {
		t.Helper()
		a, resp := callAs(t, do, api+method, args)
		if (a.code() == "ratelimited") != (resp.StatusCode == http.StatusTooManyRequests) {
			t.Errorf("%d with %v", resp.StatusCode, a)
		}
		return a.code(), resp.Header.Get("Retry-After")
	}
	say := func(channel string) map[string]any { return map[string]any{"channel": channel, "text": "x"} }
	inBubble(t, slack.Options{}, func(t *testing.T, w *slack.Workspace, do caller) {
		for range 5 {
			if code, _ := ask(t, do, "chat.postMessage", say(slack.Ops)); code != "ok" {
				t.Fatal(code)
			}
		}
		if code, after := ask(t, do, "chat.postMessage", say(slack.Ops)); code != "ratelimited" || after != "1" {
			t.Errorf("the sixth at once: %s, retry after %s", code, after)
		}
		if code, _ := ask(t, do, "chat.postMessage", say(slack.Secret)); code != "ok" {
			t.Errorf("another channel: %s", code)
		}
		time.Sleep(time.Second - time.Millisecond)
		if code, _ := ask(t, do, "chat.postMessage", say(slack.Ops)); code != "ratelimited" {
			t.Errorf("a moment too early: %s", code)
		}
		time.Sleep(time.Millisecond)
		if code, _ := ask(t, do, "chat.postMessage", say(slack.Ops)); code != "ok" {
			t.Errorf("after Retry-After: %s", code)
		}
		if got := len(w.Messages(slack.Ops, slack.Ann)); got != 6 {
			t.Errorf("%d messages, want 6", got)
		}
	})
	inBubble(t, slack.Options{}, func(t *testing.T, w *slack.Workspace, do caller) {
		for i := range 21 {
			code, _ := ask(t, do, "usergroups.list", nil)
			if (code == "ok") != (i < 20) {
				t.Errorf("call %d of a Tier 2 method: %s", i+1, code)
			}
		}
		w.Switch(func(s *slack.Switches) { s.NoLimits = true })
		if code, _ := ask(t, do, "usergroups.list", nil); code != "ok" {
			t.Errorf("without limits: %s", code)
		}
	})
}

func TestClockAndFaults(t *testing.T) {
	inBubble(t, slack.Options{}, func(t *testing.T, w *slack.Workspace, do caller) {
		w.SetClock(48 * time.Hour)
		ts := call(t, do, api+"chat.postMessage", map[string]any{"channel": slack.Ops, "text": "x"}).text("ts")
		if want := strconv.FormatInt(time.Now().Add(48*time.Hour).Unix(), 10); !strings.HasPrefix(ts, want+".") {
			t.Errorf("ts %s, want %s", ts, want)
		}
		w.Break(slack.Fault{Method: "auth.test", Skip: 1, Times: 2, Error: "internal_error"})
		var got []string
		for range 4 {
			got = append(got, call(t, do, api+"auth.test", nil).code())
		}
		if want := "ok internal_error internal_error ok"; strings.Join(got, " ") != want {
			t.Errorf("%v, want %s", got, want)
		}
		w.Break(slack.Fault{Delay: 2500})
		start := time.Now()
		if a := call(t, do, api+"auth.test", nil); a.code() != "ok" || time.Since(start) != 2500*time.Millisecond {
			t.Errorf("after %s: %v", time.Since(start), a)
		}
		w.Break(slack.Fault{Method: "auth.test", Times: -1, Status: 503})
		w.Mend()
		if a := call(t, do, api+"auth.test", nil); a.code() != "ok" {
			t.Errorf("after mending: %v", a)
		}
	})
}
