package registry_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pullfix/pullfix/sandbox/registry"
)

// tagged has the tags t000 … t249 in team/many; Quay's pages have 100.
func tagged(t *testing.T, style registry.Style) (*registry.Registry, []string) {
	t.Helper()
	r := registry.New(registry.Options{Style: style})
	var tags []string
	for i := range 250 {
		tags = append(tags, fmt.Sprintf("t%03d", i))
		if _, err := r.PushManifest("team/many", tags[i], "application/x-odd", []byte("odd")); err != nil {
			t.Fatal(err)
		}
	}
	return r, tags
}

func TestTagsArePaged(t *testing.T) {
	r, all := tagged(t, registry.Quay)
	list := func(query string) (reply, []string) {
		got := over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+"/v2/team/many/tags/list"+query)
		var body struct {
			Name string
			Tags []string
		}
		if err := json.Unmarshal([]byte(got.body), &body); err != nil {
			t.Fatal(err)
		}
		return got, body.Tags
	}
	cases := []struct {
		query string
		want  []string
		link  string
	}{
		{"", all[:100], `</v2/team/many/tags/list?last=t099&n=100>; rel="next"`},
		{"?n=1000", all[:100], `</v2/team/many/tags/list?last=t099&n=100>; rel="next"`},
		{"?n=3&last=t099", all[100:103], `</v2/team/many/tags/list?last=t102&n=3>; rel="next"`},
		{"?n=50&last=t199", all[200:], ""},
		{"?last=zzz", []string{}, ""},
	}
	for _, c := range cases {
		got, tags := list(c.query)
		if !slices.Equal(tags, c.want) || got.header.Get("Link") != c.link {
			t.Errorf("%q: %d tags, link %q", c.query, len(tags), got.header.Get("Link"))
		}
	}
	if got, _ := list("?n=x"); got.status != 400 || got.code != "PAGINATION_NUMBER_INVALID" {
		t.Errorf("n=x: %d %s", got.status, got.body)
	}
	tags, err := remote.List(mustRef(t, "registry.example.com/team/many:t000").Context(), with(t, r.RoundTripper(), "", "")...)
	if err != nil || !slices.Equal(tags, all) {
		t.Errorf("the real client read %d tags, %v", len(tags), err)
	}
}

func TestTagsByVendor(t *testing.T) {
	ask := func(style registry.Style, path string) reply {
		r, _ := tagged(t, style)
		return over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+path)
	}
	if got := ask(registry.ECR, "/v2/team/many/tags/list?n=1001"); got.status != 400 {
		t.Errorf("ECR with n=1001: %d", got.status)
	}
	if got := ask(registry.Distribution, "/v2/team/many/tags/list?n=1001"); got.status != 200 {
		t.Errorf("distribution with n=1001: %d", got.status)
	}
	if got := ask(registry.Distribution, "/v2/team/none/tags/list"); got.status != 404 || got.code != "NAME_UNKNOWN" {
		t.Errorf("missing repository: %d %s", got.status, got.code)
	}
}

func TestCatalog(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBasic})
	r.SetAccount(registry.Account{User: "all", Password: "p", Pull: []string{"*"}})
	ask := func(user, password string) reply {
		return over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+"/v2/_catalog", "Authorization", basic(user, password))
	}
	if got := ask("all", "p"); got.status != 200 || got.body != `{"repositories":["team/app"]}` {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := ask("ann", marker); got.status != 401 {
		t.Errorf("without the right: %d", got.status)
	}
}
