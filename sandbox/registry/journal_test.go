package registry_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pullfix/pullfix/sandbox/registry"
)

func TestRequestsAreRecorded(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBearer})
	if _, err := remote.Head(mustRef(t, host+"/team/app:v1"), with(t, r.RoundTripper(), "ann", marker)...); err != nil {
		t.Fatal(err)
	}
	want := []registry.Request{
		{Method: "GET", Host: host, Path: "/v2/", Endpoint: registry.Base, Status: 401},
		{
			Method: "GET", Host: host, Path: "/token", Query: "scope=repository%3Ateam%2Fapp%3Apull&service=sandbox-registry",
			Endpoint: registry.Token, Authorized: true, Scheme: "Basic", User: "ann", Status: 200,
		},
		{
			Method: "HEAD", Host: host, Path: manifestPath, Endpoint: registry.Manifests, Repository: "team/app", Reference: "v1",
			Authorized: true, Scheme: "Bearer", User: "ann", Status: 200,
		},
	}
	if diff := cmp.Diff(want, r.Requests(), cmpopts.IgnoreFields(registry.Request{}, "Time", "UserAgent")); diff != "" {
		t.Error(diff)
	}
	r.ForgetRequests()
	if len(r.Requests()) != 0 || r.SawSecret(marker) {
		t.Error("something was not forgotten")
	}
}

func TestSecretsAreSeenButNotShown(t *testing.T) {
	form := func(key string) func(*http.Request) {
		return func(q *http.Request) {
			q.Method, q.URL.Path = http.MethodPost, "/token"
			q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			q.Body = http.NoBody
			q.Body = readCloser{strings.NewReader(url.Values{key: {marker}, "username": {"u"}}.Encode())}
		}
	}
	cases := map[string]func(*http.Request){
		"basic":         func(q *http.Request) { q.SetBasicAuth("ann", marker) },
		"bearer":        func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+marker) },
		"odd scheme":    func(q *http.Request) { q.Header.Set("Authorization", marker) },
		"other header":  func(q *http.Request) { q.Header.Set("X-Registry-Auth", marker) },
		"query":         func(q *http.Request) { q.URL.RawQuery = url.Values{"token": {marker}}.Encode() },
		"form":          form("password"),
		"refresh token": form("refresh_token"),
	}
	for name, put := range cases {
		r := newRegistry(t, registry.Options{Auth: registry.AuthBasic})
		if r.SawSecret(marker) || r.SawSecret("") {
			t.Errorf("%s: seen before it came", name)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+manifestPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		put(req)
		exchange(t, r.RoundTripper(), req)
		if !r.SawSecret(marker) || r.SawSecret("another") {
			t.Errorf("%s: the marker was not told apart", name)
		}
		shown := fmt.Sprintf("%v %+v %#v %+v", r.Requests(), r.Requests(), r.Requests(), r)
		if encoded, err := json.Marshal(r.Requests()); err != nil || strings.Contains(string(encoded)+shown, marker) {
			t.Errorf("%s: the marker is printed (%v)", name, err)
		}
		if q := r.Requests()[0]; !q.Authorized && name != "query" && name != "other header" {
			t.Errorf("%s: not recorded as authorized", name)
		}
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

func TestAccountsDoNotPrintPasswords(t *testing.T) {
	a := registry.Account{User: "ann", Password: marker}
	o := registry.Options{Accounts: []registry.Account{a}}
	encoded, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("account", "a", a, "o", o)
	texts := string(encoded) + log.String() + fmt.Sprintf("%v %+v %#v %s %q %d %x %v %+v", a, a, a, a, a, a, a, &a, o)
	if strings.Contains(texts, marker) || strings.Contains(texts, fmt.Sprintf("%x", marker)) {
		t.Errorf("printed: %s", texts)
	}
}

func TestQueriesAreScrubbed(t *testing.T) {
	r := newRegistry(t, registry.Options{})
	over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+manifestPath+"?ns=docker.io&X-Amz-Signature=abc")
	if got := r.Requests()[0].Query; got != "X-Amz-Signature=REDACTED&ns=docker.io" {
		t.Errorf("got %s", got)
	}
}
