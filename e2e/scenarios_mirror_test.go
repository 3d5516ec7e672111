//go:build e2e && linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pullfix/pullfix/e2e/cluster"
	"github.com/pullfix/pullfix/sandbox/registry"
)

// mirrorScenarios are those in which the node asks another host in place of
// the image's registry, which the API server knows nothing of.
func mirrorScenarios() []scenario {
	answering := func(status int) func(s *stage) string {
		return func(s *stage) string {
			upstream, mirror := s.registry(), s.registry()
			mirror.Inject(registry.Fault{Endpoint: registry.Manifests, Effect: registry.Status(status)})
			s.mirrored(upstream.Host, mirror.Host)
			s.pod(s.push(upstream, "v1") + ":v1")
			return "web"
		}
	}
	return []scenario{
		{
			name: "mirror-refuses",
			set:  answering(401),
			want: want{cause: "AuthRejected", certainty: "likely", remedy: "ProbeFromNode", vantage: "node"},
		},
		{
			name: "mirror-broken",
			set:  answering(500),
			want: want{cause: "RegistryServerError", remedy: "Wait", vantage: "node"},
		},
		{
			// The node's words do not tell who did not find it.
			name: "mirror-does-not-have-it",
			set:  answering(404),
			want: want{cause: "TagNotFound", certainty: "likely", remedy: "Wait", vantage: "image"},
		},
	}
}

// registry is one more that everybody may pull from.
func (s *stage) registry() *cluster.Registry {
	s.t.Helper()
	r, err := s.AddRegistry(s.t.Context(), cluster.RegistryOptions{})
	s.must(err)
	return r
}

// mirrored tells the node to ask only the mirror for images of the host.
func (s *stage) mirrored(host, mirror string) {
	s.t.Helper()
	config := fmt.Sprintf("server = \"http://%[1]s\"\n[host.\"http://%[1]s\"]\n  capabilities = [\"pull\", \"resolve\"]\n", mirror)
	s.must(os.WriteFile(filepath.Join(s.CertsD, host, "hosts.toml"), []byte(config), 0o644))
}
