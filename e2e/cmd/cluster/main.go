//go:build linux

// Command cluster builds, starts and ends a real Kubernetes cluster of one
// node, for development and for the end-to-end tests.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/pullfix/pullfix/e2e/cluster"
)

const usage = `usage: cluster COMMAND

  build         make the programs, into a cache outside the checkout
  up            start a cluster that stays; writes .e2e/cluster.env
  down          end it and remove every trace
  up -bench     start an API server alone, filled with 20,000 pods and 50,000
                events, that stays; writes .e2e/bench.env
  down -bench   end it
`

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("which command?\n%s", usage)
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the error says it, and the usage follows
	bench := flags.Bool("bench", false, "")
	if err := flags.Parse(args[1:]); err != nil {
		return fmt.Errorf("%w\n%s", err, usage)
	}
	root, err := cluster.Root()
	if err != nil {
		return err
	}
	s := newStay(root, *bench, slog.New(slog.NewTextHandler(os.Stdout, nil)))
	switch args[0] {
	case "build":
		b, err := cluster.Build(ctx, root, s.log)
		if err == nil {
			s.log.Info("the cluster's programs are ready", "folder", b.Dir)
		}
		return err
	case "up":
		return s.up(ctx)
	case "down":
		return s.down(ctx)
	case "supervise": // the background half of up
		return s.supervise(ctx)
	default:
		return fmt.Errorf("%q is no command\n%s", args[0], usage)
	}
}
