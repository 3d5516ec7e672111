//go:build linux

package cluster

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"net"
	"net/http"
	"runtime"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Registry is a registry that the node can reach.
type Registry struct {
	// Host is 127.0.0.1:PORT.
	Host string
}

// Image is the reference of an image in this registry.
func (r *Registry) Image(path string) string { return r.Host + "/" + path }

// Listener says how a registry is served and how the node reaches it.
type Listener struct {
	Handler http.Handler
	// TLS is nil for plain http.
	TLS *tls.Config
	// Scheme is what the node is told to use, http or https, whatever the
	// registry speaks.
	Scheme string
}

// Serve serves a registry on a free port until Stop, and returns its
// host:port. The node knows of it when Serve returns.
func (c *Cluster) Serve(ctx context.Context, l Listener) (string, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listening for a registry: %w", err)
	}
	host := listener.Addr().String()
	if err := writeHosts(c.CertsD, l.Scheme, host); err != nil {
		_ = listener.Close()
		return "", err
	}
	if l.TLS != nil {
		listener = tls.NewListener(listener, l.TLS)
	}
	server := &http.Server{Handler: l.Handler, ReadHeaderTimeout: 30 * time.Second, ErrorLog: log.New(discard{}, "", 0)}
	c.mu.Lock()
	c.servers = append(c.servers, server)
	c.mu.Unlock()
	go func() { _ = server.Serve(listener) }() // it ends with Stop
	return host, nil
}

// discard swallows the complaints of a server whose clients shall fail.
type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func (c *Cluster) startRegistries(ctx context.Context) error {
	host, err := c.Serve(ctx, Listener{Handler: ggcr.New(ggcr.Logger(log.New(discard{}, "", 0))), Scheme: "http"})
	if err != nil {
		return err
	}
	c.Public = &Registry{Host: host}
	program := c.bin.Path(workloadProgram)
	for path, args := range map[string][]string{"pause:1": {"wait"}, "app:v1": {"wait"}, "crash:v1": {"exit", "1"}} {
		image, err := Image(program, runtime.GOARCH, args...)
		if err != nil {
			return err
		}
		if err := push(ctx, c.Public.Image(path), image); err != nil {
			return err
		}
	}
	c.pause = c.Public.Image("pause:1")
	return nil
}

func push(ctx context.Context, reference string, image v1.Image) error {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return fmt.Errorf("reading the reference of an image: %w", err)
	}
	if err := remote.Write(ref, image, remote.WithContext(ctx)); err != nil {
		return fmt.Errorf("pushing %s: %w", reference, err)
	}
	return nil
}
