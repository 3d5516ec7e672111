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
	return n, err //nolint:wrapcheck // a reader's errors are passed on as they are
}

func (f *framed) watch(p []byte) error {
	for len(p) > 0 {
		if f.left > 0 {
			n := min(uint64(len(p)), f.left)
			p, f.left = p[n:], f.left-n
			continue
		}
		f.header, p = append(f.header, p[0]), p[1:]
		length, ok := f.contentLength()
		if !ok {
			continue
		}
		opcode, final := f.header[0]&0x0f, f.header[0]&0x80 != 0
		f.header, f.left = f.header[:0], length
		switch {
		case opcode == 0 || !final:
			return errFragmented
		case length > maxFrame:
			return errFrameTooBig
		}
	}
	return nil
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
