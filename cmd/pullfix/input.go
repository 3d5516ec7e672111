package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// largestInput bounds files that are read whole.
const largestInput = 4 << 20

var errTooLarge = errors.New("it is larger than 4 MiB")

// input opens what a flag names: a file, or - for standard input. The name is
// for messages.
func (t *tool) input(path string) (in io.ReadCloser, name string, err error) {
	if path == "-" {
		return io.NopCloser(t.stdin), "standard input", nil
	}
	file, err := os.Open(path)
	return file, path, err
}

// readFile reads a file that is not larger than any honest one.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := readAll(file)
	return text, errors.Join(err, file.Close())
}

// readAll reads what is not larger than any honest file.
func readAll(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, largestInput+1))
	if err != nil {
		return nil, fmt.Errorf("reading: %w", err)
	}
	if len(text) > largestInput {
		return nil, errTooLarge
	}
	return text, nil
}
