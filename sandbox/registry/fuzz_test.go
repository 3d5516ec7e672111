package registry

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func FuzzTarget(f *testing.F) {
	for _, seed := range []string{
		"/v2/", "/v2", "/token", "/v2/_catalog", "/v2/a/manifests/v1", "/v2/a/b/blobs/sha256:00", "/v2/a/blobs/uploads/",
		"/v2/a/blobs/uploads/1", "/v2/a/blobs/uploads", "/v2/blobs/uploads/manifests/v1", "/v2/a/tags/list", "/v2//manifests/", "/v20/manifests/00", "/", "",
	} {
		f.Add(http.MethodGet, seed)
		f.Add(http.MethodPut, seed)
	}
	f.Fuzz(func(t *testing.T, method, path string) {
		got := parseTarget(&http.Request{Method: method, URL: &url.URL{Path: path}})
		if got.repository != "" && !strings.HasPrefix(path, "/v2/"+got.repository+"/") {
			t.Errorf("%q: repository %q", path, got.repository)
		}
		if got.reference != "" && !strings.Contains(path, got.reference) {
			t.Errorf("%q: reference %q", path, got.reference)
		}
		writes := slices.Contains([]string{"PUT", "POST", "PATCH", "DELETE"}, method)
		if writes && got.action != push {
			t.Errorf("%s %q would be let in as %s", method, path, got.action)
		}
	})
}

func FuzzScopes(f *testing.F) {
	for _, seed := range []string{
		"repository:team/app:pull", "repository:team/app:pull,push", "repository:h:5000/app:pull", "registry:catalog:*",
		"repository:team/app:*", "repository:a:pull repository:team/b:delete", ":::", "", "repository:team/app:",
	} {
		f.Add(seed)
	}
	r := New(Options{Accounts: []Account{{User: "rex", Pull: []string{"team/*"}}}})
	f.Fuzz(func(t *testing.T, scope string) {
		for _, g := range r.grants("rex", []string{scope}) {
			for _, act := range g.Actions {
				if act != string(pull) || !strings.HasPrefix(g.Name, "team/") {
					t.Errorf("scope %q granted %s on %q", scope, act, g.Name)
				}
			}
		}
	})
}

func FuzzToken(f *testing.F) {
	m := newMint()
	good, err := m.issue(claims{Subject: "ann", Expires: 1 << 40})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := m.read(good); err != nil {
		f.Fatalf("a good token: %v", err)
	}
	for _, seed := range []string{"", ".", "a.b.c", strings.TrimSuffix(good, good[len(good)-2:]), good + ".", "." + good} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if _, err := m.read(raw); err == nil && raw != good {
			t.Errorf("token %q was accepted", raw)
		}
	})
}

func TestEveryStyleAnswersEverySituation(t *testing.T) {
	for _, style := range Styles() {
		m := style.manners()
		for s := missingTag; s <= rateLimited; s++ {
			if a := m.registry[s]; a.status < 400 || a.message == "" {
				t.Errorf("%s has no answer for situation %d", style, s)
			}
		}
		for _, s := range []situation{wrongCredential, expiredCredential} {
			if a := m.token[s]; a.status < 400 || a.message == "" {
				t.Errorf("%s: the token server has no answer for situation %d", style, s)
			}
		}
		if m.registry[noCredential].status != http.StatusUnauthorized {
			t.Errorf("%s: who sent nothing gets no challenge", style)
		}
	}
}

func TestPatterns(t *testing.T) {
	cases := []struct {
		pattern, repository string
		want                bool
	}{
		{"*", "a/b/c", true},
		{"team/*", "team/a/b", true},
		{"team/*", "team", false},
		{"team/*", "teams/a", false},
		{"team/app", "team/app", true},
		{"team/app", "team/app2", false},
		{"team/a?p", "team/app", true},
		{"[", "[", false},
	}
	for _, c := range cases {
		if got := matches(c.pattern, c.repository); got != c.want {
			t.Errorf("%s matches %s: %v", c.pattern, c.repository, got)
		}
	}
}
