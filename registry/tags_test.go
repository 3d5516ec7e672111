package registry_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	sandbox "github.com/pullfix/pullfix/sandbox/registry"
)

func TestNearTags(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		want  string
		has   string
		near  string
		alike int
	}{
		"patch":           {"1.4.22", "1.3.0 1.4.1 1.4.2 1.4.3 2.0.0 latest main", "1.4.2 1.4.3 1.4.1 1.3.0 2.0.0", 5},
		"digit swapped":   {"1.27.41", "1.27.14 1.27.4 1.26.41 latest", "1.27.14 1.27.4 1.26.41 latest", 3},
		"v too much":      {"v1.2.3", "1.2.3 1.2.4 v1.2.0", "1.2.3 v1.2.0 1.2.4", 3},
		"v too little":    {"1.2.3", "v1.2.3 v1.2.4", "v1.2.3 v1.2.4", 2},
		"suffix":          {"1.27.4-alpin", "1.27.4 1.27.4-alpine 1.27.3-alpine 1.27.4-bookworm", "1.27.4-alpine 1.27.4 1.27.4-bookworm 1.27.3-alpine", 4},
		"word":            {"lates", "latest main 1.0", "latest 1.0 main", 1},
		"swapped letters": {"stabel", "stable latest table", "stable table latest", 2},
		"nothing alike":   {"nope", "v1.2.3 v1.10.0 v1.9.0 latest zzzzzzzz", "latest v1.10.0 v1.9.0 v1.2.3 zzzzzzzz", 0},
		"other versions":  {"v2.1.0-rc.1", "v1.9.0-alpha", "v1.9.0-alpha", 0},
		"upper case":      {"V1.2", "v1.2 v1.3", "v1.2 v1.3", 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := sandbox.New(sandbox.Options{})
			for tag := range strings.FieldsSeq(test.has) {
				push(t, r, "team/app:"+tag, sandbox.Image{})
			}
			answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: plainHost + "/team/app:" + test.want, NearTags: true})
			if diff := cmp.Diff(test.near, strings.Join(answer.Tags, " ")); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
			if alike := len(answer.Tags) - answer.Unlike; alike != test.alike {
				t.Errorf("%d of the tags look alike, want %d", alike, test.alike)
			}
		})
	}
}

func TestTagListing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		effect sandbox.Effect
		want   cause.Cause
		note   string
	}{
		"refused":      {sandbox.Status(403), cause.TagNotFound, "does not list the tags: 403"},
		"broken":       {sandbox.Status(500), cause.TagNotFound, "does not list the tags: 500"},
		"limited":      {sandbox.Status(429), cause.TagNotFound, "does not list the tags: 429"},
		"nonsense":     {sandbox.HTML(200), cause.TagNotFound, "does not parse"},
		"reset":        {sandbox.Reset(), cause.TagNotFound, "could not be listed"},
		"no such name": {sandbox.Failure(404, "NAME_UNKNOWN", "unknown"), cause.RepositoryNotFound, ""},
		"other 404":    {sandbox.Failure(404, "UNSUPPORTED", "no listing"), cause.TagNotFound, "404"},
		"empty":        {tagsEffect(), cause.TagNotFound, "no tags"},
		"contradicts":  {tagsEffect("v9"), cause.TagNotFound, "lists this tag"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSandbox(t, sandbox.Options{})
			r.Inject(sandbox.Fault{Endpoint: sandbox.Tags, Effect: test.effect})
			answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: plainHost + "/team/app:v9", NearTags: true})
			if answer.Result != test.want || !strings.Contains(answer.TagsNote, test.note) || len(answer.Tags) > 0 {
				t.Errorf("answer %+v, want %s and %q", answer, test.want, test.note)
			}
		})
	}
}

// TestTagBesideAMissingDigest: a tag that is written beside a digest shows what
// replaced it; where there is none either, the near ones do.
func TestTagBesideAMissingDigest(t *testing.T) {
	t.Parallel()
	gone := "@sha256:" + strings.Repeat("ab", 32)
	for name, test := range map[string]struct {
		image string
		auth  sandbox.Auth
		tags  string
		found bool
	}{
		"there, with a login": {"/team/app:v1", sandbox.AuthBearer, "v1", true},
		"there":               {"/team/app:v1", sandbox.AuthNone, "v1", true},
		"near":                {"/team/app:v11", sandbox.AuthNone, "v1.1 v1 v1.2", false},
		"no tag":              {"/team/app", sandbox.AuthNone, "", false},
		"no repository":       {"/team/none:v1", sandbox.AuthNone, "", false},
	} {
		r := newSandbox(t, sandbox.Options{Auth: test.auth})
		answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: plainHost + test.image + gone, Credential: login("ann", marker), NearTags: true})
		if got := strings.Join(answer.Tags, " "); got != test.tags || (answer.TagDigest != "") != test.found {
			t.Errorf("%s: answer %+v", name, answer)
		}
	}
}

// TestTagsAreNotListedUnasked: the listing is a question of its own.
func TestTagsAreNotListedUnasked(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{})
	answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: plainHost + "/team/app:v9"})
	if answer.Result != cause.TagNotFound || answer.Trips != 2 {
		t.Errorf("answer %+v", answer)
	}
}

// TestCachesAreDoubted: a pull-through cache answers the failure of its source
// with a missing manifest.
func TestCachesAreDoubted(t *testing.T) {
	t.Parallel()
	r := sandbox.New(sandbox.Options{})
	push(t, r, "docker-hub/library/nginx:1.26", sandbox.Image{})
	answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: plainHost + "/docker-hub/library/nginx:1.27", NearTags: true})
	if !answer.Cached || !strings.Contains(answer.TagsNote, "cache of another registry") || len(answer.Tags) != 1 {
		t.Errorf("answer %+v", answer)
	}
}

// TestPagesOfTags: pages are followed within the budget and the registry.
func TestPagesOfTags(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{})
	page := 0
	r.Inject(sandbox.Fault{Endpoint: sandbox.Tags, Effect: sandbox.Func(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		page++
		w.Header().Set("Link", fmt.Sprintf(`</v2/team/app/tags/list?n=1000&last=%d>; rel="next"`, page))
		_, _ = fmt.Fprintf(w, `{"tags":["page-%d"]}`, page)
	})})
	answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: plainHost + "/team/app:page-9", NearTags: true})
	if page != 3 || len(answer.Tags) != 3 || !strings.Contains(answer.TagsNote, "only the first 3 tags") {
		t.Errorf("%d pages, answer %+v", page, answer)
	}
}

// tagsEffect lists these tags.
func tagsEffect(tags ...string) sandbox.Effect {
	return sandbox.Func(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		quoted := make([]string, len(tags))
		for i, tag := range tags {
			quoted[i] = fmt.Sprintf("%q", tag)
		}
		_, _ = fmt.Fprintf(w, `{"tags":[%s]}`, strings.Join(quoted, ","))
	})
}
