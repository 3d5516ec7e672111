package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// guard opens connections that a tenant may cause: after the name is resolved
// it refuses addresses of private networks, unless the host is configured. The
// address that was checked is the one that is dialled.
type guard struct {
	hosts    map[string]hostSettings
	denied   []netip.Prefix
	resolver Resolver
	dial     DialFunc
}

// refusedError says that the guard did not allow a connection. It does not say
// what the name resolved to: the asker might be exploring.
type refusedError struct{}

func (*refusedError) Error() string { return "refused" }

var errNoAddress = errors.New("no address")

func (g guard) connect(ctx context.Context, network, to string) (net.Conn, error) {
	if _, listed := g.hosts[to]; listed {
		return g.dial(ctx, network, to)
	}
	host, port, err := net.SplitHostPort(to)
	if err != nil {
		return nil, fmt.Errorf("splitting address: %w", err)
	}
	addresses, err := g.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	// One bad address is enough: a name that points inside and outside is no
	// registry's.
	if slices.ContainsFunc(addresses, g.forbids) {
		return nil, &refusedError{}
	}
	return g.dialEach(ctx, network, addresses, port)
}

// mostAddresses bounds the attempts for one name.
const mostAddresses = 4

func (g guard) dialEach(ctx context.Context, network string, addresses []netip.Addr, port string) (net.Conn, error) {
	err := errNoAddress
	for _, ip := range addresses[:min(len(addresses), mostAddresses)] {
		var conn net.Conn
		if conn, err = g.dial(ctx, network, net.JoinHostPort(ip.String(), port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

func (g guard) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil
	}
	return g.resolver.LookupNetIP(ctx, "ip", host)
}

func (g guard) forbids(ip netip.Addr) bool {
	if ip.Zone() != "" {
		return true
	}
	if ip.Is4In6() {
		ip = ip.Unmap()
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return true
	}
	contains := func(p netip.Prefix) bool { return p.Contains(ip) }
	return slices.ContainsFunc(specialNetworks(), contains) || slices.ContainsFunc(g.denied, contains)
}

// specialNetworks are those of the IANA special-purpose registries that are
// neither private nor link-local in net/netip's words and still lead elsewhere
// than the internet, or embed an IPv4 address.
func specialNetworks() []netip.Prefix {
	return []netip.Prefix{
		netip.PrefixFrom(netip.AddrFrom4([4]byte{0, 0, 0, 0}), 8),
		netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10), // carrier-grade NAT, cloud metadata
		netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 0, 0}), 24),
		netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, 0, 0}), 15),
		netip.PrefixFrom(netip.AddrFrom4([4]byte{240, 0, 0, 0}), 4),
		netip.PrefixFrom(netip.IPv6Unspecified(), 96),                            // IPv4-compatible
		netip.PrefixFrom(netip.AddrFrom16([16]byte{0x00, 0x64, 0xff, 0x9b}), 32), // NAT64
		netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 0x01}), 32),             // Teredo
		netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 0x02}), 16),             // 6to4
		netip.PrefixFrom(netip.AddrFrom16([16]byte{0xfe, 0xc0}), 10),             // site-local
		netip.PrefixFrom(netip.AddrFrom16([16]byte{0x01, 0x00}), 64),             // discard
	}
}
