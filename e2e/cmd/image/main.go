// Command image builds pullfix's container image without a container engine,
// and pushes it where it is told to.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/pullfix/pullfix/e2e/image"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var o image.Options
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	flags.StringVar(&o.Binary, "binary", "bin/pullfix", "the static program")
	flags.StringVar(&o.Certificates, "ca", "/etc/ssl/certs/ca-certificates.crt", "PEM file of the authorities that the image trusts")
	flags.StringVar(&o.Architecture, "arch", "amd64", "architecture of the program")
	flags.StringVar(&o.Version, "version", "dev", "version of the program")
	out := flags.String("o", "", "archive to write, for docker load, podman load and ctr images import")
	tag := flags.String("tag", "pullfix:dev", "name of the image in the archive")
	push := flags.String("push", "", "where to push the image, with the logins of docker login")
	if err := flags.Parse(args); err != nil {
		return err
	}
	made, err := image.Build(o)
	if err != nil {
		return err
	}
	if *out != "" {
		reference, err := name.ParseReference(*tag)
		if err != nil {
			return fmt.Errorf("-tag: %w", err)
		}
		if err := tarball.WriteToFile(*out, reference, made); err != nil {
			return fmt.Errorf("writing %s: %w", *out, err)
		}
		fmt.Println(*out)
	}
	if *push == "" {
		return nil
	}
	to, err := name.ParseReference(*push)
	if err != nil {
		return fmt.Errorf("-push: %w", err)
	}
	if err := remote.Write(to, made, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return fmt.Errorf("pushing: %w", err)
	}
	digest, err := made.Digest()
	if err != nil {
		return fmt.Errorf("the image's digest: %w", err)
	}
	fmt.Printf("%s@%s\n", to.Context(), digest)
	return nil
}
