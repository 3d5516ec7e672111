package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"
)

const (
	// longestLine is how much of one line is read; the rest of it is left out.
	longestLine = 1 << 20
	// linesAtOnce is how many lines one worker takes, and bytesAtOnce how many
	// bytes, so that long lines do not pile up.
	linesAtOnce = 256
	bytesAtOnce = 1 << 20
)

var errReading = errors.New("reading the messages")

// stream answers lines on all processors and writes the answers in the order of
// the lines. What is there is answered at once: it does not wait for more input.
type stream struct {
	work    func(line string) []byte
	between string // answers
	warn    func(string)
}

// batch is some lines on their way to their answers.
type batch struct {
	lines  []string
	bytes  int
	answer chan []byte
}

func newBatch() *batch { return &batch{answer: make(chan []byte, 1)} }

func (s stream) run(ctx context.Context, r io.Reader, w io.Writer) error {
	workers := runtime.GOMAXPROCS(0)
	all, within := errgroup.WithContext(ctx)
	open, ordered := make(chan *batch, workers), make(chan *batch, 2*workers)
	all.Go(func() error {
		defer close(open)
		defer close(ordered)
		return s.read(r, func(b *batch) error {
			return errors.Join(send(within, ordered, b), send(within, open, b))
		})
	})
	for range workers {
		all.Go(func() error {
			known := make(memory)
			for b := range open {
				b.answer <- s.answer(b, known)
			}
			return nil
		})
	}
	all.Go(func() error { return s.write(within, ordered, w) })
	ended := make(chan error, 1)
	go func() { ended <- all.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err() // the reader may wait for input that never comes
	}
}

func send(ctx context.Context, to chan<- *batch, b *batch) error {
	select {
	case to <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// memory keeps answers: in a list of events the same few messages come again
// and again.
type memory map[string][]byte

const (
	mostRemembered    = 4096
	longestRemembered = 4096 // bytes of a line
)

func (s stream) answer(b *batch, known memory) []byte {
	all := make([]byte, 0, 2*b.bytes)
	for i, line := range b.lines {
		if i > 0 {
			all = append(all, s.between...)
		}
		answer, ok := known[line]
		if !ok {
			answer = s.work(line)
			if len(known) >= mostRemembered {
				clear(known)
			}
			if len(line) <= longestRemembered {
				known[line] = answer
			}
		}
		all = append(all, answer...)
	}
	return all
}

func (s stream) write(ctx context.Context, ordered <-chan *batch, w io.Writer) error {
	between := ""
	for b := range ordered {
		select {
		case answer := <-b.answer:
			if _, err := w.Write(append([]byte(between), answer...)); err != nil {
				return fmt.Errorf("writing the answer: %w", err)
			}
			between = s.between
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// read cuts the input into batches.
func (s stream) read(r io.Reader, send func(*batch) error) error {
	in := bufio.NewReaderSize(r, 256<<10)
	b := newBatch()
	for number := 1; ; number++ {
		line, whole, err := readLine(in)
		if !whole {
			s.warn(fmt.Sprintf("note: line %d is longer than 1 MiB; its end was left out", number))
		}
		if len(line) > 0 {
			b.lines, b.bytes = append(b.lines, string(line)), b.bytes+len(line)
		}
		full := len(b.lines) >= linesAtOnce || b.bytes >= bytesAtOnce
		if len(b.lines) > 0 && (full || err != nil || in.Buffered() == 0) {
			if err := send(b); err != nil {
				return err
			}
			b = newBatch()
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%w: %w", errReading, err)
		}
	}
}

// readLine returns the next line without spaces around it, and whether it is
// whole. The bytes are valid until the next call.
func readLine(in *bufio.Reader) (line []byte, whole bool, err error) {
	line, err = in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return bytes.TrimSpace(line), true, err
	}
	line, whole = bytes.Clone(line), true
	for errors.Is(err, bufio.ErrBufferFull) {
		var more []byte
		more, err = in.ReadSlice('\n')
		fits := min(len(more), max(0, longestLine+len("\r\n")-len(line)))
		whole = whole && fits == len(more)
		line = append(line, more[:fits]...)
	}
	return bytes.TrimSpace(line), whole, err
}
