//go:build linux

// Command bench measures pullfix against its budgets on a real API server that
// holds 20,000 pods and 50,000 events, beside what people type without it:
// kubectl get pods -A | grep. It starts that server, unless `cluster up -bench`
// left one running, and ends with code 1 when a budget is exceeded.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pullfix/pullfix/e2e/cluster"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	root, err := cluster.Root()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "pullfix-bench-")
	if err != nil {
		return fmt.Errorf("making a folder for the program: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s := subject{pullfix: filepath.Join(dir, "pullfix"), home: dir}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", s.pullfix, "./cmd/pullfix")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building pullfix: %w\n%s", err, text)
	}
	stop, err := s.connect(ctx, root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	return s.compare(ctx)
}

// connect finds the API server that `cluster up -bench` left, or starts one.
func (s *subject) connect(ctx context.Context, root string) (stop func() error, err error) {
	base := filepath.Join(root, ".e2e", "bench")
	if cluster.Running(base+".pid") != 0 {
		if err := s.readEnv(base + ".env"); err == nil {
			fmt.Println("using the API server of `cluster up -bench`")
			return func() error { return nil }, nil
		}
	}
	binaries, err := cluster.Built(root)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(os.Stdout, nil))
	c, err := cluster.Start(ctx, cluster.Options{Binaries: binaries, Log: log, ControlPlaneOnly: true})
	if err != nil {
		return nil, err
	}
	if err := c.Seed(ctx, cluster.BenchSeed()); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	s.kubeconfig, s.kubectl = c.Kubeconfig, binaries.Path("kubectl")
	return c.Stop, nil
}

// readEnv reads the file of `cluster up`.
func (s *subject) readEnv(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading the environment: %w", err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), "=")
		switch key {
		case "KUBECONFIG":
			s.kubeconfig = strings.Trim(value, "'")
		case "KUBECTL":
			s.kubectl = strings.Trim(value, "'")
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading the environment: %w", err)
	}
	if s.kubeconfig == "" || s.kubectl == "" {
		return fmt.Errorf("%s is not complete", path)
	}
	return nil
}
