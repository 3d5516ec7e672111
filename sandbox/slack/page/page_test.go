package page_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/sandbox/slack"
	"github.com/pullfix/pullfix/sandbox/slack/page"
)

func get(t *testing.T, h http.Handler, path string) *http.Response {
	t.Helper()
	recorder := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.Host = "127.0.0.1:1"
	h.ServeHTTP(recorder, r)
	return recorder.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestServesItsPartsUnderAStrictPolicy(t *testing.T) {
	w := slack.New(slack.Options{})
	h := page.Around(w.Handler(), page.Options{})
	for path, kind := range map[string]string{
		"/": "text/html", "/page/app.js": "text/javascript", "/page/base.css": "text/css",
		"/page/drawn.json": "application/json", "/page/settings.json": "application/json", "/page/icon.svg": "image/svg+xml",
	} {
		r := get(t, h, path)
		if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), kind) {
			t.Errorf("%s: %d %s", path, r.StatusCode, r.Header.Get("Content-Type"))
		}
		policy := r.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "trusted-types 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s may be sniffed", path)
		}
	}
	for _, path := range []string{"/page/nothing.js", "/page/..%2fpage.go", "/page/", "/other"} {
		if r := get(t, h, path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
	if r := get(t, h, "/control/state?user="+slack.Ann); r.StatusCode != http.StatusOK {
		t.Errorf("the workspace answers %d", r.StatusCode)
	}
}

func TestIndexNamesOnlyWhatIsThere(t *testing.T) {
	h := page.New(page.Options{})
	index := text(t, get(t, h, "/"))
	for _, part := range strings.FieldsFunc(index, func(r rune) bool { return r == '"' }) {
		if strings.HasPrefix(part, "/") {
			if r := get(t, h, part); r.StatusCode != http.StatusOK {
				t.Errorf("%s: %d", part, r.StatusCode)
			}
		}
	}
	for _, bad := range []string{"http:", "https:", "<style", "style=", "onclick", "javascript:"} {
		if strings.Contains(index, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
}

func TestSettings(t *testing.T) {
	h := page.New(page.Options{
		Title: "Demo", Channel: slack.Ops,
		Guide: []page.Guide{{Title: "A <b>", Text: "x", Command: "/pullfix scan", User: slack.Bob}},
	})
	var got page.Options
	if err := json.Unmarshal([]byte(text(t, get(t, h, "/page/settings.json"))), &got); err != nil {
		t.Fatal(err)
	}
	want := []page.Guide{{Title: "A <b>", Text: "x", Command: "/pullfix scan", User: slack.Bob}}
	if diff := cmp.Diff(want, got.Guide); diff != "" || got.Title != "Demo" || got.Channel != slack.Ops {
		t.Errorf("%+v %s", got, diff)
	}
	if len(got.People) == 0 || got.People[0].User != slack.Ann || len(got.Completions) != 7 {
		t.Errorf("without people or completions there are %+v and %+v", got.People, got.Completions)
	}
	seen := slack.New(slack.Options{})
	for _, p := range got.People {
		if _, err := seen.State(p.User); err != nil {
			t.Errorf("%s: %v", p.User, err)
		}
	}
	raw := text(t, get(t, page.New(page.Options{}), "/page/settings.json"))
	if !bytes.Contains([]byte(raw), []byte(`"guide":[]`)) {
		t.Errorf("no guide is %s", raw)
	}
}
