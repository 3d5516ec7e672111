//go:build !linux

// Command cluster needs Linux.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "cluster: a real Kubernetes node needs Linux")
	os.Exit(2)
}
