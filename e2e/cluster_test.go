//go:build e2e && linux

package e2e

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/pullfix/pullfix/e2e/cluster"
	"github.com/pullfix/pullfix/sandbox/cluster/contract"
)

// bed is what the tests stand on: one cluster with its registries, and the
// program under test.
type bed struct {
	*cluster.Cluster
	registries
	pullfix string // the path of the binary
	home    string // an empty home for it
	record  *recorder
}

// TestCluster starts one cluster for all tests that need a node. They are its
// subtests, so that it ends when the last of them has.
func TestCluster(t *testing.T) {
	ctx, cancel := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	b := newBed(ctx, t)
	t.Run("smoke", b.smoke)
	t.Run("contract", func(t *testing.T) { contract.Run(t, b.Config) })
	t.Run("scenarios", b.scenarios)
	t.Run("cures", b.cures)
	t.Run("in a pod", b.inPod)
	t.Run("race", b.race)
	b.record.write(t)
}

func newBed(ctx context.Context, t *testing.T) *bed {
	t.Helper()
	root, err := cluster.Root()
	if err != nil {
		t.Fatal(err)
	}
	binaries, err := cluster.Built(root)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cluster.Start(ctx, cluster.Options{Binaries: binaries, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	b := &bed{Cluster: c, pullfix: buildPullfix(ctx, t, root), home: t.TempDir(), record: newRecorder(os.Getenv("PULLFIX_E2E_RECORD"))}
	b.registries = newRegistries(ctx, t, c)
	return b
}

// buildPullfix builds the program as a user would.
func buildPullfix(ctx context.Context, t *testing.T, root string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pullfix")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "./cmd/pullfix")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building pullfix: %v\n%s", err, text)
	}
	return path
}

// run runs pullfix against the cluster and returns its streams and exit code.
func (b *bed) run(ctx context.Context, t *testing.T, args ...string) (stdout, stderr string, exit int) {
	t.Helper()
	cmd := exec.CommandContext(ctx, b.pullfix, args...)
	cmd.Env = []string{"KUBECONFIG=" + b.Kubeconfig, "HOME=" + b.home, "PATH=" + os.Getenv("PATH")}
	cmd.Dir = b.home
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatalf("running pullfix: %v", err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
