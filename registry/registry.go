// Package registry asks container registries whether a credential can pull an
// image, the way a node's container runtime asks: straight for the manifest,
// over verified TLS, one login at a time, and without ever repeating a question
// that was refused. It implements [runbook.Registry].
//
// go-containerregistry's own client is used for the documents only. Its remote
// package begins with GET /v2/, demands headers on HEAD, retries 429 and sends
// a login to whatever token server a registry names; nodes do the first three
// differently, and pullfix must not do the last.
package registry

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// Host is what is configured for one registry.
type Host struct {
	// Host is the registry's name, with its port unless that is the usual one.
	Host string
	// CA are PEM certificates to trust besides the system's; CAFile is a file of
	// such.
	CA     []byte
	CAFile string
	// PlainHTTP asks over http. Without it only loopback registries that do not
	// speak TLS are asked so.
	PlainHTTP bool
	// Realms are further hosts whose token servers may receive a login for this
	// registry.
	Realms []string
}

// Resolver looks up the addresses of a name, as [net.Resolver] does.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// DialFunc opens a connection, as [net.Dialer.DialContext] does.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Options describe a Prober. The zero value asks as the user of a terminal may.
type Options struct {
	Hosts []Host
	// Guard refuses connections into private networks unless Hosts lists the
	// host with its port. With it the environment's proxies are not used: behind
	// a proxy the address that is reached cannot be checked.
	Guard bool
	// Denied are further networks that the guard refuses: those of the API
	// server, of pods and of services.
	Denied []netip.Prefix
	// Timeout bounds one probe, all requests together; 10 s when zero.
	Timeout time.Duration
	// DialTimeout bounds one connection attempt; 4 s when zero.
	DialTimeout time.Duration
	// FingerprintKey keys what is remembered of credentials; random when empty.
	FingerprintKey []byte
	UserAgent      string
	Log            *slog.Logger
	Now            func() time.Time
	// Resolver and Dial replace the system's; Transport replaces the network.
	Resolver  Resolver
	Dial      DialFunc
	Transport http.RoundTripper
}

const (
	defaultTimeout     = 10 * time.Second
	defaultDialTimeout = 4 * time.Second
	keyBytes           = 32
)

// Prober asks registries. It is safe for concurrent use; equal questions that
// are open at the same time are asked once.
type Prober struct {
	options Options
	hosts   map[string]hostSettings // by address
	guard   guard
	schemes schemes
	memory  *memory
	flight  singleflight.Group
}

var _ runbook.Registry = (*Prober)(nil)

// New returns a Prober, or an error for a CA that cannot be read and for a host
// that is no host name.
func New(o Options) (*Prober, error) {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.DialTimeout <= 0 {
		o.DialTimeout = defaultDialTimeout
	}
	if o.UserAgent == "" {
		o.UserAgent = "pullfix"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if len(o.FingerprintKey) == 0 {
		o.FingerprintKey = make([]byte, keyBytes)
		_, _ = rand.Read(o.FingerprintKey) // never fails since Go 1.24
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: o.DialTimeout}).DialContext
	}
	hosts, err := readHosts(o.Hosts)
	if err != nil {
		return nil, err
	}
	p := &Prober{options: o, hosts: hosts, memory: newMemory(o.FingerprintKey, o.Now)}
	p.guard = guard{hosts: hosts, denied: slices.Clone(o.Denied), resolver: o.Resolver, dial: o.Dial}
	return p, nil
}

// Probe asks one question. See [runbook.Registry].
func (p *Prober) Probe(ctx context.Context, q runbook.Question) (runbook.Answer, error) {
	t, err := parseTarget(q.Image)
	if err != nil {
		return runbook.Answer{}, err
	}
	if err := ctx.Err(); err != nil {
		return runbook.Answer{}, fmt.Errorf("asking %s: %w", t.host, err)
	}
	open := p.flight.DoChan(p.questionKey(t, q), func() (any, error) {
		// The first asker may leave; the others still want the answer.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.timeout(ctx))
		defer cancel()
		return p.ask(ctx, t, q), nil
	})
	select {
	case <-ctx.Done():
		return runbook.Answer{}, fmt.Errorf("asking %s: %w", t.host, ctx.Err())
	case result := <-open:
		answer, _ := result.Val.(runbook.Answer)
		return ownCopy(answer), nil
	}
}

// timeout leaves an asker in a hurry the time to hear that it was a timeout.
func (p *Prober) timeout(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return p.options.Timeout
	}
	return min(p.options.Timeout, time.Until(deadline)*9/10)
}

// ownCopy keeps several askers of one question from sharing memory.
func ownCopy(a runbook.Answer) runbook.Answer {
	a.Platforms, a.Tags = slices.Clone(a.Platforms), slices.Clone(a.Tags)
	if a.RateLimit != nil {
		limit := *a.RateLimit
		a.RateLimit = &limit
	}
	return a
}

func (p *Prober) questionKey(t target, q runbook.Question) string {
	login := ""
	if q.Credential != nil {
		login = string(p.memory.credentialKey(t.host, *q.Credential))
	}
	return fmt.Sprintf("%q %q %q %q %x %t %t", t.host, t.String(), t.beside, q.Platform, login, q.NearTags, q.Configured)
}

// ask answers from memory where a login may not be tried, else from the
// registry.
func (p *Prober) ask(ctx context.Context, t target, q runbook.Question) runbook.Answer {
	start := p.options.Now()
	answer := p.askOnce(ctx, t, q)
	answer.Host = t.host
	answer.TookMs = p.options.Now().Sub(start).Milliseconds()
	return answer
}

func (p *Prober) askOnce(ctx context.Context, t target, q runbook.Question) runbook.Answer {
	s := newSession(p, t, q)
	defer s.close()
	if s.credential == nil {
		s.run(ctx)
		return s.answer
	}
	s.attempt = p.memory.attempt(t, *s.credential)
	defer s.attempt.leave()
	if answer, known := s.attempt.remembered(); known {
		return answer
	}
	s.run(ctx)
	s.attempt.conclude(s.answer, s.everywhere)
	return s.answer
}

// credentialOf returns what a container runtime would log in with: nothing for
// an entry without a user or without a password.
func credentialOf(q runbook.Question) *keyring.Credential {
	if q.Credential == nil || q.Credential.Anonymous() {
		return nil
	}
	return q.Credential
}
