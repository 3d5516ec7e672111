package message

import (
	"strings"
	"testing"

	"github.com/pullfix/pullfix/runbook/cause"
)

// telling are texts about an image IMAGE in the repository REPO with the tag TAG,
// at the host HOST, and what they mean whatever these are called.
func telling() map[string]cause.Cause {
	const pull, url = `Failed to pull image "IMAGE": `, "https://HOST/v2/REPO/manifests/TAG"
	return map[string]cause.Cause{
		pull + `rpc error: code = NotFound desc = failed to pull and unpack image "IMAGE": failed to resolve reference "IMAGE": IMAGE: not found`:                                                                       cause.TagNotFound,
		pull + `failed to pull and unpack image "IMAGE": failed to resolve image: unexpected status from HEAD request to ` + url + `: 401 Unauthorized`:                                                                 cause.AuthRejected,
		`Back-off pulling image "IMAGE": ErrImagePull: failed to pull and unpack image "IMAGE": failed to resolve image: failed to do request: Head "` + url + `": dial tcp 10.0.0.1:443: connect: connection refused`:  cause.ConnectionRefused,
		`Back-off pulling image "IMAGE": ErrImagePull: failed to pull and unpack image "IMAGE": failed to resolve image: failed to do request: Head "` + url + `": dial tcp: lookup HOST on 10.0.0.10:53: no such host`: cause.DNSFailure,
		`Back-off pulling image "IMAGE"`:                                                                                                                                                   cause.BackOffOnly,
		`ImagePullBackOff: Back-off pulling image "IMAGE"`:                                                                                                                                 cause.BackOffOnly,
		pull + `initializing source docker://IMAGE: reading manifest TAG in HOST/REPO: manifest unknown`:                                                                                   cause.TagNotFound,
		pull + `rpc error: code = Unknown desc = pinging container registry HOST: Get "https://HOST/v2/": dial tcp 10.0.0.1:443: i/o timeout`:                                              cause.Timeout,
		pull + `Error response from daemon: manifest for IMAGE not found: manifest unknown: manifest unknown`:                                                                              cause.TagNotFound,
		pull + `Error response from daemon: pull access denied for HOST/REPO, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`: cause.NotFoundOrDenied,
		pull + `failed to pull and unpack image "IMAGE": failed to resolve image: failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://auth.corp/token?scope=repository%3AREPO%3Apull&service=HOST: 401 Unauthorized`: cause.AuthRejected,
		pull + `failed to pull and unpack image "IMAGE": failed to resolve image: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`:                                          cause.NotFoundOrDenied,
		pull + `failed to pull and unpack image "IMAGE": failed to resolve image: unexpected status from HEAD request to https://mirror.corp/v2/REPO/manifests/TAG?ns=HOST: 500 Internal Server Error`:                                                           cause.RegistryServerError,
	}
}

// TestNamesAreNoErrors: every word that a rule looks for may be a part of a
// repository, a tag or a host, and means nothing there.
func TestNamesAreNoErrors(t *testing.T) {
	for _, word := range rules().lexicon.words {
		if strings.ContainsAny(word, ` "'`) {
			continue // no name holds it
		}
		if word = asName(word); word == "" {
			continue
		}
		label := strings.NewReplacer("_", "-", ".", "-").Replace(word)
		for _, n := range [...]struct{ host, repo, tag string }{
			{"reg.corp", "acme/" + word, "1.2"},
			{"reg.corp:5000", word + "-api/app", "1.2"},
			{"docker.io", "library/app", "1-" + word},
			{"reg.corp", "app", word},
			{label + ".corp", "acme/app", "v1"},
			{"", word, "1.2"},
			{"", "acme/" + word + "er", "latest"},
		} {
			for text, want := range telling() {
				if n.host == "" && strings.Contains(text, "HOST") {
					continue
				}
				image := strings.TrimPrefix(n.host+"/"+n.repo, "/") + ":" + n.tag
				text = strings.NewReplacer("IMAGE", image, "HOST", n.host, "REPO", n.repo, "TAG", n.tag).Replace(text)
				if got := Read(text); got.Cause != want {
					t.Errorf("%s (%q), want %s: %s", got.Cause, got.Fragment, want, text)
				}
			}
		}
	}
}

// asName makes of a word what an image may be called.
func asName(word string) string {
	word = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '_':
			return r
		case strings.ContainsRune("-/.:", r):
			return '-'
		}
		return -1
	}, word)
	for strings.Contains(word, "--") {
		word = strings.ReplaceAll(word, "--", "-")
	}
	return strings.Trim(word, "-_.")
}

// TestNamesOfOtherObjects are no errors either.
func TestNamesOfOtherObjects(t *testing.T) {
	for _, word := range [...]string{"ratelimit", "x509", "tls-cert", "no-such-host", "denied", "proxyconnect"} {
		for text, want := range map[string]cause.Cause{
			"Unable to retrieve some image pull secrets (" + word + "); attempting to pull the image may not succeed.":                                                                                                                        cause.PullSecretMissing,
			`"Error syncing pod, skipping" err="failed to \"StartContainer\" for \"` + word + `\" with ImagePullBackOff: \"Back-off pulling image \\\"ghcr.io/a/b:1\\\": ErrImagePull: ghcr.io/a/b:1: not found\"" pod="shop/` + word + `-1"`: cause.TagNotFound,
		} {
			if got := Read(text); got.Cause != want {
				t.Errorf("%s (%q), want %s: %s", got.Cause, got.Fragment, want, text)
			}
		}
	}
}

// TestTheVeilKeepsPlaces, and hides nothing of a sentence.
func TestTheVeilKeepsPlaces(t *testing.T) {
	for text, want := range map[string]string{
		`failed to pull image "ghcr.io/a/denied:1": denied`:                       `failed to pull image "xxxx.xx/x/xxxxxx:x": denied`,
		"manifest for app not found: manifest unknown":                            "manifest for app not found: manifest unknown",
		"get https://reg.corp:5000/v2/a/tls/manifests/sha256:aa: not found":       "get https://xxx.xxxx:xxxx/v2/x/xxx/manifests/sha256:aa: not found",
		"get https://metadata.google.internal/computemetadata/v1/: eof":           "get https://metadata.google.internal/computemetadata/v1/: eof",
		"content kubernetes.io/dockerconfigjson of type application/vnd.a/b.c":    "content kubernetes.io/dockerconfigjson of type application/vnd.a/b.c",
		`unable to pull x509:tls: reading manifest tls in docker.io/library/x509`: `unable to pull xxxx:xxx: reading manifest xxx in docker.io/xxxxxxx/xxxx`,
	} {
		tab := rules()
		got, _ := tab.veilOf(text, tab.lexicon.scan(text)).over(text)
		if got != want || len(got) != len(text) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
