package shop

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/sandbox/registry"
)

// The registries of the world. They have the names of real ones, so that each
// says no in its own words; every one of them is a stand-in on loopback.
const (
	ghcr   = "ghcr.io"
	ecr    = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	hub    = "registry-1.docker.io"
	quay   = "quay.io"
	harbor = "harbor.acme.example"
	down   = "registry.acme.example" // refuses connections
)

// shelf describes a registry: who may pull, and what there is.
type shelf struct {
	options registry.Options
	images  []string // REPOSITORY:TAG, for linux/amd64
	arm     []string // the same, for linux/arm64 alone
}

// accounts are the logins of the company. Their passwords are new in every run.
type accounts struct {
	ghcr, quay, harbor string
	robot              string // of ghcr, for one repository
	ecr                string // a token that has expired
	expired            time.Time
	fresh              string // the one that somebody fetched since
	expires            time.Time
}

// tokenLife is how long a token of ECR is good.
const tokenLife = 12 * time.Hour

func newAccounts() accounts {
	a := accounts{ghcr: "ghp_" + rand.Text(), quay: rand.Text(), harbor: rand.Text(), robot: "ghp_" + rand.Text()}
	a.expired = time.Now().Add(-14 * time.Minute).Truncate(time.Second)
	a.expires = a.expired.Add(tokenLife)
	a.ecr, a.fresh = ecrToken(a.expired), ecrToken(a.expires)
	return a
}

// ecrToken looks like the password that aws ecr get-login-password prints: a
// document that says when it ends.
func ecrToken(expires time.Time) string {
	body, _ := json.Marshal(map[string]any{ // strings and a number always encode
		"payload": rand.Text(), "datakey": rand.Text(), "version": "2", "type": "DATA_KEY", "expiration": expires.Unix(),
	})
	return base64.StdEncoding.EncodeToString(body)
}

func (a accounts) shelves() map[string]shelf {
	all := []string{"*"}
	return map[string]shelf{
		ghcr: {
			options: registry.Options{
				Style: registry.GHCR, Auth: registry.AuthBearer, Public: []string{"acme/storefront"},
				Accounts: []registry.Account{
					{User: "acme-bot", Password: a.ghcr, Pull: all}, {User: "payments-robot", Password: a.robot, Pull: []string{"acme/payments"}},
				},
			},
			images: []string{
				"acme/storefront:4.2.0", "acme/checkout:1.4.1", "acme/checkout:1.4.2", "acme/checkout:1.4.3",
				"acme/search:2.0.1", "acme/search:2.1.0", "acme/payments:3.2.0", "acme/cart:5.1.0", "acme/sessions:7.0",
			},
			arm: []string{"acme/recommend:0.9.0"},
		},
		ecr: {
			options: registry.Options{
				Style: registry.ECR, Auth: registry.AuthBasic,
				Accounts: []registry.Account{
					{User: "AWS", Password: a.ecr, Pull: all, Expires: a.expired}, {User: "AWS", Password: a.fresh, Pull: all, Expires: a.expires},
				},
			},
			images: []string{"media/thumbnails:2.3.1", "teams/worker:6.2.0"},
		},
		hub: {
			options: registry.Options{Style: registry.DockerHub, Auth: registry.AuthBearer, Public: all},
			images:  []string{"acme/landing:12", "library/nginx:1.29"},
		},
		quay: {
			options: registry.Options{
				Style: registry.Quay, Auth: registry.AuthBearer, Public: []string{"acme/status"},
				Accounts: []registry.Account{{User: "acme+robot", Password: a.quay, Pull: all}},
			},
			images: []string{"acme/status:1.8"},
		},
		harbor: {
			options: registry.Options{
				Style: registry.Harbor, Auth: registry.AuthBearer,
				Accounts: []registry.Account{{User: "robot$billing", Password: a.harbor, Pull: all}},
			},
			images: []string{"billing/ledger:2.0", "billing/reports:9.4"},
		},
	}
}

// openRegistries starts the registries and makes their names lead to them.
func (w *World) openRegistries(ctx context.Context) error {
	ca, err := registry.NewCA("pullfix demonstration")
	if err != nil {
		return fmt.Errorf("making the registries' certificates: %w", err)
	}
	if err := w.writeCA(ca.PEM()); err != nil {
		return err
	}
	shelves := w.accounts.shelves()
	for _, host := range slices.Sorted(maps.Keys(shelves)) {
		if err := w.openRegistry(ctx, ca, host, shelves[host]); err != nil {
			return fmt.Errorf("opening %s: %w", host, err)
		}
	}
	w.Network[net.JoinHostPort(down, "443")] = ""
	w.shelves[hub].Inject(registry.Fault{
		Endpoint: registry.Manifests, Repository: "acme/landing", Effect: registry.RateLimited(0),
	})
	w.shelves[harbor].Inject(registry.Fault{
		Endpoint: registry.Manifests, Repository: troubled, Effect: registry.Status(503),
	})
	return nil
}

// troubled is the repository of which its registry has trouble at first.
const troubled = "billing/reports"

// sleep waits; false means that the world ends.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// healTrouble makes the registry well again some time after it was looked into:
// a person who asks sees the failure, and who waits sees it heal.
func (w *World) healTrouble(ctx context.Context, after time.Duration) error {
	const look = 200 * time.Millisecond
	sick := w.shelves[harbor]
	asked := func(r registry.Request) bool {
		return r.Repository == troubled && strings.HasPrefix(r.UserAgent, botUser+"/")
	}
	for !slices.ContainsFunc(sick.Requests(), asked) {
		if !sleep(ctx, look) {
			return nil
		}
	}
	if sleep(ctx, after) {
		sick.ClearFaults()
	}
	return nil
}

func (w *World) openRegistry(ctx context.Context, ca *registry.CA, host string, s shelf) error {
	r := registry.New(s.options)
	for _, image := range s.images {
		if _, err := r.Push(cut(image)); err != nil {
			return err
		}
	}
	for _, image := range s.arm {
		repository, tag := cut(image)
		if _, err := r.Push(repository, tag, "linux/arm64"); err != nil {
			return err
		}
	}
	server, err := r.Serve(ctx, registry.ServeOptions{TLS: &registry.TLS{CA: ca, Hosts: []string{host}}})
	if err != nil {
		return err
	}
	w.servers, w.shelves[host] = append(w.servers, server), r
	w.Network[net.JoinHostPort(host, "443")] = server.Host
	return nil
}

// Hosts are the registries by the names that images have, for a client that has
// to be told that they may be asked although they are on loopback.
func (w *World) Hosts() []string {
	return []string{ghcr, ecr, "docker.io", quay, harbor, down}
}
