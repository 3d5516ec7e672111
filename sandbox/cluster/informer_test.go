package cluster_test

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"

	"github.com/pullfix/pullfix/sandbox/cluster"
)

// client-go's own informer follows the stand-in, also when its version is too
// old and when connections break. It runs in real time: after an error client-go
// sleeps until a moment that it took at start, decades ahead of a bubble's clock.
func TestInformer(t *testing.T) {
	t.Parallel()
	c := newCluster(t, cluster.Options{})
	if err := c.Add(secret("a")); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	factory := informers.NewSharedInformerFactory(connect(t, c, "admin-token"), 0)
	secrets := factory.Core().V1().Secrets().Lister()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	want := func(what string, n int) {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			list, err := secrets.List(labels.Everything())
			if err == nil && len(list) == n {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%s: %d secrets, %v, want %d", what, len(list), err, n)
			}
		}
	}
	want("at first", 1)
	if err := c.Add(secret("b")); err != nil {
		t.Fatal(err)
	}
	want("one more", 2)
	c.Compact()
	if err := c.Remove(&corev1.Secret{ObjectMeta: secret("a").ObjectMeta}); err != nil {
		t.Fatal(err)
	}
	want("after a compaction", 1)
	c.Inject(cluster.Fault{Rule: cluster.Rule{Resource: "secrets"}, Times: 2, Disconnect: true})
	c.Compact()
	if err := c.Add(secret("c"), secret("d")); err != nil {
		t.Fatal(err)
	}
	want("after broken connections", 3)
	stop()
	factory.Shutdown()
}
