// Package outbound is how sources of credentials talk to clouds: over verified
// TLS, without redirects, and never for longer or about more than a credential
// needs.
package outbound

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook/scrub"
)

// Bounds of one exchange.
const (
	// Within is how long one source may take, all its requests together.
	Within       = 20 * time.Second
	answerWithin = 10 * time.Second
	mostAnswer   = 1 << 20
	mostHeader   = 64 << 10
	mostQuoted   = 200
)

var (
	errTooLong = errors.New("the answer does not end")
	errOpen    = errors.New("credentials are not asked for over plain http")
	errNoRoots = errors.New("no PEM certificate found")
)

// Client returns a client that trusts the system's authorities, and those in a
// PEM file where that is named.
func Client(caFile string) (*http.Client, error) {
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    answerWithin,
		ResponseHeaderTimeout:  answerWithin,
		MaxResponseHeaderBytes: mostHeader,
		DisableKeepAlives:      true, // credentials are asked for a few times a day
		ForceAttemptHTTP2:      true,
	}
	if caFile != "" {
		roots, err := readRoots(caFile)
		if err != nil {
			return nil, fmt.Errorf("reading the authority %s: %w", caFile, err)
		}
		transport.TLSClientConfig.RootCAs = roots
	}
	return &http.Client{
		Transport: private{transport},
		Timeout:   Within,
		// A login is for the host that was asked.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

func readRoots(caFile string) (*x509.CertPool, error) {
	text, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(text) {
		return nil, errNoRoots
	}
	return roots, nil
}

// private refuses what others could read along, and bounds what is read.
type private struct{ next http.RoundTripper }

// RoundTrip sends one request.
func (p private) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme != "https" && !Near(request.URL.Hostname()) {
		return nil, errOpen
	}
	response, err := p.next.RoundTrip(request)
	if err == nil {
		response.Body = bound(response.Body)
	}
	return response, err
}

// Doer sends requests, as http.Client does.
type Doer interface {
	Do(request *http.Request) (*http.Response, error)
}

// Bounded bounds the answers that another client gets.
func Bounded(next Doer) Doer { return bounded{next} }

type bounded struct{ next Doer }

// Do sends one request.
func (b bounded) Do(request *http.Request) (*http.Response, error) {
	response, err := b.next.Do(request)
	if err == nil {
		response.Body = bound(response.Body)
	}
	return response, err
}

// body is an answer that ends with an error when it is too long: what was read
// of it is no answer.
type body struct {
	io.Closer
	from io.Reader
	left int64
}

func bound(b io.ReadCloser) io.ReadCloser { return &body{Closer: b, from: b, left: mostAnswer} }

// Read reads on.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLong
	}
	return n, err
}

// Near tells whether a host is this machine, or the address at which clouds
// tell a machine about itself: nobody is on the way to either.
func Near(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && (ip.Unmap().IsLoopback() || ip.Unmap().IsLinkLocalUnicast())
}

// Quote makes the text of an error safe to show, and drops it when one of the
// secrets that were sent stands in it.
func Quote(text string, secrets ...string) string {
	for _, secret := range secrets {
		if secret != "" && strings.Contains(text, secret) {
			return "[an answer that repeats what it was sent]"
		}
	}
	return scrub.Limit(scrub.Text(text), mostQuoted)
}
