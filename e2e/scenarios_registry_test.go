//go:build e2e && linux

package e2e

import "github.com/pullfix/pullfix/e2e/cluster"

// registryScenarios are those in which the registry or the way to it is at
// fault.
func registryScenarios() []scenario {
	from := func(choose func(s *stage) *cluster.Registry) func(s *stage) string {
		return func(s *stage) string {
			s.pod(s.push(choose(s), "v1") + ":v1")
			return "web"
		}
	}
	at := func(host func(s *stage) string) func(s *stage) string {
		return func(s *stage) string {
			s.pod(host(s) + "/app:v1")
			return "web"
		}
	}
	return []scenario{
		{
			name: "registry-down",
			set:  at(func(s *stage) string { return s.closed }),
			want: want{cause: "ConnectionRefused", remedy: "Escalate", vantage: "registry"},
		},
		{
			name: "unknown-host",
			set:  at(func(*stage) string { return "registry.invalid" }),
			want: want{cause: "DNSFailure", remedy: "Escalate", vantage: "registry"},
		},
		{
			name: "self-signed-tls",
			set:  from(func(s *stage) *cluster.Registry { return s.selfSigned }),
			want: want{cause: "TLSUntrusted", remedy: "Escalate", vantage: "registry"},
		},
		{
			// The registry answers pullfix over http, so the fault is the node's.
			name: "http-registry-https-client",
			set:  from(func(s *stage) *cluster.Registry { return s.httpOnly }),
			want: want{cause: "HTTPSMismatch", remedy: "ProbeFromNode", vantage: "node"},
		},
		{
			name: "status-429",
			set:  from(func(s *stage) *cluster.Registry { return s.limiting }),
			want: want{cause: "RateLimited", remedy: "Wait", vantage: "registry"},
		},
		{
			name: "status-503",
			set:  from(func(s *stage) *cluster.Registry { return s.broken }),
			want: want{cause: "RegistryServerError", remedy: "Wait", vantage: "registry"},
		},
	}
}
