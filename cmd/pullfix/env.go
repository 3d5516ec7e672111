package main

import (
	"context"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// env is the world around one run of the program; a test replaces it.
type env struct {
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	environ        []string // of programs that pullfix runs
	// columns is the width of the terminal that a stream is, 0 when it is none.
	columns      func(stream any) int
	openCluster  func(clusterChoice) (cluster, error)
	openRegistry func(registryChoice) (prober, error)
	pace         pace // of serve
	patience     pace // of fix
}

// system is the real world.
func system() env {
	return env{
		args:         os.Args[1:],
		stdin:        os.Stdin,
		stdout:       os.Stdout,
		stderr:       os.Stderr,
		getenv:       os.Getenv,
		environ:      os.Environ(),
		columns:      terminalColumns,
		openCluster:  openCluster,
		openRegistry: openRegistry,
		pace:         usualPace(),
		patience:     pace{poll: time.Second, settle: 5 * time.Second},
	}
}

// terminalColumns asks the operating system.
func terminalColumns(stream any) int {
	file, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil || columns <= 0 {
		return paperWidth
	}
	return columns
}

// run carries out one command line and returns the exit code.
func run(ctx context.Context, e env) int {
	return e.report(newRoot(e).ExecuteContext(ctx))
}
