package k8s

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

var _ runbook.Cluster = (*Cluster)(nil)

// Over a socket, with TLS, a kubeconfig and a log: as the command does it.
func TestOpenWithAKubeconfig(t *testing.T) {
	stand := town(t)
	server, err := stand.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := server.WriteKubeconfig(file, cluster.Admin); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	stand.Forbid(cluster.Admin, cluster.Rule{Resource: "nodes"})
	for _, context := range []string{"", "sandbox"} {
		c, err := Open(Options{Kubeconfig: file, Context: context, Name: "prod-eu", UserAgent: "pullfix/1.2", Log: logger})
		if err != nil {
			t.Fatal(err)
		}
		if f := observed(t, c, in("shop", "", "lone")).Facts; f.Target.Cluster != "prod-eu" || f.Pod.Name != "lone" {
			t.Errorf("context %q: %+v", context, f.Target)
		}
	}
	for _, r := range stand.Requests() {
		if r.UserAgent != "pullfix/1.2" || !strings.Contains(r.Accept, "protobuf") {
			t.Errorf("%s by %q, accepting %q", r.Path, r.UserAgent, r.Accept)
		}
	}
	if !strings.Contains(log.String(), "node node1") || strings.Contains(log.String(), "marker-") {
		t.Errorf("the log says: %s", log.String())
	}
}

func TestOpenWithoutAKubeconfig(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := Open(Options{Kubeconfig: missing}); err == nil || !strings.Contains(err.Error(), "reading the kubeconfig") {
		t.Errorf("a file that is not there: %v", err)
	}
	t.Setenv("KUBECONFIG", missing)
	t.Setenv("HOME", t.TempDir())
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if _, err := Open(Options{}); err == nil || !strings.Contains(err.Error(), "neither "+missing+" holds one") {
		t.Errorf("without any configuration: %v", err)
	}
	if _, err := Open(Options{Context: "nope"}); err == nil {
		t.Error("opened a context that does not exist")
	}
}
