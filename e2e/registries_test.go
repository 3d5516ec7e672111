//go:build e2e && linux

package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/pullfix/pullfix/e2e/cluster"
	"github.com/pullfix/pullfix/sandbox/registry"
)

// The accounts of the registries that want one.
const (
	robot       = "robot" // may pull everything
	robotSecret = "kuRa-robot-7731"
	limited     = "limited" // may pull only below open/
	stale       = "stale"   // was good once
)

// registries are the broken and the peculiar ones; the cluster has the plain
// ones.
type registries struct {
	selfSigned *cluster.Registry // https with a certificate nobody trusts
	httpOnly   *cluster.Registry // plain http, but the node is told https
	limiting   *cluster.Registry // 429 for every manifest
	broken     *cluster.Registry // 503 for every manifest
	ecr        *cluster.Registry // says when a credential has expired
	closed     string            // host:port on which nobody listens
}

// newRegistries adds them to a cluster, before the node first asks for them.
func newRegistries(ctx context.Context, t *testing.T, c *cluster.Cluster) registries {
	t.Helper()
	add := func(o cluster.RegistryOptions) *cluster.Registry {
		r, err := c.AddRegistry(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, r := range []*cluster.Registry{c.Private, c.Token} {
		r.SetAccount(registry.Account{User: robot, Password: robotSecret, Pull: []string{"*"}})
		r.SetAccount(registry.Account{User: limited, Password: robotSecret, Pull: []string{"open/*"}})
	}
	c.Token.SetPublic("public/*")
	r := registries{
		selfSigned: add(cluster.RegistryOptions{TLS: &registry.TLS{}, NodeScheme: "https"}),
		httpOnly:   add(cluster.RegistryOptions{NodeScheme: "https"}),
		limiting:   add(cluster.RegistryOptions{}),
		broken:     add(cluster.RegistryOptions{}),
		ecr: add(cluster.RegistryOptions{Options: registry.Options{Auth: registry.AuthBasic, Style: registry.ECR, Accounts: []registry.Account{
			{User: stale, Password: robotSecret, Pull: []string{"*"}, Expires: time.Now().Add(-time.Hour)},
		}}}),
	}
	r.limiting.Inject(registry.Fault{Endpoint: registry.Manifests, Effect: registry.RateLimited(time.Minute)})
	r.broken.Inject(registry.Fault{Endpoint: registry.Manifests, Effect: registry.Status(503)})
	var err error
	if r.closed, err = c.ClosedPort(); err != nil {
		t.Fatal(err)
	}
	return r
}
