//go:build linux

package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Options says what kind of cluster to start.
type Options struct {
	// Binaries come from Build. Required.
	Binaries Binaries
	// Log gets what happens, one line a step. Required.
	Log *slog.Logger
	// ControlPlaneOnly leaves out the node, the registries, the controllers and
	// the scheduler: an API server alone, whose objects nobody touches.
	ControlPlaneOnly bool
}

// Cluster is a running cluster. Its fields are set by Start and not changed
// afterwards.
type Cluster struct {
	// Kubeconfig is the path of the administrator's kubeconfig.
	Kubeconfig string
	// Node is the name of the one node.
	Node string
	// CertsD is containerd's folder of hosts.toml files, one folder a registry.
	CertsD string
	// Client and Config are the administrator's.
	Client kubernetes.Interface
	Config *rest.Config
	// Public lets anybody pull and push. Private wants Basic, Token wants
	// Bearer with a realm on its own host and port.
	Public, Private, Token *Registry
	// User and Password may pull and push everything on Private and Token.
	User, Password string

	id    ident
	bin   Binaries
	log   *slog.Logger
	pause string // the reference of the pause image

	mu        sync.Mutex
	processes []*process
	closers   []func()
}

// Start starts a cluster and returns when a pod has run on it. What it started
// is gone when it returns an error. Clusters that died without Stop are swept
// first.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	if err := Preflight(o.ControlPlaneOnly); err != nil {
		return nil, err
	}
	Sweep(o.Log)
	id, err := newIdent()
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		Kubeconfig: id.path("conf", "admin.kubeconfig"), Node: "node1", CertsD: id.path("certs.d"),
		User: "e2e", Password: token(), id: id, bin: o.Binaries, log: o.Log,
	}
	began := time.Now()
	if err := c.start(ctx, o.ControlPlaneOnly); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	o.Log.Info("cluster is up", "folder", id.dir(), "elapsed", time.Since(began).Round(100*time.Millisecond))
	return c, nil
}

func (c *Cluster) start(ctx context.Context, controlPlaneOnly bool) error {
	if err := c.id.makeDirs(); err != nil {
		return err
	}
	if err := WriteIdentity(c.id.path(ownerFile)); err != nil {
		return err
	}
	if err := c.startAPI(ctx); err != nil {
		return err
	}
	c.log.Info("API server is ready", "url", c.Config.Host)
	if controlPlaneOnly {
		return nil
	}
	if err := c.startControllers(); err != nil {
		return err
	}
	if err := c.startRegistries(ctx); err != nil {
		return err
	}
	if err := c.startContainerd(ctx); err != nil {
		return err
	}
	if err := c.startKubelet(ctx); err != nil {
		return err
	}
	c.log.Info("node is Ready", "node", c.Node)
	return c.checkPod(ctx)
}

// Preflight says what the machine lacks for a cluster, and how to get it. An
// API server alone needs nothing.
func Preflight(controlPlaneOnly bool) error {
	if controlPlaneOnly {
		return nil
	}
	if os.Geteuid() != 0 {
		return errors.New("a real node needs root: run as root, or with sudo")
	}
	_, missingRunc := runc()
	_, missingPlugins := cniPlugins()
	return errors.Join(missingRunc, missingPlugins)
}

// spawn starts one of the cluster's programs.
func (c *Cluster) spawn(name string, args ...string) error {
	p, err := spawn(c.id.dir(), c.bin.Path(name), args...)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.processes = append(c.processes, p)
	return nil
}

// process returns a program that was started, or nil.
func (c *Cluster) process(name string) *process {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.processes {
		if p.name == name {
			return p
		}
	}
	return nil
}

// await asks ten times a second until the answer is yes. It gives up after
// limit, and as soon as one of the cluster's programs has ended.
func (c *Cluster) await(ctx context.Context, what string, limit time.Duration, ask func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not ready after %s", limit))
	defer cancel()
	err := poll(ctx, 100*time.Millisecond, func() (bool, error) {
		if err := c.Alive(); err != nil {
			return false, err
		}
		return ask()
	})
	if err != nil {
		return fmt.Errorf("waiting for the %s: %w", what, err)
	}
	return nil
}

// Alive is nil while all of the cluster's programs run.
func (c *Cluster) Alive() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.processes {
		if err := p.alive(); err != nil {
			return err
		}
	}
	return nil
}
