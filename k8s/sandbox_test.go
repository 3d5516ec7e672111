package k8s

import (
	"cmp"
	"os"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

// town is a cluster with a workload of every kind in namespace shop, most of
// them with a pod that waits for its image.
func town(t testing.TB) *cluster.Cluster {
	t.Helper()
	stand, err := cluster.New(cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"testdata/secrets.yaml", "testdata/shop.yaml"} {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := stand.Load(file); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return stand
}

// enter opens the stand-in without a socket.
func enter(t testing.TB, stand *cluster.Cluster) *Cluster {
	t.Helper()
	config := &rest.Config{Host: "http://stand-in", Transport: stand.RoundTripper(), BearerToken: "admin-token"}
	c, err := New(config, Options{Name: "prod-eu", UserAgent: "pullfix/test"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func in(namespace, kind, name string) runbook.Target {
	return runbook.Target{Namespace: namespace, Kind: kind, Name: name}
}

// observed looks at the target, which has to work.
func observed(t testing.TB, c *Cluster, target runbook.Target) runbook.Observation {
	t.Helper()
	seen, err := c.Observe(t.Context(), target, nil)
	if err != nil {
		t.Fatalf("observing %s: %v", cmp.Or(target.Kind, "pod"), err)
	}
	return seen
}
