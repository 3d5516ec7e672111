package registry

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
)

// hostSettings is a configured host, read.
type hostSettings struct {
	roots     *x509.CertPool // nil means the system's
	plainHTTP bool
	realms    []string
}

const (
	portHTTPS = "443"
	portHTTP  = "80"
)

var (
	errNoCertificate = errors.New("no PEM certificate found")
	errNoHost        = errors.New("not a host name with an optional port")
)

// readHosts returns the settings by address (host:port).
func readHosts(hosts []Host) (map[string]hostSettings, error) {
	read := make(map[string]hostSettings, len(hosts))
	for _, h := range hosts {
		if h.Host == "" || strings.ContainsAny(h.Host, "/@ ") {
			return nil, fmt.Errorf("reading registry %q: %w", h.Host, errNoHost)
		}
		roots, err := readRoots(h)
		if err != nil {
			return nil, fmt.Errorf("reading the CA of registry %s: %w", h.Host, err)
		}
		settings := hostSettings{roots: roots, plainHTTP: h.PlainHTTP}
		for _, realm := range h.Realms {
			settings.realms = append(settings.realms, strings.ToLower(realm))
		}
		name := endpoint(h.Host)
		if h.PlainHTTP {
			read[address(name, portHTTP)] = settings
		}
		read[address(name, portHTTPS)] = settings
	}
	return read, nil
}

func readRoots(h Host) (*x509.CertPool, error) {
	certificates := h.CA
	if h.CAFile != "" {
		file, err := os.ReadFile(h.CAFile)
		if err != nil {
			return nil, err
		}
		certificates = slices.Concat(certificates, []byte{'\n'}, file)
	}
	if len(certificates) == 0 {
		return nil, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(certificates) {
		return nil, errNoCertificate
	}
	return roots, nil
}

// address adds the port where host has none, and lowers the case.
func address(host, port string) string {
	host = strings.ToLower(host)
	if name, given, err := net.SplitHostPort(host); err == nil && given != "" {
		return net.JoinHostPort(name, given)
	}
	return net.JoinHostPort(hostname(host), port)
}

// hostname is host without port and brackets.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

// isLoopback tells whether host names this machine: such registries may be
// asked over http when they speak no TLS, as containerd does it.
func isLoopback(host string) bool {
	name := strings.TrimSuffix(strings.ToLower(hostname(host)), ".")
	if name == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Unmap().IsLoopback()
}

// schemes remembers the loopback registries that turned out to speak http.
type schemes struct{ plain sync.Map }

func (s *schemes) isPlain(host string) bool {
	_, ok := s.plain.Load(host)
	return ok
}

func (s *schemes) setPlain(host string) { s.plain.Store(host, true) }
