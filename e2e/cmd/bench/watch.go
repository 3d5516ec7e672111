//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// What the bot may hold and use while it watches. It looks six times as often
// here as it does unless configured: 100 pods fail all the time.
const (
	watchResidentMiB = 64
	watchCPUPart     = 0.02
	watchSettles     = 30 * time.Second
	watchLasts       = 60 * time.Second
	watchPauses      = "watch: {pods: 5s, events: 50s}\n"
)

// watch measures the bot while it watches the cluster, with a workspace to speak
// in.
func (s subject) watch(ctx context.Context, _ time.Duration) (_ []budget, err error) {
	workspace := slack.New(slack.Options{})
	server, err := workspace.Serve(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("making a workspace: %w", err)
	}
	defer server.Close()
	config := filepath.Join(s.home, "pullfix.yaml")
	text := fmt.Sprintf("slack: {apiURL: %q, channel: %s}\nclusters: [{name: bench, kubeconfig: %q}]\nstore: {directory: %q, keyFile: %q}\nlisten: 127.0.0.1:0\n%s",
		server.APIURL, slack.Ops, s.kubeconfig, filepath.Join(s.home, "journal"), filepath.Join(s.home, "key"), watchPauses)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("configuring the bot: %w", err)
	}
	app := slack.ExampleSeed().App
	cmd := exec.CommandContext(ctx, s.pullfix, "serve", "--config", config)
	cmd.Env = []string{"HOME=" + s.home, "PATH=" + os.Getenv("PATH"), "SLACK_BOT_TOKEN=" + app.BotToken, "SLACK_APP_TOKEN=" + app.AppToken}
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the bot: %w", err)
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if ended := cmd.Wait(); ended != nil {
			err = errors.Join(err, fmt.Errorf("the bot ended badly: %w\n%s", ended, log.String()))
		}
	}()
	if err := workspace.WaitSockets(ctx, 1); err != nil {
		return nil, fmt.Errorf("waiting for the bot: %w", err)
	}
	return watched(ctx, cmd.Process.Pid)
}

// watched measures a process that has settled.
func watched(ctx context.Context, pid int) ([]budget, error) {
	if err := rest(ctx, watchSettles); err != nil {
		return nil, err
	}
	before, err := usedCPU(pid)
	if err != nil {
		return nil, err
	}
	if err := rest(ctx, watchLasts); err != nil {
		return nil, err
	}
	after, err := usedCPU(pid)
	if err != nil {
		return nil, err
	}
	resident, err := statusKiB(pid, "VmRSS")
	if err != nil {
		return nil, err
	}
	return []budget{
		{what: "watch, resident memory", got: float64(resident) / 1024, most: watchResidentMiB, unit: "MiB"},
		{what: "watch, CPU", got: (after - before).Seconds() / watchLasts.Seconds(), most: watchCPUPart, unit: "of a core"},
	}, nil
}

func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("watching the bot: %w", ctx.Err())
	}
}

// usedCPU is the time that a process has used: fields 14 and 15 of its stat, in
// hundredths of a second (proc_pid_stat(5)).
func usedCPU(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("reading what the bot uses: %w", err)
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name may hold blanks
	fields := strings.Fields(rest)
	var ticks int64
	for _, n := range [...]int{11, 12} {
		value, err := strconv.ParseInt(fields[min(n, len(fields)-1)], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading what the bot uses: %w", err)
		}
		ticks += value
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// statusKiB reads a value of a process's status.
func statusKiB(pid int, name string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("reading what the bot holds: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kib, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			if err != nil {
				return 0, fmt.Errorf("reading what the bot holds: %w", err)
			}
			return kib, nil
		}
	}
	return 0, fmt.Errorf("the status of process %d has no %s", pid, name)
}
