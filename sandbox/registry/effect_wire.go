package registry

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"
)

// Slow waits, then lets the request go on. It ends early with the request.
func Slow(latency time.Duration) Effect {
	return Effect{func(c call) {
		if pause(c.req.Context(), latency) {
			c.forward(c.w)
		}
	}}
}

// Stall answers nothing until the caller gives up or the server closes.
func Stall() Effect {
	return Effect{func(c call) { <-c.req.Context().Done() }}
}

// Reset breaks the connection without an answer.
func Reset() Effect {
	return Effect{func(c call) { sever(c.w, true) }}
}

// Truncate ends the connection after that many bytes of the real answer's body.
func Truncate(after int) Effect {
	return Effect{func(c call) {
		left, severed := after, false
		c.forward(&rewritten{ResponseWriter: c.w, write: func(p []byte) (int, error) {
			if severed {
				return 0, net.ErrClosed
			}
			if len(p) <= left {
				left -= len(p)
				return c.w.Write(p)
			}
			n, err := c.w.Write(p[:left])
			_ = http.NewResponseController(c.w).Flush() // what is not out yet would be lost
			severed = true
			sever(c.w, false)
			return n, errors.Join(err, net.ErrClosed)
		}})
	}}
}

// Corrupt flips the first byte of the real answer's body, so that it no longer
// has the digest it is announced by.
func Corrupt() Effect {
	return Effect{func(c call) {
		first := true
		c.forward(&rewritten{ResponseWriter: c.w, write: func(p []byte) (int, error) {
			if first && len(p) > 0 {
				first = false
				p = append([]byte{p[0] ^ 0x01}, p[1:]...)
			}
			return c.w.Write(p)
		}})
	}}
}

// Drip sends the real answer's body one byte an interval.
func Drip(interval time.Duration) Effect {
	return Effect{func(c call) {
		flush := http.NewResponseController(c.w).Flush
		c.forward(&rewritten{ResponseWriter: c.w, write: func(p []byte) (int, error) {
			for i := range p {
				if _, err := c.w.Write(p[i : i+1]); err != nil {
					return i, err
				}
				_ = flush() // a writer that cannot flush drips all the same
				if !pause(c.req.Context(), interval) {
					return i + 1, c.req.Context().Err()
				}
			}
			return len(p), nil
		}})
	}}
}

// Endless answers with a body that begins like an error and never ends.
func Endless(status int) Effect {
	return Effect{func(c call) {
		c.w.Header().Set("Content-Type", "application/json")
		c.w.WriteHeader(status)
		chunk := []byte(`{"errors":[{"code":"DENIED","message":"` + strings.Repeat("endless ", 4<<10))
		for c.req.Method != http.MethodHead && c.req.Context().Err() == nil {
			if _, err := c.w.Write(chunk); err != nil {
				return
			}
			chunk = chunk[len(chunk)-(16<<10):]
		}
	}}
}

// GzipBomb answers with a small compressed body that grows to size bytes.
func GzipBomb(status int, size int64) Effect {
	return Effect{func(c call) {
		c.w.Header().Set("Content-Type", "application/json")
		c.w.Header().Set("Content-Encoding", "gzip")
		c.w.WriteHeader(status)
		z := gzip.NewWriter(c.w)
		defer func() { _ = z.Close() }()
		chunk := []byte(strings.Repeat(" ", 64<<10))
		for ; size > 0 && c.req.Context().Err() == nil; size -= int64(len(chunk)) {
			if _, err := z.Write(chunk[:min(size, int64(len(chunk)))]); err != nil {
				return
			}
		}
	}}
}

// pause sleeps, and reports whether the request is still wanted afterwards.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// severer is a writer without a connection that can act as if it lost one.
type severer interface{ sever(reset bool) }

// sever ends the connection under w: with a reset, or as if the peer had
// stopped in the middle of a sentence.
func sever(w http.ResponseWriter, reset bool) {
	for inner := w; inner != nil; {
		if s, ok := inner.(severer); ok {
			s.sever(reset)
			return
		}
		wrapped, ok := inner.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		inner = wrapped.Unwrap()
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "this connection cannot be broken: "+err.Error(), http.StatusInternalServerError)
		return
	}
	if reset {
		// With nothing lingering, closing sends RST instead of FIN.
		if t, ok := plain(conn).(*net.TCPConn); ok {
			_ = t.SetLinger(0)
		}
		_ = plain(conn).Close()
		return
	}
	_ = conn.Close()
}

// plain is the connection below TLS.
func plain(conn net.Conn) net.Conn {
	if t, ok := conn.(*tls.Conn); ok {
		return t.NetConn()
	}
	return conn
}

// rewritten passes the body through write.
type rewritten struct {
	http.ResponseWriter
	write func([]byte) (int, error)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *rewritten) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Write hands the bytes to write.
func (r *rewritten) Write(p []byte) (int, error) { return r.write(p) }
