package slack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Server is a workspace on a loopback port.
type Server struct {
	// URL is the address without a slash at the end, APIURL what a client of
	// the Web API is pointed at, with one.
	URL, APIURL string
	// Dial reaches the workspace, for http.Transport's DialContext and
	// websocket.Dialer's NetDialContext. Only one in memory needs it.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	workspace *Workspace
	http      *http.Server
	done      chan struct{}
	unhook    func() bool
}

// errNotLoopback is why the workspace refuses to be reachable from elsewhere.
var errNotLoopback = errors.New("a sandbox workspace listens on loopback addresses only")

// Serve listens and answers until Close is called or ctx ends. An empty
// address is 127.0.0.1 and a free port.
func (w *Workspace) Serve(ctx context.Context, addr string) (*Server, error) {
	return w.ServeWith(ctx, addr, w.Handler())
}

// ServeWith is Serve for a handler around the workspace's own, such as one
// that adds a page.
func (w *Workspace) ServeWith(ctx context.Context, addr string, handler http.Handler) (*Server, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("reading address %q: %w", addr, err)
	}
	if !loopbackHost(host) {
		return nil, fmt.Errorf("listening on %q: %w", addr, errNotLoopback)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %q: %w", addr, err)
	}
	s := &Server{URL: "http://" + listener.Addr().String(), Dial: new(net.Dialer).DialContext}
	w.serve(ctx, s, listener, handler)
	return s, nil
}

// ServeInMemory is Serve without a port: only what dials by the server's Dial
// reaches it. Such a workspace and its clients can live in a synctest bubble,
// where an hour takes no time.
func (w *Workspace) ServeInMemory(ctx context.Context) *Server {
	pipes := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	s := &Server{URL: "http://127.0.0.1", Dial: pipes.dial}
	w.serve(ctx, s, pipes, w.Handler())
	return s
}

func (w *Workspace) serve(ctx context.Context, s *Server, listener net.Listener, handler http.Handler) {
	s.workspace, s.APIURL, s.done = w, s.URL+"/api/", make(chan struct{})
	w.SetBaseURL(s.URL)
	s.http = &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10,
		// Streams of changes end when the server does.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(listener) // always ends with ErrServerClosed
	}()
	s.unhook = context.AfterFunc(ctx, s.shut)
}

func (s *Server) shut() {
	_ = s.http.Close()
	s.workspace.Disrupt(Kill, 0) // which the HTTP server no longer knows
}

// Close stops listening and breaks all connections.
func (s *Server) Close() {
	s.unhook()
	s.shut()
	<-s.done
}
