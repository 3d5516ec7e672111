package alertmanager_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/page"
	"github.com/pullfix/pullfix/bot/page/alertmanager"
	"github.com/pullfix/pullfix/sandbox/pager"
)

func open(t *testing.T, address string) bot.Pager {
	t.Helper()
	target, err := alertmanager.New(address, page.NewSecret("token"))
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestContract(t *testing.T) { pager.Contract(t, open) }

// alert is what the v2 API takes.
type alert struct {
	Labels, Annotations map[string]string
	StartsAt, EndsAt    time.Time
}

// TestTriggerAndResolve: the labels are the same, so that the end is of the same
// alert; an open one stands for long after the repetition would have come.
func TestTriggerAndResolve(t *testing.T) {
	s := pager.New(t, 200)
	target := open(t, s.URL)
	resolve := pager.Page(bot.PageResolve)
	resolve.Text, resolve.Level, resolve.Condition = "Resolved", 2, bot.WhenDown
	for _, p := range []bot.Page{pager.Page(bot.PageTrigger), resolve} {
		if err := target.Page(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	var got []alert
	for _, r := range s.Came() {
		var list []alert
		if err := json.Unmarshal(r.Body, &list); err != nil || r.Path != "/api/v2/alerts" || len(list) != 1 || r.Header.Get("Authorization") != "Bearer token" {
			t.Fatalf("%s %s: %v", r.Path, r.Body, err)
		}
		got = append(got, list[0])
	}
	if diff := cmp.Diff(got[0].Labels, got[1].Labels); diff != "" {
		t.Errorf("other labels at the end: %s", diff)
	}
	if got[0].Labels["alertname"] != "ImagePullFailure" || got[0].Annotations["summary"] != `P1: a "quoted" sentence` {
		t.Errorf("alert %+v", got[0])
	}
	if time.Until(got[0].EndsAt) < time.Hour || got[1].EndsAt.After(time.Now()) {
		t.Errorf("open until %s, ended %s", got[0].EndsAt, got[1].EndsAt)
	}
}
