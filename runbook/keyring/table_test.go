package keyring

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pullSecret returns a sound secret whose entries have the keys given; the
// password of each is its key.
func pullSecret(name string, keys ...string) PullSecret {
	var entries []string
	for _, key := range keys {
		entries = append(entries, fmt.Sprintf(`%q:{"username":"bot","password":%q}`, key, "password of "+key))
	}
	return configSecret(name, `{"auths":{`+strings.Join(entries, ",")+`}}`)
}

// configSecret returns a secret of the usual type with this document.
func configSecret(name, document string) PullSecret {
	return PullSecret{
		Namespace: "shop", Name: name, Type: "kubernetes.io/dockerconfigjson",
		Data: map[string]Secret{".dockerconfigjson": NewSecret(document)},
	}
}

// usedKeys returns the keys in the order in which the kubelet tries them.
func usedKeys(l Lookup) []string {
	keys := []string{}
	for _, i := range l.Used {
		keys = append(keys, l.Entries[i].Key)
	}
	return keys
}

const ecr = "123456789012.dkr.ecr.us-east-1.amazonaws.com"

// matchCase is one key and one image, with what the kubelet's own code answered
// when it was run (v1.36.3).
type matchCase struct {
	key, image string
	match      bool
	reason     string
}

// hubCases are about the names of Docker Hub.
func hubCases() []matchCase {
	return []matchCase{
		{"https://index.docker.io/v1/", "nginx", true, ""},
		{"https://index.docker.io/v2/", "nginx", true, ""},
		{"index.docker.io", "nginx", true, ""},
		{"https://index.docker.io/v1", "nginx", false, "/v1 without a slash at the end is taken as a path; would match with https://index.docker.io/v1/"},
		{"docker.io", "nginx", true, ""},
		{"https://docker.io", "nginx", true, ""},
		{"docker.io/library", "nginx", true, ""},
		{"docker.io/acme", "acme2/app", true, ""},
		{"registry-1.docker.io", "nginx", false, "registry-1.docker.io is not a name of Docker Hub to the kubelet; would match with https://index.docker.io/v1/"},
		{"https://hub.docker.com", "nginx", false, "hub.docker.com is not a name of Docker Hub to the kubelet; would match with https://index.docker.io/v1/"},
		{"*.docker.io", "nginx", false, "*.docker.io is not a name of Docker Hub to the kubelet; would match with https://index.docker.io/v1/"},
		{"index.docker.io/library", "nginx", false, "index.docker.io counts for Docker Hub only without a path, and the key has /library; would match with docker.io/library"},
		{"https://index.docker.io/v1/", "registry-1.docker.io/library/nginx", false, "the image names registry-1.docker.io, which the kubelet does not take for Docker Hub"},
		{"index.docker.io", "localhost/x", true, ""},
		{"index.docker.io", "Acme/app", true, ""},
		{"index.docker.io", "localhost:5000/x", false, "the key is for index.docker.io, the image is on localhost:5000"},
		{"docker.io/nginx", "nginx", false, "the image's full name is docker.io/library/nginx, with library; would match with docker.io/library/nginx"},
	}
}

// hostCases are about hosts, ports and schemes.
func hostCases() []matchCase {
	return []matchCase{
		{"ghcr.io", "ghcr.io/a/b", true, ""},
		{"http://ghcr.io", "ghcr.io/a/b", true, ""},
		{"ghcr.io:", "ghcr.io/a/b", true, ""},
		{"GHCR.IO", "ghcr.io/a/b", false, "upper and lower case count: the key's host is GHCR.IO, the image's is ghcr.io; would match with ghcr.io"},
		{"ghcr.io ", "ghcr.io/a/b", false, "the key has a space or line break around it, so it is not a URL, and the kubelet skips it; would match with ghcr.io"},
		{"reg.example.com:443", "reg.example.com/x", false, "the key has :443, the image has no port; would match with reg.example.com"},
		{"reg.example.com", "reg.example.com:5000/x", false, "the image has port 5000, the key has none; would match with reg.example.com:5000"},
		{"reg.example.com:5001", "reg.example.com:5000/x", false, "the key has :5001, the image has port 5000; would match with reg.example.com:5000"},
		{"*.dkr.ecr.*.amazonaws.com", ecr + "/x", true, ""},
		{"*.amazonaws.com", ecr + "/x", false, "*.amazonaws.com has 3 labels, the host " + ecr + " has 6: a * stands for one label; would match with " + ecr},
		{"*", ecr + "/x", false, "* has 1 label, the host " + ecr + " has 6: a * stands for one label; would match with " + ecr},
		{"*.gcr.io", "gcr.io/p/x", false, "*.gcr.io has 3 labels, the host gcr.io has 2: a * stands for one label; would match with gcr.io"},
		{"*.other.io", "eu.gcr.io/p/x", false, "the key is for *.other.io, the image is on eu.gcr.io"},
		{"quay.io", "ghcr.io/a/b", false, "the key is for quay.io, the image is on ghcr.io"},
		{"quay.io", "nginx", false, "the key is for quay.io, the image is on docker.io"},
		{"%zz", "ghcr.io/a/b", false, `the key is not a URL (invalid URL escape "%zz"), and the kubelet skips it`},
		{"HTTPS://ghcr.io", "ghcr.io/a/b", false, "the kubelet knows the schemes https:// and http:// only, in lower case, and takes HTTPS for the host; would match with ghcr.io"},
		{"oci://GHCR.io/v2", "ghcr.io/a/b", false, "the kubelet knows the schemes https:// and http:// only, in lower case, and takes oci for the host; would match with ghcr.io"},
		{"//ghcr.io", "ghcr.io/a/b", false, "the key names no host; would match with ghcr.io"},
		{"", "ghcr.io/a/b", false, "the key names no host"},
		{"[2001:db8::1]", "[2001:db8::1]/x", false, "the kubelet takes the brackets of [2001:db8::1] for a set of letters, so an IPv6 address matches only with a port"},
		{"[2001:db8::1]:5000", "[2001:db8::1]:5000/x", true, ""},
	}
}

// pathCases are about what follows the host.
func pathCases() []matchCase {
	return []matchCase{
		{"ghcr.io/acme", "ghcr.io/other/x", false, "the key is for /acme, which /other/x does not begin with"},
		{"ghcr.io/a/b/", "ghcr.io/a/b", false, "the path /a/b/ ends with a slash, and the image is not below it; would match with ghcr.io/a/b"},
		{"ghcr.io//a", "ghcr.io/a/b", false, "the path //a has a slash too many; would match with ghcr.io/a"},
		{"ghcr.io/A", "ghcr.io/a/b", false, "upper and lower case count: the key's path is /A, the image's is /a/b; would match with ghcr.io/a"},
		{"ghcr.io/a/*", "ghcr.io/a/b", false, "globs work in the host only, not in the path /a/*; would match with ghcr.io/a/"},
		{"https://ghcr.io/", "ghcr.io/a/b:1", true, ""},
		{"https://ghcr.io/v2/", "ghcr.io/a/b", true, ""},
		{"ghcr.io/a/", "ghcr.io/a/b", true, ""},
		{"ghcr.io/a", "ghcr.io/abc/x", true, ""},
		{"https://ghcr.io/v2", "ghcr.io/a/b", false, "/v2 without a slash at the end is taken as a path; would match with ghcr.io"},
		{"ghcr.io/a/b:1", "ghcr.io/a/b:1", false, "the key has a tag or digest (1), and the kubelet compares repositories without them; would match with ghcr.io/a/b"},
		{"ghcr.io/%25zz", "ghcr.io/a/b", false, "the key has an escaped character that the kubelet cannot read again"},
	}
}

func TestMatch(t *testing.T) {
	for _, test := range slices.Concat(hubCases(), hostCases(), pathCases()) {
		t.Run(test.key+" for "+test.image, func(t *testing.T) {
			l := Find(test.image, []PullSecret{pullSecret("pull", test.key)})
			e := l.Entries[0]
			if e.Used != test.match || e.Reason != test.reason || e.KeyMatches != test.match {
				t.Errorf("used %v, key matches %v, reason %q", e.Used, e.KeyMatches, e.Reason)
			}
		})
	}
}

// TestSuggestions tries what is suggested instead of a key.
func TestSuggestions(t *testing.T) {
	for _, test := range []struct{ key, image, want string }{
		{"https://GHCR.IO:443/v2", "ghcr.io/a/b", "ghcr.io"},
		{`"ghcr.io"`, "ghcr.io/a/b", "ghcr.io"},
		{"https://user:word@ghcr.io:443", "ghcr.io/a/b", "ghcr.io"},
		{"ghcr.io/a/b@sha256:ab", "ghcr.io/a/b", "ghcr.io/a/b"},
		{"registry-1.docker.io/library", "nginx", "docker.io/library"},
		{"index.docker.io/nginx:1", "nginx", "docker.io/library/nginx"},
		{"registry.*", "registry.example.com/x", ""},
		{"ghcr.io/other", "ghcr.io/a/b", ""},
		{"https://index.docker.io/v1", "localhost/x", ""},
	} {
		l := Find(test.image, []PullSecret{pullSecret("pull", test.key)})
		if got := l.Entries[0].Suggestion; got != test.want {
			t.Errorf("instead of %q for %s: got %q, want %q", test.key, test.image, got, test.want)
		}
	}
}

func TestOrderIsReverseLexicographic(t *testing.T) {
	l := Find("quay.io/org/app", []PullSecret{
		pullSecret("one", "*.io", "quay.io", "quay.io/org"),
		pullSecret("two", "https://quay.io/org/app", "quay.io/org"),
	})
	want := []string{"https://quay.io/org/app", "quay.io/org", "quay.io/org", "quay.io", "*.io"}
	if diff := cmp.Diff(want, usedKeys(l)); diff != "" {
		t.Error(diff)
	}
	if first, second := l.Entries[l.Used[1]], l.Entries[l.Used[2]]; first.Source != "secret/one" || second.Source != "secret/two" {
		t.Errorf("the same key in two secrets: %s before %s", first.Source, second.Source)
	}
	for order, i := range l.Used {
		if l.Entries[i].Order != order {
			t.Errorf("entry %d has order %d, want %d", i, l.Entries[i].Order, order)
		}
	}
	if got := len(l.Credentials()); got != 5 {
		t.Errorf("got %d credentials, want 5", got)
	}
}

func TestHubFallbackComesLast(t *testing.T) {
	l := Find("nginx", []PullSecret{pullSecret("pull", "https://index.docker.io/v1/", "docker.io")})
	if diff := cmp.Diff([]string{"docker.io"}, usedKeys(l)); diff != "" {
		t.Error(diff)
	}
	want := `index.docker.io is only asked when no other key matches, and "docker.io" of secret/pull does`
	if got := l.Entries[0].Reason; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnparsableImage(t *testing.T) {
	l := Find("https://ghcr.io/a", []PullSecret{pullSecret("pull", "ghcr.io")})
	if l.Err == nil || !strings.HasPrefix(l.Err.Error(), `couldn't parse image name "https://ghcr.io/a": `) {
		t.Errorf("error %v", l.Err)
	}
	if e := l.Entries[0]; e.Used || e.Reason != "the image reference cannot be parsed, so the kubelet looks nothing up" {
		t.Errorf("used %v, reason %q", e.Used, e.Reason)
	}
}
