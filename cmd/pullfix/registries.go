package main

import (
	"context"
	"crypto/rand"
	"net"

	"github.com/pullfix/pullfix/registry"
	"github.com/pullfix/pullfix/runbook"
)

// prober asks registries.
type prober = runbook.Registry

// registryChoice says what is special about registries.
type registryChoice struct {
	hosts          []registrySettings
	fingerprintKey []byte
	userAgent      string
	// guard refuses connections that somebody else than the asker may cause: into
	// private networks, unless the host is listed.
	guard bool
	// network replaces the machine's; nil is the machine's.
	network network
}

// network is where names lead to.
type network interface {
	registry.Resolver
	Dial(ctx context.Context, network, address string) (net.Conn, error)
}

// openRegistry makes the real client. The terminal acts as the person who
// types, so it may connect to what that person may connect to, without a guard;
// serve is asked by many, and has one.
func openRegistry(choice registryChoice) (prober, error) {
	options := registry.Options{FingerprintKey: choice.fingerprintKey, UserAgent: choice.userAgent, Guard: choice.guard}
	if choice.network != nil {
		options.Dial, options.Resolver = choice.network.Dial, choice.network
	}
	for _, h := range choice.hosts {
		options.Hosts = append(options.Hosts, registry.Host{
			Host: h.Host, CAFile: h.CAFile, PlainHTTP: h.PlainHTTP, Realms: h.Realms,
		})
	}
	return registry.New(options)
}

// registry opens the registries' client with the configured hosts.
func (t *tool) registry(s settings, key []byte) (prober, error) {
	opened, err := t.openRegistry(registryChoice{hosts: s.Registries, fingerprintKey: key, userAgent: userAgent()})
	if err != nil {
		return nil, usage(err, "look at registries: in the configuration")
	}
	return opened, nil
}

// fingerprintKey is fresh in every run of the terminal: fingerprints tell the
// credentials of one diagnosis apart and mean nothing afterwards.
func fingerprintKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key
}
