package registry

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// RoundTripper reaches the registry without a socket, whatever host a request
// names, over https as well as http. It works inside testing/synctest bubbles.
// Clients that prefer https on loopback names (go-containerregistry does) find
// it; a name like registry.example.com spares them the confusion.
func (r *Registry) RoundTripper() http.RoundTripper {
	return Network{"*": r}
}

// Network is a network without sockets: handlers by the host (with its port, as
// in the URL) that requests name. "*" answers for all other hosts; without it
// an unknown host fails as in DNS. It must not change while in use.
type Network map[string]http.Handler

// RoundTrip lets the handler answer, streaming, in a goroutine of its own.
func (n Network) RoundTrip(req *http.Request) (*http.Response, error) {
	handler, ok := n[req.URL.Host]
	if !ok {
		handler, ok = n["*"]
	}
	if !ok {
		closeBody(req)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{
			Err: "no such host", Name: req.URL.Hostname(), IsNotFound: true,
		}}
	}
	ctx, cancel := context.WithCancel(req.Context())
	in, unzip := received(ctx, req)
	w := newWire(req.Method)
	go func() {
		handler.ServeHTTP(w, in)
		w.end(ctx.Err())
		closeBody(req)
	}()
	select {
	case <-w.ready:
	case <-ctx.Done():
		cancel()
		return nil, req.Context().Err()
	}
	if w.refused != nil {
		cancel()
		return nil, w.refused
	}
	return w.response(req, cancel, unzip)
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// received is the request as a server would see it. As http.Transport does, it
// asks for gzip on its own, and then unzips without the caller noticing.
func received(ctx context.Context, req *http.Request) (in *http.Request, unzip bool) {
	in = req.Clone(ctx)
	in.RequestURI = req.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:1"
	in.Host = req.Host
	if in.Host == "" {
		in.Host = req.URL.Host
	}
	if req.URL.Scheme == "https" {
		in.TLS = &tls.ConnectionState{HandshakeComplete: true}
	}
	in.URL.Scheme, in.URL.Host = "", ""
	if in.Body == nil {
		in.Body = http.NoBody
	}
	unzip = req.Header.Get("Accept-Encoding") == "" && req.Header.Get("Range") == "" && req.Method != http.MethodHead
	if unzip {
		in.Header.Set("Accept-Encoding", "gzip")
	}
	return in, unzip
}

// wire carries one answer from a handler to its caller.
type wire struct {
	method string
	header http.Header
	reader *io.PipeReader
	writer *io.PipeWriter

	once    sync.Once
	ready   chan struct{} // closed when status and sent, or refused, are set
	status  int
	sent    http.Header
	refused error
	broken  error
}

func newWire(method string) *wire {
	r, w := io.Pipe()
	return &wire{method: method, header: http.Header{}, reader: r, writer: w, ready: make(chan struct{})}
}

// Header is what will be sent.
func (w *wire) Header() http.Header { return w.header }

// WriteHeader sends status and headers.
func (w *wire) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.ready)
	})
}

// Write sends a piece of the body and waits until it was read.
func (w *wire) Write(p []byte) (int, error) {
	if _, set := w.header["Content-Type"]; !set {
		w.header.Set("Content-Type", http.DetectContentType(p))
	}
	w.WriteHeader(http.StatusOK)
	if w.broken != nil {
		return 0, w.broken
	}
	if w.method == http.MethodHead {
		return len(p), nil
	}
	return w.writer.Write(p)
}

// Flush has nothing to do: nothing is kept back.
func (w *wire) Flush() { w.WriteHeader(http.StatusOK) }

// sever breaks off: before the headers as a failed request, after them as a
// body that fails.
func (w *wire) sever(reset bool) {
	w.broken = io.ErrUnexpectedEOF
	if reset {
		w.broken = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	w.once.Do(func() {
		w.refused = w.broken
		close(w.ready)
	})
	_ = w.writer.CloseWithError(w.broken)
}

// end closes the answer when the handler is done; err is why, if the caller
// gave up. A handler that wrote nothing answered 200.
func (w *wire) end(err error) {
	if err == nil {
		w.WriteHeader(http.StatusOK)
	}
	w.once.Do(func() {
		w.refused = err
		close(w.ready)
	})
	_ = w.writer.CloseWithError(err)
}

func (w *wire) response(req *http.Request, cancel context.CancelFunc, unzip bool) (*http.Response, error) {
	resp := &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Request: req, ContentLength: -1,
	}
	for key, values := range w.sent {
		if len(values) > 0 {
			resp.Header[key] = values
		}
	}
	resp.ContentLength = contentLength(resp.Header)
	body := &wireBody{ReadCloser: w.reader, cancel: cancel}
	resp.Body = body
	if unzip && strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		resp.Header.Del("Content-Encoding")
		resp.Header.Del("Content-Length")
		resp.ContentLength, resp.Uncompressed = -1, true
		resp.Body = &unzipped{wireBody: body}
	}
	return resp, nil
}

func contentLength(h http.Header) int64 {
	n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// wireBody ends the handler's request when the caller is done with the answer.
type wireBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close gives up on the rest.
func (b *wireBody) Close() error {
	b.cancel()
	return b.ReadCloser.Close()
}

// unzipped opens the compressed body at the first read, because reading the
// first bytes may take long.
type unzipped struct {
	*wireBody
	zip *gzip.Reader
}

// Read unzips.
func (u *unzipped) Read(p []byte) (int, error) {
	if u.zip == nil {
		z, err := gzip.NewReader(u.wireBody)
		if err != nil {
			return 0, err
		}
		u.zip = z
	}
	return u.zip.Read(p)
}
