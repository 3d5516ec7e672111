// Command pullfix tells the engineer on call why Kubernetes cannot pull an
// image, proven against the cluster and the registry with the credentials that
// the kubelet would use, and what to do about it.
//
// This package decides nothing: it reads flags and configuration, ties the
// rooms together and lays out what they say.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, system())
	stop()
	os.Exit(code)
}
