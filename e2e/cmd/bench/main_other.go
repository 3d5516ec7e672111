//go:build !linux

// Command bench needs Linux.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: the API server that is measured against needs Linux")
	os.Exit(2)
}
