package slack

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// maxFrame is the largest frame that an app may send, in bytes.
const maxFrame = 20480

var (
	errFrameTooBig = errors.New("frame too big")
	errFragmented  = errors.New("fragmented frame")
)

// framed watches the frames of a WebSocket as the app sends them, for the
// library puts fragments together before anybody can see them. It is read by
// one goroutine, after the handshake.
type framed struct {
	net.Conn
	header []byte // of the frame that is being read
	left   uint64 // of its content
	err    error
	rest   []byte // what was read after the frame that is not as it should be
}

// Read passes on what was read until a frame is not as Slack wants it.
func (f *framed) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.Conn.Read(p)
	if f.err = f.watch(p[:n]); f.err != nil {
		return 0, f.err
	}
	return n, err
}

func (f *framed) watch(p []byte) error {
	for len(p) > 0 {
		var h header
		var ok bool
		if p, h, ok = f.next(p); !ok {
			continue
		}
		switch {
		case h.opcode == continuation || !h.final:
			f.rest = p
			return errFragmented
		case h.length > maxFrame:
			f.rest = p
			return errFrameTooBig
		}
	}
	return nil
}

// awaitClose reads, and throws away, all up to the client's close frame or the
// end of the connection. It comes after Read failed for a frame.
func (f *framed) awaitClose() {
	p := f.rest
	buffer := make([]byte, 4096)
	for {
		for len(p) > 0 {
			var h header
			var ok bool
			if p, h, ok = f.next(p); ok && h.opcode == closing {
				return
			}
		}
		n, err := f.Conn.Read(buffer)
		if err != nil {
			return
		}
		p = buffer[:n]
	}
}

// The opcodes that matter here.
const (
	continuation = 0
	closing      = 8
)

// header is the start of a frame.
type header struct {
	opcode byte
	final  bool
	length uint64
}

// next takes content, or a byte of a header, off p; ok says that the header is
// complete.
func (f *framed) next(p []byte) (rest []byte, h header, ok bool) {
	if f.left > 0 {
		n := min(uint64(len(p)), f.left)
		f.left -= n
		return p[n:], h, false
	}
	f.header = append(f.header, p[0])
	length, ok := f.contentLength()
	if ok {
		h = header{opcode: f.header[0] & 0x0f, final: f.header[0]&0x80 != 0, length: length}
		f.header, f.left = f.header[:0], length
	}
	return p[1:], h, ok
}

// contentLength is the frame's length; false until the header is complete.
func (f *framed) contentLength() (uint64, bool) {
	h := f.header
	if len(h) < 2 {
		return 0, false
	}
	need, length := 2, uint64(h[1]&0x7f)
	switch length {
	case 126:
		need = 4
	case 127:
		need = 10
	}
	if h[1]&0x80 != 0 { // the mask, which clients always send
		need += 4
	}
	if len(h) < need {
		return 0, false
	}
	switch length {
	case 126:
		length = uint64(binary.BigEndian.Uint16(h[2:]))
	case 127:
		length = binary.BigEndian.Uint64(h[2:])
	}
	return length, true
}

// watched is a response writer whose hijacked connection is [framed].
type watched struct {
	http.ResponseWriter
	conn *framed
}

// Hijack hands out the watched connection.
func (w *watched) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("taking over the connection: %w", err)
	}
	if buffered.Reader.Buffered() > 0 {
		_ = conn.Close()
		return nil, nil, errors.New("taking over the connection: the client sent before the handshake ended")
	}
	w.conn = &framed{Conn: conn}
	return w.conn, bufio.NewReadWriter(bufio.NewReaderSize(w.conn, 4096), bufio.NewWriter(conn)), nil
}
