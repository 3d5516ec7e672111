package registry_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/sandbox/registry"
)

type access struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

// accessOf reads the access claim as any client can: without the key.
func accessOf(t *testing.T, token string) []access {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token has %d parts", len(parts))
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Access []access `json:"access"`
		Exp    int64    `json:"exp"`
	}
	if err := json.Unmarshal(body, &c); err != nil {
		t.Fatal(err)
	}
	if c.Exp <= time.Now().Unix() {
		t.Errorf("token expires at %d", c.Exp)
	}
	return c.Access
}

func TestTokenIsCutDownToRights(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBearer})
	cases := []struct {
		name, auth, scope string
		want              []access
	}{
		{"owner", basic("ann", marker), "repository:team/app:pull,push", []access{{"repository", "team/app", []string{"pull", "push"}}}},
		{"reader asks to push", basic("rex", "rex-pw"), "repository:team/app:pull,push", []access{{"repository", "team/app", []string{"pull"}}}},
		{"anonymous", "", "repository:team/app:pull", []access{{"repository", "team/app", []string{}}}},
		{"two scopes", basic("ann", marker), "repository:team/app:pull repository:other/x:pull", []access{{"repository", "team/app", []string{"pull"}}, {"repository", "other/x", []string{}}}},
		{"no scope", basic("ann", marker), "", []access{}},
		{"catalog without the right", basic("ann", marker), "registry:catalog:*", []access{{"registry", "catalog", []string{}}}},
	}
	for _, c := range cases {
		_, token := fetchToken(t, r.RoundTripper(), c.auth, url.Values{"scope": {c.scope}}.Encode())
		if diff := cmp.Diff(c.want, accessOf(t, token)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestTokenByPost(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBearer})
	post := func(form url.Values) reply {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+host+"/token", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return exchange(t, r.RoundTripper(), req)
	}
	form := url.Values{"grant_type": {"password"}, "username": {"ann"}, "password": {marker}, "scope": {"repository:team/app:pull"}}
	granted := post(form)
	var body struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(granted.body), &body); err != nil || granted.status != 200 || body.ExpiresIn != 300 {
		t.Fatalf("%d %v %v", granted.status, body.ExpiresIn, err)
	}
	head := over(t, r.RoundTripper()).send(http.MethodHead, "http://"+host+"/v2/team/app/manifests/v1", "Authorization", "Bearer "+body.AccessToken)
	if head.status != 200 {
		t.Errorf("HEAD with the token: %d", head.status)
	}
	form.Set("password", "wrong")
	if got := post(form); got.status != 401 {
		t.Errorf("wrong password: %d", got.status)
	}
	form.Set("grant_type", "client_credentials")
	if got := post(form); got.status != 400 || !strings.Contains(got.body, "unsupported_grant_type") {
		t.Errorf("unknown grant type: %d %s", got.status, got.body)
	}
}

func TestHarborForgivesAWrongLoginWithAScope(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBearer, Style: registry.Harbor})
	wrong := basic("rex", "wrong")
	answer, token := fetchToken(t, r.RoundTripper(), wrong, "scope=repository:team/app:pull")
	if answer.status != 200 || len(accessOf(t, token)[0].Actions) != 0 {
		t.Errorf("wrong password with a scope: %d %v, want 200 and no actions", answer.status, accessOf(t, token))
	}
	if answer, _ := fetchToken(t, r.RoundTripper(), wrong, "service=harbor-registry"); answer.status != 401 {
		t.Errorf("wrong password without a scope: %d, want 401", answer.status)
	}
	if answer, _ := fetchToken(t, r.RoundTripper(), "", "service=harbor-registry"); answer.status != 401 {
		t.Errorf("nobody without a scope: %d, want 401", answer.status)
	}
	if answer, _ := fetchToken(t, r.RoundTripper(), basic("rex", "rex-pw"), "service=harbor-registry"); answer.status != 200 {
		t.Errorf("right password without a scope: %d, want 200", answer.status)
	}
}

func TestScopelessTokenTestsTheCredential(t *testing.T) {
	want := map[registry.Style]int{registry.GHCR: 403, registry.GitLab: 403, registry.ECR: 403}
	for _, style := range registry.Styles() {
		r := newRegistry(t, registry.Options{Auth: registry.AuthBearer, Style: style})
		status := want[style]
		if status == 0 {
			status = 401
		}
		if got, _ := fetchToken(t, r.RoundTripper(), basic("rex", "wrong"), "service=x"); got.status != status {
			t.Errorf("%s: wrong credential got %d, want %d", style, got.status, status)
		}
		got, token := fetchToken(t, r.RoundTripper(), basic("rex", "rex-pw"), "service=x")
		if got.status != 200 {
			t.Errorf("%s: right credential got %d", style, got.status)
		}
		// docker login ends with the base and that token.
		if base := over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+"/v2/", "Authorization", "Bearer "+token); base.status != 200 {
			t.Errorf("%s: base with a token: %d", style, base.status)
		}
	}
}

func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t, registry.Options{Auth: registry.AuthBearer, TokenLife: time.Minute})
		r.SetAccount(registry.Account{User: "tmp", Password: "p", Pull: []string{"*"}, Expires: time.Now().Add(time.Hour)})
		login, manifest := basic("tmp", "p"), "http://"+host+"/v2/team/app/manifests/v1"
		_, token := fetchToken(t, r.RoundTripper(), login, "scope=repository:team/app:pull")
		ask := func() reply {
			return over(t, r.RoundTripper()).send(http.MethodHead, manifest, "Authorization", "Bearer "+token)
		}
		time.Sleep(time.Minute - time.Second)
		if got := ask(); got.status != 200 {
			t.Errorf("a second before the token expires: %d", got.status)
		}
		time.Sleep(time.Second)
		if got := ask(); got.status != 401 || !strings.Contains(got.header.Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("expired token: %d %s", got.status, got.header.Get("WWW-Authenticate"))
		}
		time.Sleep(59*time.Minute - time.Nanosecond)
		if got, _ := fetchToken(t, r.RoundTripper(), login, "scope=repository:team/app:pull"); got.status != 200 {
			t.Errorf("a nanosecond before the account expires: %d", got.status)
		}
		time.Sleep(time.Nanosecond)
		if got, _ := fetchToken(t, r.RoundTripper(), login, "scope=repository:team/app:pull"); got.status != 401 {
			t.Errorf("expired account: %d", got.status)
		}
	})
}

func TestForeignTokensOpenNothing(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBearer})
	other := newRegistry(t, registry.Options{Auth: registry.AuthBearer})
	_, token := fetchToken(t, other.RoundTripper(), basic("ann", marker), "scope=repository:team/app:pull")
	head, tail, _ := strings.Cut(token, ".")
	for _, bad := range []string{token, "", "a.b.c", "none", head + "." + tail + "x", "eyJhbGciOiJub25lIn0." + tail} {
		got := over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+"/v2/team/app/manifests/v1", "Authorization", "Bearer "+bad)
		if got.status != 401 {
			t.Errorf("token %q: %d", bad, got.status)
		}
	}
}

func TestRealmCanPointElsewhere(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBearer, Realm: "http://169.254.169.254/latest"})
	challenge := func() string {
		return over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+"/v2/").header.Get("WWW-Authenticate")
	}
	if got := challenge(); !strings.HasPrefix(got, `Bearer realm="http://169.254.169.254/latest",`) {
		t.Errorf("got %s", got)
	}
	r.SetRealm("")
	if got := challenge(); !strings.HasPrefix(got, `Bearer realm="http://`+host+`/token",`) {
		t.Errorf("got %s", got)
	}
}
