package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// ServeOptions say where a registry listens.
type ServeOptions struct {
	// Addr is a loopback host and port; empty means 127.0.0.1 and a free port.
	Addr string
	// TLS is the certificate to show; nil means plain HTTP.
	TLS *TLS
}

// Server is a registry on a loopback port.
type Server struct {
	// URL is the address with its scheme, Host without it, as in image names.
	URL, Host string

	trust []byte
	http  *http.Server
	done  chan struct{}
	close func()
}

// errNotLoopback is why a stand-in refuses to be reachable from elsewhere.
var errNotLoopback = errors.New("a sandbox registry listens on loopback addresses only")

// Serve listens and answers until Close is called or ctx ends. Requests that
// are being stalled end then too.
func (r *Registry) Serve(ctx context.Context, o ServeOptions) (*Server, error) {
	return serve(ctx, r, o)
}

func serve(ctx context.Context, handler http.Handler, o ServeOptions) (*Server, error) {
	listener, err := listen(ctx, o.Addr)
	if err != nil {
		return nil, err
	}
	s := &Server{Host: listener.Addr().String(), done: make(chan struct{})}
	s.URL = "http://" + s.Host
	s.http = &http.Server{
		Handler: handler, ReadHeaderTimeout: 30 * time.Second, MaxHeaderBytes: 64 << 10,
		ErrorLog: log.New(io.Discard, "", 0), // failed handshakes are what tests are about
		// HTTP/1.1 only: a connection of HTTP/2 cannot be taken over to break it.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	if o.TLS != nil {
		certificate, trust, err := o.TLS.issue()
		if err != nil {
			return nil, errors.Join(err, listener.Close())
		}
		s.trust, s.URL = trust, "https://"+s.Host
		listener = tls.NewListener(listener, &tls.Config{
			Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12,
		})
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(listener) // always ends with ErrServerClosed
	}()
	unhook := context.AfterFunc(ctx, func() { _ = s.http.Close() })
	s.close = func() {
		unhook()
		_ = s.http.Close()
	}
	return s, nil
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("reading address %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("listening on %q: %w", addr, errNotLoopback)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %q: %w", addr, err)
	}
	return listener, nil
}

// CAPEM is the certificate that a client has to trust; nil for plain HTTP.
func (s *Server) CAPEM() []byte { return s.trust }

// Close stops listening, breaks all connections and waits for the listener.
func (s *Server) Close() {
	s.close()
	<-s.done
}
