//go:build linux

package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/pullfix/pullfix/sandbox/registry"
)

// Registry is a registry that the node can reach.
type Registry struct {
	*registry.Registry
	// Host is 127.0.0.1:PORT.
	Host string
}

// Image is the reference of an image in this registry.
func (r *Registry) Image(path string) string { return r.Host + "/" + path }

// RegistryOptions say how a registry behaves and how the node reaches it.
type RegistryOptions struct {
	registry.Options
	// TLS is the certificate to show; nil means plain HTTP.
	TLS *registry.TLS
	// NodeScheme is the scheme that the node is told to use, http or https,
	// whatever the registry speaks; empty means http.
	NodeScheme string
}

// AddRegistry serves a registry on a free port until Stop. The node knows of
// it when AddRegistry returns.
func (c *Cluster) AddRegistry(ctx context.Context, o RegistryOptions) (*Registry, error) {
	r := &Registry{Registry: registry.New(o.Options)}
	server, err := r.Serve(context.WithoutCancel(ctx), registry.ServeOptions{TLS: o.TLS})
	if err != nil {
		return nil, fmt.Errorf("serving a registry: %w", err)
	}
	c.atStop(server.Close)
	r.Host = server.Host
	return r, writeHosts(c.CertsD, o.NodeScheme, r.Host)
}

// ClosedPort returns a host:port of loopback on which nobody listens and
// nobody will until Stop: a registry that is down.
func (c *Cluster) ClosedPort() (string, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", fmt.Errorf("making a socket that never listens: %w", err)
	}
	c.atStop(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return "", fmt.Errorf("reserving a port: %w", err)
	}
	address, err := syscall.Getsockname(fd)
	if err != nil {
		return "", fmt.Errorf("reading the reserved port: %w", err)
	}
	inet, ok := address.(*syscall.SockaddrInet4)
	if !ok {
		return "", fmt.Errorf("reading the reserved port: the address is a %T", address)
	}
	host := "127.0.0.1:" + strconv.Itoa(inet.Port)
	return host, writeHosts(c.CertsD, "http", host)
}

// Workload is an image of e2e/cmd/workload with these arguments.
func (c *Cluster) Workload(args ...string) (registry.Image, error) {
	return Program(c.bin.Path(workloadProgram), args...)
}

// Program is an image for the node's platform that runs one static program.
func Program(path string, args ...string) (registry.Image, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return registry.Image{}, fmt.Errorf("reading the program of an image: %w", err)
	}
	name := filepath.Base(path)
	return registry.Image{
		Platforms:  []string{"linux/" + runtime.GOARCH},
		Files:      []registry.File{{Name: name, Mode: 0o755, Body: text}},
		Entrypoint: append([]string{"/" + name}, args...),
	}, nil
}

// startRegistries serves the three registries that every cluster has and fills
// the public one.
func (c *Cluster) startRegistries(ctx context.Context) error {
	everything := registry.Account{User: c.User, Password: c.Password, Push: []string{"*"}}
	accounts := []registry.Account{everything}
	var err error
	if c.Public, err = c.AddRegistry(ctx, RegistryOptions{Options: registry.Options{PublicPush: true}}); err != nil {
		return err
	}
	if c.Private, err = c.AddRegistry(ctx, RegistryOptions{Options: registry.Options{Auth: registry.AuthBasic, Accounts: accounts}}); err != nil {
		return err
	}
	if c.Token, err = c.AddRegistry(ctx, RegistryOptions{Options: registry.Options{Auth: registry.AuthBearer, Accounts: accounts}}); err != nil {
		return err
	}
	images := map[string][]string{"pause:1": {"wait"}, "app:v1": {"wait"}, "crash:v1": {"exit", "1"}}
	for image, args := range images {
		if err := c.push(image, args...); err != nil {
			return err
		}
	}
	c.pause = c.Public.Image("pause:1")
	return nil
}

// push stores a workload in the public registry.
func (c *Cluster) push(name string, args ...string) error {
	image, err := c.Workload(args...)
	if err != nil {
		return err
	}
	repository, tag, _ := strings.Cut(name, ":")
	if _, err := c.Public.PushImage(repository, tag, image); err != nil {
		return fmt.Errorf("storing the image %s: %w", name, err)
	}
	return nil
}

// atStop has f called by Stop.
func (c *Cluster) atStop(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closers = append(c.closers, f)
}
