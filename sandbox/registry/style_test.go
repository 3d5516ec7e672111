package registry_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/sandbox/registry"
)

// no is the way one style says no: by the token server or by the registry.
type no struct {
	atToken bool
	status  int
	code    string
	text    string // part of the message
	header  string // part of WWW-Authenticate, where the registry answers 401
}

// said are the refusals of one style in the Bearer flow.
type said struct {
	missingTag, missingRepo, nobody, wrong, expired, forbidden no
}

func bearerRefusals() map[registry.Style]said {
	const scoped = `error="insufficient_scope"`
	manifest := no{status: 404, code: "MANIFEST_UNKNOWN", text: "manifest unknown"}
	open := no{status: 401, code: "UNAUTHORIZED", text: "authentication required", header: scoped}
	atToken := no{atToken: true, status: 401, code: "UNAUTHORIZED", text: "authentication required"}
	hub := no{atToken: true, status: 401, text: "incorrect username or password"}
	quay := no{status: 401, code: "UNAUTHORIZED", text: "access to the requested resource is not authorized", header: "Bearer"}
	robot := no{atToken: true, status: 401, code: "UNAUTHORIZED", text: "Could not find robot with username: rex and supplied password."}
	ghcr := no{status: 403, code: "DENIED", text: "permission_denied: read_package"}
	pat := no{atToken: true, status: 403, code: "DENIED", text: "denied"}
	gitlab := no{atToken: true, status: 403, code: "DENIED", text: "access forbidden"}
	gitlabLogin := no{atToken: true, status: 403, code: "DENIED", text: "HTTP Basic: Access denied"}
	harbor := no{status: 401, code: "UNAUTHORIZED", text: "action: pull", header: "Basic realm="}
	acr := no{status: 401, code: "UNAUTHORIZED", text: "https://aka.ms/acr/authorization", header: "Bearer"}
	acrToken := no{atToken: true, status: 401, code: "UNAUTHORIZED", text: "https://aka.ms/acr/authorization"}
	google := no{atToken: true, status: 403, code: "DENIED", text: "downloadArtifacts\" denied on resource"}
	googleLogin := no{atToken: true, status: 401, code: "UNAUTHORIZED"}
	return map[registry.Style]said{
		registry.Distribution: {manifest, manifest, open, atToken, atToken, open},
		registry.DockerHub:    {manifest, open, open, hub, hub, open},
		registry.Quay:         {manifest, quay, quay, robot, robot, quay},
		registry.GHCR:         {manifest, ghcr, no{atToken: true, status: 401, code: "UNAUTHORIZED", text: "authentication required"}, pat, pat, ghcr},
		registry.GitLab:       {manifest, gitlab, gitlab, gitlabLogin, gitlabLogin, gitlab},
		registry.Harbor: {
			no{status: 404, code: "NOT_FOUND", text: "artifact team/app:nope not found"},
			no{status: 404, code: "NOT_FOUND", text: "repository team/gone not found"},
			harbor, harbor, harbor, harbor,
		},
		registry.ACR: {
			no{status: 404, code: "MANIFEST_UNKNOWN", text: `manifest tagged by "nope" is not found`},
			no{status: 404, code: "NAME_UNKNOWN"},
			acr, acrToken, acrToken, acr,
		},
		registry.ArtifactRegistry: {
			manifest, google, no{atToken: true, status: 403, code: "DENIED", text: "Unauthenticated request."}, googleLogin, googleLogin, google,
		},
		registry.ECR: {
			no{status: 404, code: "MANIFEST_UNKNOWN", text: "Requested image not found"},
			no{status: 404, code: "NAME_UNKNOWN", text: "The repository with name 'team/gone' does not exist in the registry with id"},
			no{status: 401, text: "Not Authorized", header: "Bearer"},
			no{atToken: true, status: 403, code: "DENIED"},
			no{atToken: true, status: 403, code: "DENIED", text: "authorization token has expired"},
			no{status: 403, code: "DENIED", text: "is not authorized to perform: ecr:BatchGetImage"},
		},
	}
}

func TestStylesSayNoInTheBearerFlow(t *testing.T) {
	for style, want := range bearerRefusals() {
		t.Run(string(style), func(t *testing.T) {
			r := newRegistry(t, registry.Options{Auth: registry.AuthBearer, Style: style})
			mustPush(t, r, "team/secret:v1")
			rex := basic("rex", "rex-pw")
			compare(t, "missing tag", askBearer(t, r, rex, "team/app:nope"), want.missingTag)
			compare(t, "missing repository", askBearer(t, r, rex, "team/gone:v1"), want.missingRepo)
			compare(t, "no credentials", askBearer(t, r, "", "team/app:v1"), want.nobody)
			compare(t, "wrong credentials", askBearer(t, r, basic("rex", "wrong"), "team/app:v1"), want.wrong)
			compare(t, "no permission", askBearer(t, r, rex, "team/secret:v1"), want.forbidden)
			r.SetAccount(registry.Account{User: "rex", Password: "rex-pw", Pull: []string{"*"}, Expires: time.Now().Add(-time.Second)})
			compare(t, "expired credentials", askBearer(t, r, rex, "team/app:v1"), want.expired)
		})
	}
	if len(bearerRefusals()) != len(registry.Styles()) {
		t.Error("not every style has its refusals tested")
	}
}

type answered struct {
	reply
	atToken bool
}

// askBearer runs the Bearer flow by hand and returns where it ended.
func askBearer(t *testing.T, r *registry.Registry, authorization, image string) answered {
	t.Helper()
	repository, tag, _ := strings.Cut(image, ":")
	rt, url := r.RoundTripper(), "http://"+host+"/v2/"+repository+"/manifests/"+tag
	first := over(t, rt).send(http.MethodGet, url)
	challenge := first.header.Get("WWW-Authenticate")
	if first.status != http.StatusUnauthorized || !strings.Contains(challenge, `scope="repository:`+repository+`:pull"`) ||
		!strings.HasPrefix(challenge, `Bearer realm="http://`+host+`/token"`) || strings.Contains(challenge, "error=") {
		t.Fatalf("first answer %d %s", first.status, challenge)
	}
	refusal, token := fetchToken(t, rt, authorization, "service=s&scope=repository:"+repository+":pull")
	if refusal.status != http.StatusOK {
		return answered{refusal, true}
	}
	return answered{over(t, rt).send(http.MethodGet, url, "Authorization", "Bearer "+token), false}
}

func compare(t *testing.T, what string, got answered, want no) {
	t.Helper()
	if got.atToken != want.atToken || got.status != want.status || got.code != want.code || !strings.Contains(got.message, want.text) {
		t.Errorf("%s: at token server %v: %d %s %q; want %+v", what, got.atToken, got.status, got.code, got.message, want)
	}
	header := got.header.Get("WWW-Authenticate")
	if want.header == "" && header != "" || !strings.Contains(header, want.header) {
		t.Errorf("%s: challenge %q, want %q", what, header, want.header)
	}
	if want.header == "Bearer" && strings.Contains(header, "error=") {
		t.Errorf("%s: challenge %q names an error, this vendor does not", what, header)
	}
}

func TestStylesSayNoInTheBasicFlow(t *testing.T) {
	type basicNo struct{ nobody, wrong, expired, forbidden int }
	want := map[registry.Style]basicNo{
		registry.Distribution: {401, 401, 401, 401}, registry.DockerHub: {401, 401, 401, 401},
		registry.ECR: {401, 401, 403, 403}, registry.Quay: {401, 401, 401, 401}, registry.GHCR: {401, 403, 403, 403},
		registry.GitLab: {401, 403, 403, 403}, registry.Harbor: {401, 401, 401, 401}, registry.ACR: {401, 401, 401, 401},
		registry.ArtifactRegistry: {401, 401, 401, 403},
	}
	for _, style := range registry.Styles() {
		t.Run(string(style), func(t *testing.T) {
			r := newRegistry(t, registry.Options{Auth: registry.AuthBasic, Style: style})
			mustPush(t, r, "team/secret:v1")
			r.SetAccount(registry.Account{User: "old", Password: "old-pw", Expires: time.Now().Add(-time.Second)})
			ask := func(repository, authorization string) int {
				got := over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+"/v2/"+repository+"/manifests/v1", "Authorization", authorization)
				if challenge := got.header.Get("WWW-Authenticate"); (got.status == 401) != strings.HasPrefix(challenge, "Basic realm=") {
					t.Errorf("%d with challenge %q", got.status, challenge)
				}
				return got.status
			}
			rex := basic("rex", "rex-pw")
			got := basicNo{ask("team/app", ""), ask("team/app", basic("rex", "x")), ask("team/app", basic("old", "old-pw")), ask("team/secret", rex)}
			if got != want[style] {
				t.Errorf("got %+v, want %+v", got, want[style])
			}
			if status := ask("team/app", rex); status != 200 {
				t.Errorf("the right credential got %d", status)
			}
		})
	}
}

// A token that ends by itself does not end because there is a newer one.
func TestTokensDoNotReplaceEachOther(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBasic, Style: registry.ECR})
	mustPush(t, r, "team/app:v1")
	ask := func(password string) int {
		return over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+"/v2/team/app/manifests/v1", "Authorization", basic("AWS", password)).status
	}
	r.SetAccount(registry.Account{User: "AWS", Password: "old", Pull: []string{"*"}, Expires: time.Now().Add(-time.Second)})
	r.SetAccount(registry.Account{User: "AWS", Password: "fresh", Pull: []string{"*"}, Expires: time.Now().Add(time.Hour)})
	r.SetAccount(registry.Account{User: "AWS", Password: "fresher", Pull: []string{"*"}, Expires: time.Now().Add(2 * time.Hour)})
	for password, want := range map[string]int{"old": 403, "fresh": 200, "fresher": 200, "none": 401} {
		if got := ask(password); got != want {
			t.Errorf("%s: %d, want %d", password, got, want)
		}
	}
	r.RemoveAccount("AWS")
	if got := ask("fresh"); got != 401 {
		t.Errorf("after the user was removed: %d", got)
	}
}

func TestStylesTellOwnersTheTruth(t *testing.T) {
	for _, style := range registry.Styles() {
		r := newRegistry(t, registry.Options{Auth: registry.AuthBearer, Style: style})
		if got := askBearer(t, r, basic("ann", marker), "team/gone:v1"); got.status != http.StatusNotFound {
			t.Errorf("%s: owner asking for a missing repository got %d %s", style, got.status, got.body)
		}
	}
}

func TestQuayRemembersDeletedTags(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBearer, Style: registry.Quay})
	if err := r.Delete("team/app", "v1"); err != nil {
		t.Fatal(err)
	}
	got := askBearer(t, r, basic("rex", "rex-pw"), "team/app:v1")
	if got.status != 404 || got.code != "TAG_EXPIRED" || got.message != "Tag v1 was deleted or has expired. To pull, revive via time machine" {
		t.Errorf("got %d %s %q", got.status, got.code, got.message)
	}
	mustPush(t, r, "team/app:v1")
	if got := askBearer(t, r, basic("rex", "rex-pw"), "team/app:v1"); got.status != 200 {
		t.Errorf("pushed again: %d %s", got.status, got.body)
	}
}

func TestHarborHidesMissingProjects(t *testing.T) {
	r := newRegistry(t, registry.Options{
		Auth: registry.AuthBearer, Style: registry.Harbor,
		Accounts: []registry.Account{{User: "rex", Password: "rex-pw", Pull: []string{"*"}}},
	})
	got := askBearer(t, r, basic("rex", "rex-pw"), "nowhere/app:v1")
	if got.status != 401 || got.message != "project nowhere not found" {
		t.Errorf("got %d %q", got.status, got.message)
	}
}
