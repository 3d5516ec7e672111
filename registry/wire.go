package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
)

// Bounds of what one probe takes in (S14).
const (
	mostTrips      = 5 // requests to the registry and its token server
	mostRedirects  = 5 // of one request
	mostHeader     = 64 << 10
	mostErrorBody  = 64 << 10
	mostTokenBody  = 256 << 10
	mostManifest   = 4 << 20
	mostConfig     = 1 << 20
	mostTagListing = 1 << 20
)

// request is one request and how much of its answer is read.
type request struct {
	method        string
	url           *url.URL
	accept        string
	authorization string
	form          url.Values
	limit         int64
}

// reply is an answer, its body read as far as allowed.
type reply struct {
	status int
	header http.Header
	body   []byte
	from   *url.URL
	method string
}

func (r reply) ok() bool { return r.status >= 200 && r.status < 300 }

// networkError is a failure of one exchange, with where it happened.
type networkError struct {
	err      error
	host     string
	answered bool
}

func (e *networkError) Error() string { return e.err.Error() }
func (e *networkError) Unwrap() error { return e.err }

// send carries out a request and follows its redirects: at most five, never
// twice to the same address, never from https to http, and never with the
// Authorization of another host.
func (s *session) send(ctx context.Context, req request) (reply, error) {
	seen := map[string]bool{}
	for {
		if !s.withinBudget(req.url.Host) {
			return reply{}, errBudget
		}
		r, err := s.exchange(ctx, req)
		if err != nil {
			return reply{}, err
		}
		next, err := redirection(req, r)
		if err != nil {
			return reply{}, &networkError{err: err, host: req.url.Host, answered: true}
		}
		if next == nil {
			return r, nil
		}
		if seen[next.String()] || len(seen) == mostRedirects {
			return reply{}, &networkError{err: errRedirects, host: req.url.Host, answered: true}
		}
		seen[next.String()] = true
		if !strings.EqualFold(next.Host, req.url.Host) {
			req.authorization = ""
		}
		req.url = next
	}
}

// withinBudget counts only what goes to the registry and to its token server;
// storage that they redirect to is bounded by the number of redirects.
func (s *session) withinBudget(host string) bool {
	if !strings.EqualFold(host, s.base.Host) && !strings.EqualFold(host, s.realmHost()) {
		return true
	}
	return s.answer.Trips < mostTrips
}

func (s *session) realmHost() string {
	if s.realm == nil {
		return ""
	}
	return s.realm.Host
}

// redirection returns where a reply sends the request on to, or nil.
func redirection(req request, r reply) (*url.URL, error) {
	switch r.status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	location := r.header.Get("Location")
	if location == "" || req.form != nil {
		return nil, nil
	}
	next, err := req.url.Parse(location)
	if err != nil || next.Hostname() == "" || (next.Scheme != "https" && next.Scheme != "http") {
		return nil, errLocation
	}
	if req.url.Scheme == "https" && next.Scheme == "http" {
		return nil, errDowngrade
	}
	next.User, next.Fragment = nil, ""
	return next, nil
}

// exchange is one request and its answer.
func (s *session) exchange(ctx context.Context, req request) (reply, error) {
	answered := false
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { answered = true }}
	out, err := s.build(httptrace.WithClientTrace(ctx, trace), req)
	if err != nil {
		return reply{}, &networkError{err: err, host: req.url.Host}
	}
	resp, err := s.transport(req.url).RoundTrip(out)
	if !spokeHTTP(err) {
		s.count(req.url.Host)
	}
	if err != nil {
		return reply{}, &networkError{err: err, host: req.url.Host, answered: answered}
	}
	defer func() { _ = resp.Body.Close() }()
	r := reply{status: resp.StatusCode, header: resp.Header, from: req.url, method: req.method}
	if req.method != http.MethodHead {
		r.body, err = io.ReadAll(io.LimitReader(resp.Body, req.limit))
	}
	// An error's status counts, however its body ends.
	if err != nil && r.ok() {
		return reply{}, &networkError{err: err, host: req.url.Host, answered: true}
	}
	s.prober.options.Log.Debug("asked registry", "host", req.url.Host, "method", req.method, "status", r.status)
	return r, nil
}

func (s *session) count(host string) {
	if strings.EqualFold(host, s.base.Host) || strings.EqualFold(host, s.realmHost()) {
		s.answer.Trips++
	}
}

func (s *session) build(ctx context.Context, req request) (*http.Request, error) {
	var body io.Reader
	if req.form != nil {
		body = strings.NewReader(req.form.Encode())
	}
	out, err := http.NewRequestWithContext(ctx, req.method, req.url.String(), body)
	if err != nil {
		return nil, fmt.Errorf("building request: %w", err)
	}
	out.Header.Set("User-Agent", s.prober.options.UserAgent)
	// Nothing is to grow after it was read, whatever transport is in use.
	out.Header.Set("Accept-Encoding", "identity")
	if req.form != nil {
		out.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	if req.accept != "" {
		out.Header.Set("Accept", req.accept)
	}
	if req.authorization != "" {
		out.Header.Set("Authorization", req.authorization)
	}
	return out, nil
}

// transport returns the connections of this probe to a host. No other
// credential shares them, and they end with the probe.
func (s *session) transport(to *url.URL) http.RoundTripper {
	if t := s.prober.options.Transport; t != nil {
		return t
	}
	key := address(to.Host, portOf(to.Scheme))
	if t, ok := s.transports[key]; ok {
		return t
	}
	roots := s.prober.hosts[key].roots
	if roots == nil && strings.EqualFold(to.Host, s.realmHost()) {
		// As in containerd, a registry's CA is good for its token server.
		roots = s.prober.hosts[address(s.base.Host, portOf(s.base.Scheme))].roots
	}
	t := s.prober.newTransport(roots)
	s.transports[key] = t
	return t
}

func (p *Prober) newTransport(roots *x509.CertPool) *http.Transport {
	t := &http.Transport{
		DialContext:            p.options.Dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    p.options.DialTimeout,
		MaxResponseHeaderBytes: mostHeader,
		MaxConnsPerHost:        1,
		DisableCompression:     true, // what is read is what is bounded
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: refuseTunnel,
	}
	if p.options.Guard {
		t.DialContext, t.Proxy = p.guard.connect, nil
	}
	return t
}

// proxyError is a proxy that does not open the way to the registry.
type proxyError struct{ status int }

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy answered %d %s", e.status, http.StatusText(e.status))
}

func refuseTunnel(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
	if r.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{status: r.StatusCode}
}

func (s *session) close() {
	for _, t := range s.transports {
		t.CloseIdleConnections()
	}
}
