package pagerduty_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/page"
	"github.com/pullfix/pullfix/bot/page/pagerduty"
	"github.com/pullfix/pullfix/sandbox/pager"
)

const key = "M4rkerRoutingKey"

func open(t *testing.T, address string) bot.Pager {
	t.Helper()
	target, err := pagerduty.New(address, page.NewSecret(key))
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestContract(t *testing.T) { pager.Contract(t, open) }

func TestTriggerAndResolve(t *testing.T) {
	s := pager.New(t, 202)
	target := open(t, s.URL)
	for _, action := range []bot.PageAction{bot.PageTrigger, bot.PageResolve} {
		if err := target.Page(t.Context(), pager.Page(action)); err != nil {
			t.Fatal(err)
		}
	}
	var events []map[string]any
	for _, r := range s.Came() {
		var e map[string]any
		if err := json.Unmarshal(r.Body, &e); err != nil || r.Path != "/v2/enqueue" {
			t.Fatalf("%s %s: %v", r.Path, r.Body, err)
		}
		events = append(events, e)
	}
	payload, _ := events[0]["payload"].(map[string]any)
	got := []any{events[0]["routing_key"], events[0]["event_action"], events[0]["dedup_key"], payload["summary"], payload["severity"], payload["source"], events[1]["event_action"], events[1]["dedup_key"]}
	want := []any{key, "trigger", "pullfix-i1", `P1: a "quoted" sentence`, "critical", "eu", "resolve", "pullfix-i1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestInvariant7TheRoutingKeyIsNotPrinted: not by any verb, and not in errors.
func TestInvariant7TheRoutingKeyIsNotPrinted(t *testing.T) {
	target := open(t, pager.New(t, 400).URL)
	err := target.Page(t.Context(), pager.Page(bot.PageTrigger))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		if text := fmt.Sprintf(verb+" "+verb, target, err); strings.Contains(text, key) || strings.Contains(text, fmt.Sprintf("%x", key)) {
			t.Errorf("%s shows the key: %s", verb, text)
		}
	}
}
