package registry

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/scrub"
)

func TestParseChallenges(t *testing.T) {
	t.Parallel()
	tests := map[string][]challenge{
		`Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"`: {{"bearer", map[string]string{
			"realm": "https://a/t", "service": "s", "scope": "repository:x:pull,push",
		}}},
		`Basic realm="a \"b\" c"`:                      {{"basic", map[string]string{"realm": `a "b" c`}}},
		`Basic realm="x", Bearer realm=https://a/t`:    {{"basic", map[string]string{"realm": "x"}}, {"bearer", map[string]string{"realm": "https://a/t"}}},
		`Negotiate, Basic realm="x"`:                   {{"negotiate", map[string]string{}}, {"basic", map[string]string{"realm": "x"}}},
		`BEARER Realm = "https://a/t" , ERROR="e"`:     {{"bearer", map[string]string{"realm": "https://a/t", "error": "e"}}},
		`Bearer realm="https://a/t",realm="https://b"`: {{"bearer", map[string]string{"realm": "https://a/t"}}},
		`Bearer realm="open`:                           {{"bearer", map[string]string{"realm": "open"}}},
		``:                                             nil,
		`,,,`:                                          nil,
		`"quoted"`:                                     nil,
	}
	for text, want := range tests {
		got := parseChallenges(http.Header{"Www-Authenticate": {text}})
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(challenge{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func FuzzParseChallenges(f *testing.F) {
	for _, seed := range []string{
		`Bearer realm="https://a/t",service="s",scope="repository:x:pull"`, `Basic realm="x", Bearer realm=y`, `Negotiate abc==`, `a="\`, `,=,"`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found := parseChallenges(http.Header{"Www-Authenticate": {text}})
		if len(found) > mostChallenges {
			t.Errorf("%d challenges", len(found))
		}
		for _, c := range found {
			if c.scheme == "" || c.scheme != strings.ToLower(c.scheme) || len(c.params) > mostParams {
				t.Errorf("challenge %+v", c)
			}
			for name, value := range c.params {
				if name == "" || len(value) > len(text) {
					t.Errorf("parameter %q=%q", name, value)
				}
			}
		}
	})
}

func FuzzRefusal(f *testing.F) {
	for _, seed := range []string{
		`{"errors":[{"code":"DENIED","message":"no"}]}`, `{"errors":[1,null,{"code":3}]}`, `{"details":"incorrect"}`, `<html>`, `{"errors":{}}`,
		`{"error":"invalid_grant","error_description":"x"}`, "plain \x1b[31m text", `{"message":"` + "\u202e" + `"}`,
	} {
		f.Add(seed, "application/json", 403)
	}
	f.Add("<!DOCTYPE html>", "text/html; charset", 404)
	s := &session{target: target{host: "h"}, base: &url.URL{Scheme: "https", Host: "h"}, secrets: []string{"m4rk3r"}}
	f.Fuzz(func(t *testing.T, body, media string, status int) {
		r := reply{status: status, header: http.Header{"Content-Type": {media}}, body: []byte(body)}
		w := read(r)
		if w.code != "" && !codeForm.MatchString(w.code) {
			t.Errorf("code %q", w.code)
		}
		quote := s.quote(w.describe(status))
		if utf8.RuneCountInString(quote) > longestQuote || !utf8.ValidString(quote) || strings.Contains(quote, "m4rk3r") {
			t.Errorf("quote %q", quote)
		}
		if strings.ContainsFunc(quote, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("controls in %q", quote)
		}
	})
}

func FuzzDocuments(f *testing.F) {
	f.Add(`{"schemaVersion":2,"manifests":[{"platform":{"os":"linux","architecture":"arm64"}}]}`, "100;w=21600", "</v2/x?last=a>; rel=\"next\"")
	f.Add(`{"tags":["a"]}`, ";w=", "<>;next")
	f.Add(`{"schemaVersion":1}`, "-1", "<http://x/>; next")
	f.Fuzz(func(t *testing.T, body, limit, link string) {
		r := reply{status: 200, method: http.MethodGet, body: []byte(body), header: http.Header{"Ratelimit-Limit": {limit}, "Link": {link}}}
		s := &session{prober: &Prober{}, target: target{host: "h", tag: "v1"}, base: &url.URL{Scheme: "https", Host: "h"}}
		s.question.Platform = runbook.Platform{OS: "linux", Arch: "amd64"}
		s.noteLimit(r)
		if s.answer.RateLimit != nil && (s.answer.RateLimit.Limit < 0 || s.answer.RateLimit.Window < 0) {
			t.Errorf("limit %+v", s.answer.RateLimit)
		}
		if s.sniff(&r) && mediaType(r).IsIndex() {
			s.compareIndex(r)
		}
		if tags, ok := readTags(r); ok {
			s.keepNear(tags, false)
		}
		for _, text := range append(s.answer.Tags, s.answer.Platforms...) {
			if scrub.Text(text) != text {
				t.Errorf("not plain: %q", text)
			}
		}
		from := &url.URL{Scheme: "https", Host: "h", Path: "/v2/x/tags/list"}
		if next, ok := nextPage(from, r); ok && (next.Host != "h" || next.Scheme != "https") {
			t.Errorf("next page elsewhere: %s", next)
		}
	})
}

// FuzzNearest checks that the distance behaves: at most five, all existing.
func FuzzNearest(f *testing.F) {
	f.Add("1.4.22", "1.4.2 1.4.3 latest")
	f.Add("v1", "V1 v2 1.0.0.0.0.0 99999999999999999999")
	f.Fuzz(func(t *testing.T, want, list string) {
		tags := strings.Fields(list)
		near, unlike := nearest(want, tags)
		if len(near) > mostNear || unlike > len(near) {
			t.Errorf("%d tags, %d of them unlike", len(near), unlike)
		}
		for _, tag := range near {
			if !strings.Contains(list, tag) {
				t.Errorf("%q does not exist", tag)
			}
		}
	})
}
