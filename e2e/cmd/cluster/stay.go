//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pullfix/pullfix/e2e/cluster"
)

// stay is a cluster that stays when the command ends: a supervisor in the
// background keeps it.
type stay struct {
	root  string
	bench bool
	log   *slog.Logger
	// env is written when the cluster is ready and removed when it ends, pid
	// names the supervisor, logFile has what it did.
	env, pid, logFile string
}

func newStay(root string, bench bool, log *slog.Logger) stay {
	name := "cluster"
	if bench {
		name = "bench"
	}
	base := filepath.Join(root, ".e2e", name)
	return stay{root: root, bench: bench, log: log, env: base + ".env", pid: base + ".pid", logFile: base + ".log"}
}

// up starts the supervisor, unless it runs, and returns when the cluster is
// ready.
func (s stay) up(ctx context.Context) error {
	if cluster.Running(s.pid) == 0 {
		if err := cluster.Preflight(s.bench); err != nil {
			return err
		}
		if _, err := cluster.Build(ctx, s.root, s.log); err != nil {
			return err
		}
		if err := s.start(); err != nil {
			return err
		}
	}
	if err := s.awaitReady(ctx); err != nil {
		return err
	}
	s.log.Info("a cluster is up", "env", s.env, "log", s.logFile)
	return nil
}

// start starts the supervisor in a session of its own, so that it outlives the
// terminal.
func (s stay) start() error {
	if err := os.MkdirAll(filepath.Dir(s.logFile), 0o755); err != nil {
		return fmt.Errorf("making the folder of the supervisor's log: %w", err)
	}
	if err := os.Remove(s.env); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing what a dead supervisor wrote: %w", err)
	}
	log, err := os.Create(s.logFile)
	if err != nil {
		return fmt.Errorf("opening the supervisor's log: %w", err)
	}
	defer func() { _ = log.Close() }() // the supervisor has its own descriptor
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	args := []string{"supervise"}
	if s.bench {
		args = append(args, "-bench")
	}
	cmd := exec.Command(self, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.root, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the supervisor: %w", err)
	}
	go func() { _ = cmd.Wait() }() // a supervisor that fails shall not look alive as a zombie
	// It writes its id first of all.
	for range 50 {
		if cluster.Running(s.pid) != 0 {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return s.failed()
}

// awaitReady waits until the supervisor has written the environment.
func (s stay) awaitReady(ctx context.Context) error {
	t := time.NewTicker(100 * time.Millisecond)
	defer t.Stop()
	for {
		running := cluster.Running(s.pid) != 0 // before the file: the file of a dead one does not count
		if _, err := os.Stat(s.env); err == nil && running {
			return nil
		}
		if !running {
			return s.failed()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the cluster: %w; `cluster down` ends what was started", ctx.Err())
		case <-t.C:
		}
	}
}

// failed says why the supervisor has ended.
func (s stay) failed() error {
	text, err := os.ReadFile(s.logFile)
	if err != nil {
		return fmt.Errorf("the cluster did not start, and its log cannot be read: %w", err)
	}
	return fmt.Errorf("the cluster did not start; %s says:\n%s", s.logFile, text)
}

// supervise starts the cluster and keeps it until it is told to end or one of
// its programs dies.
func (s stay) supervise(ctx context.Context) error {
	if err := cluster.WriteIdentity(s.pid); err != nil {
		return err
	}
	defer func() { _ = os.Remove(s.pid) }()
	binaries, err := cluster.Built(s.root)
	if err != nil {
		return err
	}
	c, err := cluster.Start(ctx, cluster.Options{Binaries: binaries, Log: s.log, ControlPlaneOnly: s.bench})
	if err != nil {
		return err
	}
	err = s.keep(ctx, c)
	_ = os.Remove(s.env)
	return errors.Join(err, c.Stop())
}

func (s stay) keep(ctx context.Context, c *cluster.Cluster) error {
	if s.bench {
		if err := c.Seed(ctx, cluster.BenchSeed()); err != nil {
			return err
		}
	}
	if err := c.WriteEnv(s.env); err != nil {
		return err
	}
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			if err := c.Alive(); err != nil {
				return err
			}
		}
	}
}

// down ends the supervisor's cluster and whatever a dead one left.
func (s stay) down(ctx context.Context) error {
	began := time.Now()
	pid := cluster.Running(s.pid)
	if pid != 0 {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			return fmt.Errorf("ending the supervisor: %w", err)
		}
		if err := s.awaitEnd(ctx, pid); err != nil {
			return err
		}
	}
	cluster.Sweep(s.log)
	for _, file := range []string{s.env, s.pid} {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing %s: %w", file, err)
		}
	}
	if pid == 0 {
		s.log.Info("no cluster was up")
		return nil
	}
	s.log.Info("the cluster is down", "elapsed", time.Since(began).Round(100*time.Millisecond))
	return nil
}

// awaitEnd gives the supervisor a minute and a half, then kills it: the sweep
// removes what it had.
func (s stay) awaitEnd(ctx context.Context, pid int) error {
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if cluster.Running(s.pid) != pid {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("waiting for the cluster to end: %w", err)
		}
	}
	s.log.Warn("the supervisor does not end, killing it", "pid", pid)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("killing the supervisor: %w", err)
	}
	for cluster.Running(s.pid) == pid { // nothing outlives this signal
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}
