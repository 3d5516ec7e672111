package message

import (
	"testing"

	"github.com/pullfix/pullfix/runbook/cause"
)

type place struct{ name, text, image, host, registry, mirror string }

func places() []place {
	return []place{
		{
			"kubelet's image, not the runtime's",
			`Failed to pull image "nginx:9": rpc error: code = Unknown desc = failed to pull and unpack image "docker.io/library/nginx:9": failed to do request: Head "https://registry-1.docker.io/v2/library/nginx/manifests/9": EOF`,
			"nginx:9", "registry-1.docker.io", "docker.io", "",
		},
		{
			"a mirror answers for the registry",
			`Failed to pull image "quay.io/a/b:1": unexpected status from HEAD request to https://mirror.corp:5000/v2/a/b/manifests/1?ns=quay.io: 403 Forbidden`,
			"quay.io/a/b:1", "mirror.corp:5000", "quay.io", "mirror.corp:5000",
		},
		{
			"another host without ns is a mirror as well",
			`Failed to pull image "quay.io/a/b:1": Head "https://m.corp/v2/a/b/manifests/1": EOF`,
			"quay.io/a/b:1", "m.corp", "quay.io", "m.corp",
		},
		{
			"a token server is none",
			`Failed to pull image "gitlab.corp:5050/a/b:1": failed to fetch oauth token: unexpected status from GET request to https://gitlab.corp/jwt/auth?scope=x: 401 Unauthorized`,
			"gitlab.corp:5050/a/b:1", "gitlab.corp", "gitlab.corp:5050", "",
		},
		{
			"a storage redirect is none",
			`Failed to pull image "nginx": Get "https://production.cloudflare.docker.com/registry-v2/docker/registry/v2/blobs/sha256/ab/data": EOF`,
			"nginx", "production.cloudflare.docker.com", "docker.io", "",
		},
		{
			"registry.k8s.io sends nodes elsewhere",
			`Failed to pull image "registry.k8s.io/pause:3.9": Head "https://us-west2-docker.pkg.dev/v2/k8s-artifacts-prod/images/pause/manifests/3.9": EOF`,
			"registry.k8s.io/pause:3.9", "us-west2-docker.pkg.dev", "registry.k8s.io", "",
		},
		{
			"mirrors that failed before the registry",
			`Failed to pull image "quay.io/a:1": (Mirrors also failed: [m1.corp/a:1: pinging container registry m1.corp: Get "https://m1.corp/v2/": dial tcp: lookup m1.corp: no such host]): quay.io/a:1: reading manifest 1 in quay.io/a: manifest unknown`,
			"quay.io/a:1", "", "quay.io", "",
		},
		{
			"a mirror, where the registry told nothing",
			`Failed to pull image "quay.io/a:1": (Mirrors also failed: [m1.corp/a:1: reading manifest 1 in m1.corp/a: manifest unknown]): quay.io/a:1: registry quay.io is blocked in /etc/containers/registries.conf or /etc/containers/registries.conf.d`,
			"quay.io/a:1", "", "quay.io", "m1.corp",
		},
		{
			"an unquoted image",
			`pull access denied for reg.example/a/b, repository does not exist or may require 'docker login'`,
			"reg.example/a/b", "", "reg.example", "",
		},
		{
			"no image: the host is the registry",
			`Get "https://reg.example:5000/v2/": http: server gave HTTP response to HTTPS client`,
			"", "reg.example:5000", "reg.example:5000", "",
		},
		{
			"a link in the body is no host",
			`Failed to pull image "a/b": toomanyrequests: You have reached your pull rate limit. https://www.docker.com/increase-rate-limit`,
			"a/b", "", "docker.io", "",
		},
		{"an upper-case first part is a host", `Back-off pulling image "Acme/app"`, "Acme/app", "", "Acme", ""},
		{"CRI-O pings a host", `pinging container registry reg.example: EOF`, "", "reg.example", "reg.example", ""},
		{"a platform is no image", "no matching manifest for windows/amd64 10.0.18363 in the manifest list entries", "", "", "", ""},
		{"a short name has no registry", `short-name "acme/hello" did not resolve to an alias and no unqualified-search registries are defined`, "acme/hello", "", "", ""},
		{"a name that was taken out", `Failed to pull image "***": not found`, "***", "", "", ""},
		{"a proxy is no registry", "proxyconnect tcp: dial tcp: lookup proxy: no such host", "", "proxy", "", ""},
		{"who is dialled may be anybody", "CannotPullContainerError: dial tcp 52.217.233.242:443: i/o timeout", "", "52.217.233.242:443", "", ""},
		{"a probe asks no registry", `Liveness probe failed: Get "http://10.244.1.7:8080/healthz": dial tcp 10.244.1.7:8080: connect: connection refused`, "", "10.244.1.7:8080", "", ""},
		{"nothing", "pull QPS exceeded", "", "", "", ""},
	}
}

func TestReadLocates(t *testing.T) {
	for _, test := range places() {
		t.Run(test.name, func(t *testing.T) {
			got := Read(test.text)
			if got.Image != test.image || got.Host != test.host || got.Registry != test.registry || got.Mirror != test.mirror {
				t.Errorf("image %q, host %q, registry %q, mirror %q", got.Image, got.Host, got.Registry, got.Mirror)
			}
		})
	}
}

func TestReadMirrors(t *testing.T) {
	got := Read(`(Mirrors also failed: [m1.corp/a:1: pinging container registry m1.corp: Get "https://m1.corp/v2/": dial tcp [::1]:443: connect: connection refused] [m2.corp/a:1: reading manifest 1 in m2.corp/a: unauthorized: authentication required]): quay.io/a:1: reading manifest 1 in quay.io/a: manifest unknown`)
	if got.Cause != cause.TagNotFound || got.Mirror != "" || len(got.Tried) != 2 || got.Tried[1] != (Tried{"m2.corp", "authentication required"}) {
		t.Errorf("%s, mirror %q, tried %q", got.Cause, got.Mirror, got.Tried)
	}
	if len(got.Also) != 2 || got.Also[0] != cause.ConnectionRefused || got.Also[1] != cause.AuthMissing {
		t.Errorf("also %v", got.Also)
	}
}
