package runbook_test

import (
	"strings"
	"testing"

	"github.com/pullfix/pullfix/runbook"
)

func TestParseReference(t *testing.T) {
	for _, r := range []struct{ image, want, problem, warning string }{
		{"nginx", "docker.io/library/nginx:latest", "", ""},
		{"acme/app", "docker.io/acme/app:latest", "", ""},
		{"ghcr.io/a/b:1", "ghcr.io/a/b:1", "", ""},
		{"localhost/a", "localhost/a:latest", "", ""},
		{"reg.example.com:5000", "docker.io/library/reg.example.com:5000", "", "has no repository"},
		{"Acme/app", "Acme/app:latest", "", "upper-case"},
		{"reg.io/a@sha256:" + strings.Repeat("a", 64), "reg.io/a@sha256:" + strings.Repeat("a", 64), "", ""},
		{"reg.io/App:v1", "", "must be lowercase", ""},
		{"https://reg.io/app:v1", "", "scheme", ""},
		{"reg.io/app:${TAG}", "", "variable", ""},
		{"reg.io/app:{{ .Tag }}", "", "template", ""},
		{"reg.io/app:<tag>", "", "placeholder", ""},
		{"reg.io/app:v1 ", "", "space", ""},
		{"reg.io/app:", "", "tag after the colon is empty", ""},
		{"reg.io/app:" + strings.Repeat("a", 129), "", "longer than 128", ""},
		{"", "", "empty", ""},
		{"reg.io/a@sha256:abc", "", "is no digest", ""},
		{"reg.io/a:v1@sha256:" + strings.Repeat("A", 64), "", "is no digest", ""},
		{"reg.io/a@latest", "", "is no digest", ""},
		{"reg.io/a@md5:" + strings.Repeat("a", 64), "", "is no digest", ""},
		{"reg.io/reg.io/app:v1", "reg.io/reg.io/app:v1", "", "stands twice"},
		{"reg.io:5000/reg.io:5000/app:v1", "", "stands twice", ""},
		{"reg.io:5000/reg.io/5000/app:v1", "reg.io:5000/reg.io/5000/app:v1", "", "stands twice"},
		{"reg.io:5000/reg.io/app:v1", "reg.io:5000/reg.io/app:v1", "", "stands twice"},
		{"reg.io/docker.io/library/nginx:1", "reg.io/docker.io/library/nginx:1", "", ""},
		{"acme/acme/app", "docker.io/acme/acme/app:latest", "", ""},
		{"my_reg.corp/a/b:v1", "my_reg.corp/a/b:v1", "", `my_reg.corp holds "_"`},
		{"my_reg:5000/a:v1", "", `may not hold "_"`, ""},
		{"team_a/app:v1", "docker.io/team_a/app:v1", "", ""},
	} {
		got := runbook.ParseReference(r.image)
		if r.problem != "" {
			if !strings.Contains(got.Problem, r.problem) {
				t.Errorf("%q: problem %q, want %q", r.image, got.Problem, r.problem)
			}
			continue
		}
		if got.Problem != "" || got.String() != r.want || !strings.Contains(got.Warning, r.warning) {
			t.Errorf("%q: %q, problem %q, warning %q", r.image, got, got.Problem, got.Warning)
		}
	}
}

func FuzzParseReference(f *testing.F) {
	for _, s := range []string{"nginx", "a/b:c@sha256:x", "https://x", "{{", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, image string) {
		r := runbook.ParseReference(image)
		if r.Problem == "" && (r.Host == "" || r.Repository == "") {
			t.Errorf("%q parses to %+v", image, r)
		}
	})
}
