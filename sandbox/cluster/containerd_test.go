package cluster_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/sandbox/cluster"
)

// shop is a registry of one image, app:v1, for linux/amd64.
type shop struct {
	basic, bearer bool // what it asks for
	forbid        bool
	arch          string
	url           string
}

const password = "right"

func digest(text string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text))) }

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, given, _ := r.BasicAuth()
	config := fmt.Sprintf(`{"os":"linux","architecture":%q}`, s.arch)
	layer := strings.Repeat("x", 100)
	manifest := fmt.Sprintf(`{"config":{"digest":%q,"size":%d},"layers":[{"digest":%q,"size":100}]}`, digest(config), len(config), digest(layer))
	switch {
	case r.URL.Path == "/token":
		s.token(w, r)
	case s.basic && given != password:
		w.Header().Set("WWW-Authenticate", `Basic realm="shop"`)
		w.WriteHeader(http.StatusUnauthorized)
	case s.bearer && !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer t"):
		challenge := `Bearer realm="` + s.url + `/token",service="shop",scope="repository:app:pull"`
		if r.Header.Get("Authorization") != "" {
			challenge += `,error="insufficient_scope"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
		w.WriteHeader(http.StatusUnauthorized)
	case s.forbid:
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprint(w, `{"errors":[{"code":"DENIED","message":"not yours, `+user+`"}]}`)
	case r.URL.Path == "/v2/app/manifests/v1", r.URL.Path == "/v2/app/manifests/"+digest(manifest):
		w.Header().Set("Docker-Content-Digest", digest(manifest))
		_, _ = fmt.Fprint(w, manifest)
	case r.URL.Path == "/v2/app/blobs/"+digest(config):
		_, _ = fmt.Fprint(w, config)
	case r.URL.Path == "/v2/app/blobs/"+digest(layer):
		_, _ = fmt.Fprint(w, layer)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (s *shop) token(w http.ResponseWriter, r *http.Request) {
	_, given, _ := r.BasicAuth()
	switch {
	case r.Method == http.MethodPost:
		w.WriteHeader(http.StatusNotFound)
	case r.Header.Get("Authorization") == "":
		_, _ = fmt.Fprint(w, `{"token":"nothing"}`)
	case given != password:
		w.WriteHeader(http.StatusUnauthorized)
	default:
		_, _ = fmt.Fprint(w, `{"access_token":"t1"}`)
	}
}

func TestContainerdSays(t *testing.T) {
	good, wrong := cluster.NewCredential("me", password), cluster.NewCredential("me", "wrong")
	empty := cluster.NewCredential("me", "")
	const (
		unpack = `failed to pull and unpack image "registry.test/app:v1": failed to resolve image: `
		denied = "pull access denied, repository does not exist or may require authorization: "
	)
	for _, tc := range []struct {
		name       string
		shop       shop
		tag        string
		credential *cluster.Credential
		want       string // URL stands for the registry's
	}{
		{"public", shop{}, "v1", nil, ""},
		{"basic", shop{basic: true}, "v1", &good, ""},
		{"bearer", shop{bearer: true}, "v1", &good, ""},
		{"missing tag", shop{}, "v2", nil, `rpc error: code = NotFound desc = failed to pull and unpack image "registry.test/app:v2": failed to resolve image: registry.test/app:v2: not found`},
		{"basic, no login", shop{basic: true}, "v1", nil, unpack + denied + "authorization failed: no basic auth credentials"},
		{"basic, empty password", shop{basic: true}, "v1", &empty, unpack + denied + "authorization failed: no basic auth credentials"},
		{"basic, wrong login", shop{basic: true}, "v1", &wrong, unpack + "unexpected status from HEAD request to URL/v2/app/manifests/v1: 401 Unauthorized"},
		{"bearer, no login", shop{bearer: true}, "v1", nil, unpack + denied + "server message: insufficient_scope: authorization failed"},
		{"bearer, wrong login", shop{bearer: true}, "v1", &wrong, unpack + "failed to authorize: failed to fetch oauth token: unexpected status from GET request to URL/token?scope=repository%3Aapp%3Apull&service=shop: 401 Unauthorized"},
		{"forbidden", shop{basic: true, forbid: true}, "v1", &good, unpack + "unexpected status from HEAD request to URL/v2/app/manifests/v1: 403 Forbidden\ndenied: not yours, me"},
		{"architecture", shop{arch: "arm64"}, "v1", nil, "rpc error: code = NotFound desc = get image config descriptor: no match for platform in manifest DIGEST: not found"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.shop.arch == "" {
				tc.shop.arch = "amd64"
			}
			server := httptest.NewServer(&tc.shop)
			defer server.Close()
			tc.shop.url = server.URL
			runtime := &cluster.Containerd{Endpoint: func(string) string { return server.URL }}
			got, err := runtime.Pull(t.Context(), cluster.Pull{Image: "registry.test/app:" + tc.tag, Credential: tc.credential, OS: "linux", Arch: "amd64"})
			if tc.want == "" {
				if err != nil || !strings.HasPrefix(got.Digest, "sha256:") || got.Size < 100 {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			said := strings.ReplaceAll(fmt.Sprint(err), server.URL, "URL")
			if at := strings.Index(said, "sha256:"); at >= 0 {
				said = said[:at] + "DIGEST" + said[at+71:]
			}
			if said != tc.want {
				t.Errorf("got  %s\nwant %s", said, tc.want)
			}
		})
	}
}

func TestContainerdRefused(t *testing.T) {
	const closed = "127.0.0.1:1" // a port that was just closed may be taken again by a test beside
	runtime := &cluster.Containerd{Endpoint: func(string) string { return "http://" + closed }}
	_, err := runtime.Pull(t.Context(), cluster.Pull{Image: "registry.test/app:v1"})
	want := `failed to pull and unpack image "registry.test/app:v1": failed to resolve image: failed to do request: Head "http://` +
		closed + `/v2/app/manifests/v1": dial tcp ` + closed + ": connect: connection refused"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestCredentialsAreNotPrinted(t *testing.T) {
	c := cluster.NewCredential("me", "marker-77aa")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if text := fmt.Sprintf(verb, struct{ c cluster.Credential }{c}) + fmt.Sprintf(verb, &c); strings.Contains(text, "marker") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}
