//go:build linux

package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRunningKnowsThisProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pid")
	if err := WriteIdentity(path); err != nil {
		t.Fatal(err)
	}
	if got := Running(path); got != os.Getpid() {
		t.Errorf("Running = %d, want %d", got, os.Getpid())
	}
}

// An id that is used again by another process must not be taken for the first.
func TestRunningForgetsTheDead(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	id, err := identity(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	dir := t.TempDir()
	pid, started, _ := strings.Cut(id, " ")
	for name, text := range map[string]string{
		"dead": id, "empty": "", "no number": "x y", "used again": "1 " + started + "0", "no start": pid,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := Running(path); got != 0 {
			t.Errorf("%s: Running = %d", name, got)
		}
	}
	if got := Running(filepath.Join(dir, "missing")); got != 0 {
		t.Errorf("no file: Running = %d", got)
	}
}

func TestProcessTellsHowItEnded(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "log"), 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := spawn(dir, "/bin/sh", "-c", "echo the disk is full; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	<-p.done
	if err := p.alive(); err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("alive = %v", err)
	}
	stubborn, err := spawn(dir, "/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done")
	if err != nil {
		t.Fatal(err)
	}
	if err := stubborn.alive(); err != nil {
		t.Errorf("it runs, but alive = %v", err)
	}
	stubborn.stop(100 * time.Millisecond)
	if stubborn.alive() == nil {
		t.Error("it is alive after stop")
	}
}

func TestPollEndsWithItsContext(t *testing.T) {
	cause := errors.New("not ready after all")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, cause)
	defer cancel()
	if err := poll(ctx, time.Millisecond, func() (bool, error) { return false, nil }); !errors.Is(err, cause) {
		t.Errorf("poll = %v", err)
	}
	asked := 0
	err := poll(t.Context(), time.Millisecond, func() (bool, error) { asked++; return asked == 3, nil })
	if err != nil || asked != 3 {
		t.Errorf("poll = %v after %d questions", err, asked)
	}
}

func TestServingCertificateIsTrusted(t *testing.T) {
	ca, err := newAuthority("test")
	if err != nil {
		t.Fatal(err)
	}
	cert, key, err := ca.serving("kubernetes.default.svc")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.pem)
	for _, name := range []string{"127.0.0.1", "localhost", "kubernetes.default.svc"} {
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); err != nil {
			t.Errorf("as %s: %v", name, err)
		}
	}
}

func TestBuiltSaysHowToBuild(t *testing.T) {
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if _, err := Built(root); err == nil || !strings.Contains(err.Error(), "cluster build") {
		t.Errorf("Built = %v", err)
	}
}

func TestKubernetesVersion(t *testing.T) {
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	version, err := kubernetesVersion(root)
	if err != nil || !strings.HasPrefix(version, "v1.") {
		t.Errorf("kubernetesVersion = %q, %v", version, err)
	}
}
