package k8s

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// errWire says that bytes are not the encoding they should be.
var errWire = errors.New("malformed encoding")

// wire reads one protobuf message from a stream, field by field
// (https://protobuf.dev/programming-guides/encoding), so that a list of any
// length takes the memory of one item.
type wire struct {
	r    *bufio.Reader
	left int64 // bytes of the message that are still to come; -1: until the end
}

// The wire types that Kubernetes' messages use.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// fields walks over the message. Fields with a length are handed to visit,
// which may leave part of them unread; the others are skipped.
func (w *wire) fields(visit func(field int, content *wire) error) error {
	for w.left != 0 {
		tag, err := w.varint()
		if w.left < 0 && errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return unexpected(err)
		}
		if err := w.field(tag, visit); err != nil {
			return err
		}
	}
	return nil
}

func (w *wire) field(tag uint64, visit func(field int, content *wire) error) error {
	switch tag & 7 {
	case wireVarint:
		_, err := w.varint()
		return unexpected(err)
	case wireFixed64:
		return w.skip(8)
	case wireFixed32:
		return w.skip(4)
	case wireBytes:
		return w.nested(int(tag>>3), visit)
	}
	return fmt.Errorf("%w: wire type %d", errWire, tag&7)
}

func (w *wire) nested(field int, visit func(field int, content *wire) error) error {
	length, err := w.varint()
	if err != nil {
		return unexpected(err)
	}
	if int64(length) < 0 || w.left >= 0 && int64(length) > w.left {
		return fmt.Errorf("%w: a field longer than its message", errWire)
	}
	content := &wire{r: w.r, left: int64(length)}
	if err := visit(field, content); err != nil {
		return err
	}
	if err := content.skip(content.left); err != nil {
		return err
	}
	if w.left >= 0 {
		w.left -= int64(length)
	}
	return nil
}

// ReadByte lets the message be the source of a varint.
func (w *wire) ReadByte() (byte, error) {
	if w.left == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	b, err := w.r.ReadByte()
	if err == nil && w.left > 0 {
		w.left--
	}
	return b, err
}

func (w *wire) varint() (uint64, error) { return binary.ReadUvarint(w) }

func (w *wire) skip(n int64) error {
	if w.left >= 0 && n > w.left {
		return fmt.Errorf("%w: a field longer than its message", errWire)
	}
	skipped, err := io.CopyN(io.Discard, w.r, n)
	if w.left >= 0 {
		w.left -= skipped
	}
	return unexpected(err)
}

// rest reads what is left of the message into buffer, which may be reused.
func (w *wire) rest(buffer []byte) ([]byte, error) {
	if w.left < 0 || w.left > objectBytes {
		return buffer, fmt.Errorf("%w: an object of %d bytes", errWire, w.left)
	}
	buffer = slices.Grow(buffer[:0], int(w.left))[:w.left]
	n, err := io.ReadFull(w.r, buffer)
	w.left -= int64(n)
	return buffer, unexpected(err)
}

// unexpected turns the end of the stream in the middle of a message into an
// error that says so.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
