package registry_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pullfix/pullfix/sandbox/registry"
)

// A stand-in for attacks has to succeed against a client that is not on guard:
// otherwise a test that the marker never arrives would prove nothing.
func TestForeignRealmCatchesTheMarkerOfACarelessClient(t *testing.T) {
	thief := registry.New(registry.Options{Auth: registry.AuthBearer})
	victim := newRegistry(t, registry.Options{Auth: registry.AuthBearer, Realm: "https://thief.example.com/token"})
	network := registry.Network{"registry.example.com": victim, "thief.example.com": thief}
	ref := mustRef(t, "registry.example.com/team/app:v1")
	if _, err := remote.Head(ref, with(t, network, "ann", marker)...); err == nil {
		t.Error("a pull with the thief's token succeeded")
	}
	if !thief.SawSecret(marker) || victim.SawSecret(marker) {
		t.Errorf("thief saw the marker: %v, victim: %v", thief.SawSecret(marker), victim.SawSecret(marker))
	}
}

func TestHarborTakesBasicInTheBearerFlow(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBearer, Style: registry.Harbor})
	ask := func(authorization string) reply {
		return over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+manifestPath, "Authorization", authorization)
	}
	if got := ask(basic("rex", "rex-pw")); got.status != 200 {
		t.Errorf("right login: %d", got.status)
	}
	if got := ask(basic("rex", "wrong")); got.status != 401 || got.header.Get("WWW-Authenticate") != `Basic realm="harbor"` {
		t.Errorf("wrong login: %d %s", got.status, got.header.Get("WWW-Authenticate"))
	}
}

func TestBearerRegistryDoesNotTakeBasic(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBearer})
	got := over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+manifestPath, "Authorization", basic("ann", marker))
	if challenge := got.header.Get("WWW-Authenticate"); got.status != 401 || !strings.HasPrefix(challenge, "Bearer ") || strings.Contains(challenge, "error=") {
		t.Errorf("%d %s", got.status, challenge)
	}
}

func TestCacheAsksForItsOwnCredentialFirst(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBasic, PullThrough: []string{"team/*"}})
	r.Inject(registry.Fault{Effect: registry.Status(503)})
	ask := func(authorization string) reply {
		return over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+manifestPath, "Authorization", authorization)
	}
	if got := ask(basic("ann", "wrong")); got.status != 401 {
		t.Errorf("wrong login at the cache: %d", got.status)
	}
	if got := ask(basic("ann", marker)); got.status != 404 || got.code != "MANIFEST_UNKNOWN" {
		t.Errorf("upstream 503: %d %s", got.status, got.body)
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBearer})
	for path, want := range map[string]int{"/": 404, "/v1/_ping": 404, "/v2/x": 404, "/v2/a/tags/other": 404} {
		if got := over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+path); got.status != want {
			t.Errorf("%s: %d, want %d", path, got.status, want)
		}
	}
	if got := over(t, r.RoundTripper()).send(http.MethodDelete, "http://"+host+"/token"); got.status != 405 {
		t.Errorf("DELETE of a token: %d", got.status)
	}
}
