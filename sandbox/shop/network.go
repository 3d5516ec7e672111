package shop

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// Network is where names lead to: an address of loopback by host and port, ""
// for a host that refuses connections. Other names do not exist.
type Network map[string]string

// Dial opens a connection inside the world, as net.Dialer.DialContext does in
// the real one. A name that is not of this world fails as in DNS, without
// asking any.
func (n Network) Dial(ctx context.Context, kind, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("splitting address: %w", err)
	}
	to, known := n[address]
	switch {
	case !known:
		return nil, &net.OpError{Op: "dial", Net: kind, Err: noSuchHost(host)}
	case to == "":
		refused := os.NewSyscallError("connect", syscall.ECONNREFUSED)
		return nil, &net.OpError{Op: "dial", Net: kind, Addr: &net.TCPAddr{IP: net.IPv4(10, 20, 0, 5), Port: 443}, Err: refused}
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", to)
}

func noSuchHost(host string) error {
	return &net.DNSError{Err: "no such host", Name: host, Server: "10.96.0.10:53", IsNotFound: true}
}

// LookupNetIP looks up a name of the world, as net.Resolver does in the real
// one: every host that there is lives on loopback.
func (n Network) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if _, known := n[net.JoinHostPort(host, "443")]; !known {
		return nil, noSuchHost(host)
	}
	return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}, nil
}

// client is the node's way to the registries.
func (n Network) client(caFile string) (*http.Client, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("reading the registries' certificate: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("the registries' certificate is none")
	}
	return &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			DialContext: n.Dial, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			TLSHandshakeTimeout: 10 * time.Second, MaxIdleConnsPerHost: 2, IdleConnTimeout: 10 * time.Second,
		},
	}, nil
}
