package shop

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pullfix/pullfix/sandbox/cluster"
	"github.com/pullfix/pullfix/sandbox/registry"
	"github.com/pullfix/pullfix/sandbox/slack"
)

// Options say how the world is made.
type Options struct {
	// Directory takes the kubeconfig and the certificate of the registries.
	Directory string
	// Scopes are what the bot's token is good for; nil is everything a bot may
	// want.
	Scopes []string
	// Retry is how soon the kubelet tries a pull again, at first and at most:
	// 5 s and 40 s when zero, which is quicker than a real one.
	Retry, MaxRetry time.Duration
	// Startup is how long a container takes to be ready: 1 s when zero.
	Startup time.Duration
	// Heal is how long after the bot asked it the registry that has trouble is
	// well again: 30 s when zero.
	Heal time.Duration
	// Teams is how many further namespaces pull with the expired token.
	Teams int
	// Log is told what goes wrong in the world itself; nil is silent.
	Log *slog.Logger
}

// World is the company, running.
type World struct {
	Workspace *slack.Workspace
	Cluster   *cluster.Cluster
	// Kubeconfig is a file for the bot, CAFile what the registries' certificates
	// are signed with.
	Kubeconfig, CAFile string
	// Network is how the registries are reached.
	Network Network

	servers  []*registry.Server
	shelves  map[string]*registry.Registry
	api      *cluster.Server
	people   kubectl
	stop     context.CancelFunc
	living   sync.WaitGroup
	trouble  chan error
	accounts accounts
}

// ClusterName is what people call the cluster.
const ClusterName = "demo"

const nodeName = "node-1"

// Open makes the world and lets it live until Close. What people did to it
// since yesterday is done by then: it takes a few seconds.
func Open(ctx context.Context, o Options) (*World, error) {
	o = o.withDefaults()
	living, stop := context.WithCancel(context.WithoutCancel(ctx))
	w := &World{
		Kubeconfig: filepath.Join(o.Directory, "kubeconfig"), CAFile: filepath.Join(o.Directory, "registries.pem"),
		Network: Network{}, shelves: map[string]*registry.Registry{}, stop: stop, trouble: make(chan error, 4), accounts: newAccounts(),
	}
	w.Workspace = slack.New(slack.Options{Seed: people(o.Scopes), Log: o.Log})
	err := w.openRegistries(living)
	if err == nil {
		err = w.openCluster(living, o)
	}
	if err == nil {
		err = w.history(ctx, o.Teams)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the shop: %w", err), w.Close())
	}
	return w, nil
}

func (o Options) withDefaults() Options {
	for field, value := range map[*time.Duration]time.Duration{&o.Retry: 5 * time.Second, &o.MaxRetry: 40 * time.Second, &o.Startup: time.Second, &o.Heal: 30 * time.Second} {
		if *field == 0 {
			*field = value
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// openCluster starts the API server, its controllers and a kubelet that really
// pulls.
func (w *World) openCluster(ctx context.Context, o Options) error {
	c, err := cluster.New(cluster.Options{Log: o.Log})
	if err != nil {
		return fmt.Errorf("making the cluster: %w", err)
	}
	w.Cluster = c
	c.AddUser(cluster.User{Name: botUser, Token: "sandbox-bot"})
	c.AddUser(cluster.User{Name: "erin@acme.example", Token: peopleToken})
	w.people = kubectl{client: &http.Client{Transport: c.RoundTripper()}}
	if w.api, err = c.Serve(ctx); err != nil {
		return fmt.Errorf("serving the cluster: %w", err)
	}
	if err := w.api.WriteKubeconfig(w.Kubeconfig, botUser); err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	client, err := w.Network.client(w.CAFile)
	if err != nil {
		return err
	}
	kubelet := cluster.NewKubelet(c, cluster.KubeletOptions{
		Node: nodeName, Puller: &cluster.Containerd{Client: client}, Startup: o.Startup,
		Resync: o.Retry / 2, BackOff: o.Retry, MaxBackOff: o.MaxRetry,
	})
	w.live(ctx, kubelet.Run)
	w.live(ctx, cluster.NewControllers(c).Run)
	w.live(ctx, func(ctx context.Context) error { return w.healTrouble(ctx, o.Heal) })
	return nil
}

// botUser is who the bot is to the API server.
const botUser = "pullfix"

// live runs a part of the world until Close.
func (w *World) live(ctx context.Context, part func(context.Context) error) {
	w.living.Go(func() {
		if err := part(ctx); err != nil && ctx.Err() == nil {
			select {
			case w.trouble <- err:
			default: // one is enough to know
			}
		}
	})
}

// Trouble tells of a part of the world that ended by itself.
func (w *World) Trouble() <-chan error { return w.trouble }

// Close ends everything, and waits for it.
func (w *World) Close() error {
	w.stop()
	var err error
	if w.api != nil {
		err = w.api.Close()
	}
	for _, s := range w.servers {
		s.Close()
	}
	w.living.Wait()
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("ending the shop: %w", err)
	}
	return nil
}

// writeCA writes the certificate of the registries' authority.
func (w *World) writeCA(pem []byte) error {
	if err := os.WriteFile(w.CAFile, pem, 0o600); err != nil {
		return fmt.Errorf("writing the registries' certificate: %w", err)
	}
	return nil
}
