//go:build linux

package cluster

import (
	"context"
	"strings"
	"time"
)

// poll asks at once and then at every interval until the answer is yes or an
// error, or until ctx ends; then the error is the context's.
func poll(ctx context.Context, every time.Duration, ask func() (bool, error)) error {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		done, err := ask()
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-t.C:
		}
	}
}

// lastLines returns at most n lines from the end of text.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
