package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pullfix": main, "pullfix-in-shop": mainInShop})
}

// TestScript runs what people type and compares what they see.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE") != "",
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			e.Setenv("EXAMPLE", exampleFile(t))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"world": startWorld,
			"mask":  mask,
			"mode":  checkMode,
			"exits": checkExit,
		},
	})
}
