package registry_test

import (
	"testing"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	sandbox "github.com/pullfix/pullfix/sandbox/registry"
)

// vendorCase is one vendor's way of saying each no, and what it comes to.
type vendorCase struct {
	style         sandbox.Style
	auth          sandbox.Auth
	host          string
	missing       cause.Cause // repository
	nobody, wrong cause.Cause
	expired       cause.Cause
	forbidden     cause.Cause
}

func vendorCases() []vendorCase {
	const (
		hidden   = cause.NotFoundOrDenied
		missing  = cause.RepositoryNotFound
		denied   = cause.PermissionDenied
		none     = cause.AuthMissing
		rejected = cause.AuthRejected
		expired  = cause.AuthExpired
	)
	return []vendorCase{
		{sandbox.Distribution, sandbox.AuthBasic, plainHost, missing, none, rejected, rejected, denied},
		{sandbox.Distribution, sandbox.AuthBearer, plainHost, missing, none, rejected, rejected, denied},
		{sandbox.DockerHub, sandbox.AuthBearer, "docker.io", hidden, hidden, rejected, rejected, hidden},
		{sandbox.ECR, sandbox.AuthBasic, ecrHost, missing, none, rejected, expired, denied},
		{sandbox.Quay, sandbox.AuthBearer, "quay.io", hidden, none, rejected, rejected, hidden},
		{sandbox.GHCR, sandbox.AuthBearer, "ghcr.io", hidden, none, rejected, rejected, hidden},
		{sandbox.GitLab, sandbox.AuthBearer, "registry.gitlab.com", hidden, none, rejected, rejected, hidden},
		{sandbox.Harbor, sandbox.AuthBearer, "harbor.example.com", missing, none, rejected, rejected, hidden},
		{sandbox.ACR, sandbox.AuthBearer, "acme.azurecr.io", missing, none, rejected, rejected, denied},
		{sandbox.ArtifactRegistry, sandbox.AuthBearer, "europe-docker.pkg.dev", hidden, hidden, rejected, rejected, hidden},
	}
}

// TestVendors asks each vendor's stand-in in each situation.
func TestVendors(t *testing.T) {
	t.Parallel()
	for _, v := range vendorCases() {
		tests := []struct {
			name  string
			image string
			user  string
			pass  string
			want  cause.Cause
			login string
		}{
			{"good", "team/app:v1", "ann", marker, cause.None, runbook.TestAccepted},
			{"missing tag", "team/app:v1.3", "ann", marker, cause.TagNotFound, runbook.TestAccepted},
			{"missing repository", "team/none:v1", "ann", marker, v.missing, runbook.TestAccepted},
			{"missing project", "nobody/none:v1", "ann", marker, v.forbidden, runbook.TestAccepted},
			{"no credential", "team/app:v1", "", "", v.nobody, ""},
			{"wrong password", "team/app:v1", "ann", "wrong-" + marker, v.wrong, runbook.TestRejected},
			{"expired", "team/app:v1", "old", "old-password", v.expired, runbook.TestRejected},
			{"forbidden", "team/other:v1", "rex", "rex-password", v.forbidden, runbook.TestAccepted},
		}
		for _, test := range tests {
			name := string(v.style)
			if v.auth == sandbox.AuthBasic {
				name += " basic"
			}
			t.Run(name+"/"+test.name, func(t *testing.T) {
				t.Parallel()
				r := newSandbox(t, sandbox.Options{Auth: v.auth, Style: v.style})
				q := runbook.Question{Image: v.host + "/" + test.image, NearTags: true}
				if test.user != "" {
					q.Credential = login(test.user, test.pass)
				}
				answer := ask(t, over(t, r.RoundTripper()), q)
				if answer.Result != test.want || answer.Login != test.login {
					t.Errorf("result %s login %q, want %s %q\n%+v\n%v", answer.Result, answer.Login, test.want, test.login, answer, methods(r))
				}
				if test.name == "missing tag" && (len(answer.Tags) == 0 || answer.Tags[0] != "v1.2") {
					t.Errorf("nearest tags are %v, want v1.2 first", answer.Tags)
				}
				if logins := logins(r); logins > 3 {
					t.Errorf("%d logins were sent: %v", logins, methods(r))
				}
			})
		}
	}
}

// TestPublicImageWithStaleLogin: a login that is sent is judged, although
// anybody could pull.
func TestPublicImageWithStaleLogin(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer, Style: sandbox.DockerHub, Public: []string{"*"}})
	p := over(t, r.RoundTripper())
	if answer := ask(t, p, runbook.Question{Image: "team/app:v1"}); answer.Result != cause.None {
		t.Errorf("anonymously: %+v", answer)
	}
	answer := ask(t, p, runbook.Question{Image: "team/app:v1", Credential: login("ann", "stale")})
	if answer.Result != cause.AuthRejected || answer.Status != 401 {
		t.Errorf("with a stale login: %+v", answer)
	}
}

// TestEmptyCredentialIsAnonymous: containerd sends nothing for an entry without
// a password.
func TestEmptyCredentialIsAnonymous(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBasic})
	answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: plainHost + "/team/app:v1", Credential: login("ann", "")})
	if answer.Result != cause.AuthMissing || answer.Login != runbook.TestAnonymous || logins(r) != 0 {
		t.Errorf("answer %+v, %d logins", answer, logins(r))
	}
}

// TestHarborForgivesLogins: the token of a wrong login is anonymous, so a
// public image can be pulled and the login stays untested.
func TestHarborForgivesLogins(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer, Style: sandbox.Harbor, Public: []string{"*"}})
	answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: "harbor.example.com/team/app:v1", Credential: login("ann", "wrong")})
	if answer.Result != cause.None || answer.Login != runbook.TestUntested {
		t.Errorf("answer %+v", answer)
	}
}

// TestDeletedTag: Quay remembers tags that are gone.
func TestDeletedTag(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer, Style: sandbox.Quay})
	r.Inject(sandbox.Fault{Endpoint: sandbox.Manifests, Reference: "gone", Effect: sandbox.Failure(404, "TAG_EXPIRED", "Tag gone was deleted or has expired. To pull, revive via time machine")})
	answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: "quay.io/team/app:gone", Credential: login("ann", marker)})
	if answer.Result != cause.TagNotFound || answer.Code != "TAG_EXPIRED" {
		t.Errorf("answer %+v", answer)
	}
}
