package registry_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/pullfix/pullfix/registry"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	sandbox "github.com/pullfix/pullfix/sandbox/registry"
)

// names is a resolver for tests.
type names map[string]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	text, ok := n[host]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	var addresses []netip.Addr
	for field := range strings.FieldsSeq(text) {
		addresses = append(addresses, netip.MustParseAddr(field))
	}
	return addresses, nil
}

// dialed records which connections were asked for, and leads all of them to one
// server.
type dialed struct {
	to   string
	mu   sync.Mutex
	seen []string
}

func (d *dialed) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d.mu.Lock()
	d.seen = append(d.seen, address)
	d.mu.Unlock()
	return new(net.Dialer).DialContext(ctx, network, d.to)
}

func guarded(t *testing.T, n names, d *dialed, hosts ...registry.Host) *registry.Prober {
	t.Helper()
	return newProber(t, registry.Options{
		Guard: true, Resolver: n, Dial: d.dial, Hosts: hosts,
		Denied: []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")},
	})
}

func TestS1NoRequestForgery(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{
		"loopback": "127.0.0.1", "loopback 6": "::1", "link-local": "169.254.169.254", "link-local 6": "fe80::1",
		"ten": "10.0.0.5", "172": "172.20.0.1", "192": "192.168.1.1", "carrier": "100.100.100.200", "unspecified": "0.0.0.0",
		"unspecified 6": "::", "multicast": "224.0.0.1", "multicast 6": "ff02::1", "broadcast": "255.255.255.255",
		"unique local": "fd00:ec2::254", "mapped": "::ffff:10.0.0.5", "compatible": "::7f00:1", "nat64": "64:ff9b::a00:5",
		"local nat64": "64:ff9b:1::a00:5", "6to4": "2002:a00:5::1", "teredo": "2001:0:1::1", "site-local": "fec0::1",
		"zone": "fe80::1%eth0", "API server": "203.0.113.7", "API server, mapped": "::ffff:203.0.113.7",
		"one good, one bad": "93.184.216.34 10.0.0.5", "nought": "0.1.2.3", "benchmark": "198.18.0.1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &dialed{}
			p := guarded(t, names{"evil.example.net": address}, d)
			answer := ask(t, p, runbook.Question{Image: "evil.example.net/team/app:v1", Credential: login("ann", marker)})
			if len(d.seen) > 0 {
				t.Errorf("a packet left for %v", d.seen)
			}
			if answer.Result != cause.Unknown || answer.Refused != "registry" || answer.Detail != "refused" {
				t.Errorf("answer %+v", answer)
			}
		})
	}
}

func TestS1LiteralAddresses(t *testing.T) {
	t.Parallel()
	for _, image := range []string{"10.0.0.5:6379/x", "127.0.0.1:10250/x", "[::1]:6443/x", "localhost:5000/x"} {
		d := &dialed{}
		answer := ask(t, guarded(t, names{"localhost": "127.0.0.1"}, d), runbook.Question{Image: image})
		if len(d.seen) > 0 || answer.Refused == "" || answer.Detail != "refused" {
			t.Errorf("%s: dialled %v, answer %+v", image, d.seen, answer)
		}
	}
}

// TestS1RealmAndRedirectInwards: a registry outside names addresses inside.
func TestS1RealmAndRedirectInwards(t *testing.T) {
	t.Parallel()
	const host = "evil.example.net:5000"
	tests := map[string]struct {
		effect sandbox.Effect
		place  string
	}{
		"realm":         {sandbox.Challenge(`Bearer realm="http://169.254.169.254/latest/meta-data/"`), "realm"},
		"realm by name": {sandbox.Challenge(`Bearer realm="https://metadata.evil.example.net/"`), "realm"},
		"redirect":      {sandbox.RedirectTo("http://10.0.0.5:6379/"), "redirect"},
		"other port":    {sandbox.RedirectTo("http://evil.example.net:6379/"), "redirect"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSandbox(t, sandbox.Options{})
			r.Inject(sandbox.Fault{Endpoint: sandbox.Manifests, Effect: test.effect})
			d := &dialed{to: serve(t, r, sandbox.ServeOptions{}).Host}
			p := guarded(t, names{"evil.example.net": "10.1.1.1", "metadata.evil.example.net": "169.254.169.254"}, d, registry.Host{Host: host, PlainHTTP: true})
			answer := ask(t, p, runbook.Question{Image: host + "/team/app:v1"})
			if answer.Refused != test.place || answer.Result != cause.Unknown || answer.Detail != "refused" {
				t.Errorf("answer %+v", answer)
			}
			for _, address := range d.seen {
				if address != host {
					t.Errorf("a packet left for %s", address)
				}
			}
		})
	}
}

func TestS1ListedHostsAreReached(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{})
	server := serve(t, r, sandbox.ServeOptions{})
	d := &dialed{to: server.Host}
	p := guarded(t, names{}, d, registry.Host{Host: server.Host})
	if answer := ask(t, p, runbook.Question{Image: server.Host + "/team/app:v1"}); answer.Result != cause.None {
		t.Errorf("answer %+v", answer)
	}
}

// TestS1PublicHostsAreReached: the address that was checked is dialled, not the
// name, which could resolve to something else the second time.
func TestS1PublicHostsAreReached(t *testing.T) {
	t.Parallel()
	d := &dialed{to: "127.0.0.1:1"}
	p := guarded(t, names{"registry.example.com": "93.184.216.34"}, d)
	answer := ask(t, p, runbook.Question{Image: "registry.example.com/team/app:v1"})
	if len(d.seen) != 1 || d.seen[0] != "93.184.216.34:443" {
		t.Errorf("dialled %v", d.seen)
	}
	if answer.Result != cause.ConnectionRefused || answer.Detail != "unreachable" {
		t.Errorf("more than one word is told: %+v", answer)
	}
}

// TestS1NoProxy: behind a proxy the guard could not see the address.
func TestS1NoProxy(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	d := &dialed{to: "127.0.0.1:1"}
	ask(t, guarded(t, names{"registry.example.com": "93.184.216.34"}, d), runbook.Question{Image: "registry.example.com/x:1"})
	if len(d.seen) != 1 || d.seen[0] != "93.184.216.34:443" {
		t.Errorf("dialled %v", d.seen)
	}
}
