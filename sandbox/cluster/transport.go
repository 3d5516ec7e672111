package cluster

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// RoundTripper serves requests in process, without sockets, so that they work in
// a testing/synctest bubble. Answers stream, so watches do too.
func (c *Cluster) RoundTripper() http.RoundTripper { return inProcess{c} }

type inProcess struct{ handler http.Handler }

// RoundTrip hands the request to the handler and returns with its header.
func (t inProcess) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(request.Context())
	reader, writer := io.Pipe()
	w := &stream{header: http.Header{}, writer: writer, ready: make(chan struct{})}
	served := request.Clone(ctx)
	if served.Body == nil {
		served.Body = http.NoBody
	}
	served.Host, served.RequestURI = request.URL.Host, request.URL.RequestURI()
	go func() {
		t.handler.ServeHTTP(w, served)
		w.WriteHeader(http.StatusOK) // when the handler wrote nothing
		_ = served.Body.Close()      // it belongs to the transport from here on
		_ = writer.Close()           // never fails
	}()
	select {
	case <-w.ready:
	case <-ctx.Done():
		cancel()
		_ = reader.Close() // never fails
		return nil, request.Context().Err()
	}
	if w.broken {
		cancel()
		return nil, fmt.Errorf("reading the answer to %s %s: %w", request.Method, request.URL.Path, io.ErrUnexpectedEOF)
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Header: w.sent, Request: request,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: -1,
		Body: &answerBody{reader, cancel},
	}, nil
}

// answerBody ends the handler's context when the client closes it.
type answerBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b *answerBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

// stream is the handler's side of an in-process answer.
type stream struct {
	once   sync.Once
	header http.Header
	sent   http.Header
	status int
	broken bool
	writer *io.PipeWriter
	ready  chan struct{}
}

func (s *stream) Header() http.Header { return s.header }

func (s *stream) WriteHeader(status int) {
	s.once.Do(func() {
		s.status, s.sent = status, s.header.Clone()
		close(s.ready)
	})
}

func (s *stream) Write(b []byte) (int, error) {
	s.WriteHeader(http.StatusOK)
	return s.writer.Write(b)
}

// Flush has nothing to do: what is written is there.
func (s *stream) Flush() { s.WriteHeader(http.StatusOK) }

// Hijack breaks the exchange: the client sees a connection that ended. What it
// returns is only good to be closed.
func (s *stream) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	s.once.Do(func() {
		s.broken = true
		close(s.ready)
	})
	_ = s.writer.CloseWithError(io.ErrUnexpectedEOF) // never fails
	near, far := net.Pipe()
	_ = far.Close() // never fails
	return near, nil, nil
}
