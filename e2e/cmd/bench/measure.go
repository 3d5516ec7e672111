//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// subject is what is measured, and where.
type subject struct {
	pullfix, kubectl, kubeconfig, home string
}

// trial is one command to measure.
type trial struct {
	program string
	args    []string
	stdin   string
	// exit is the code it has to end with.
	exit int
	// matches counts a line of the output.
	matches func(line string) bool
}

// measured is what running a command took.
type measured struct {
	wall, firstRow time.Duration
	peakKiB        int64
	lines          int // those that match
}

// median measures a command so many times and takes the middle of each value.
func (s subject) median(ctx context.Context, times int, t trial) (measured, error) {
	all := make([]measured, times)
	for i := range all {
		var err error
		if all[i], err = s.once(ctx, t); err != nil {
			return measured{}, err
		}
	}
	middle := func(value func(m measured) int64) int64 {
		slices.SortFunc(all, func(a, b measured) int { return int(value(a) - value(b)) })
		return value(all[times/2])
	}
	return measured{
		wall:     time.Duration(middle(func(m measured) int64 { return int64(m.wall) })),
		firstRow: time.Duration(middle(func(m measured) int64 { return int64(m.firstRow) })),
		peakKiB:  middle(func(m measured) int64 { return m.peakKiB }),
		lines:    all[0].lines,
	}, nil
}

func (s subject) once(ctx context.Context, t trial) (measured, error) {
	cmd := exec.CommandContext(ctx, t.program, t.args...)
	cmd.Env = []string{"KUBECONFIG=" + s.kubeconfig, "HOME=" + s.home, "PATH=" + os.Getenv("PATH")}
	cmd.Stdin = strings.NewReader(t.stdin)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		return measured{}, fmt.Errorf("connecting to %s: %w", t.program, err)
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return measured{}, fmt.Errorf("starting %s: %w", t.program, err)
	}
	m := measured{}
	readErr := m.read(out, began, t.matches)
	err = cmd.Wait()
	m.wall = time.Since(began)
	if code := cmd.ProcessState.ExitCode(); code != t.exit {
		return measured{}, fmt.Errorf("%s %s ended with code %d, not %d: %s", t.program, strings.Join(t.args, " "), code, t.exit, complaint.String())
	}
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		return measured{}, fmt.Errorf("running %s: %w", t.program, err)
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.peakKiB = usage.Maxrss // in KiB on Linux. getrusage(2)
	}
	return m, readErr
}

// read counts the output's lines and notes when the first that matches came.
func (m *measured) read(r io.Reader, began time.Time, matches func(string) bool) error {
	lines := bufio.NewReaderSize(r, 1<<16)
	for {
		line, err := lines.ReadString('\n')
		if line != "" && matches(line) {
			if m.lines == 0 {
				m.firstRow = time.Since(began)
			}
			m.lines++
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the output: %w", err)
		}
	}
}
