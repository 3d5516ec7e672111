package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// These are set by the linker when make builds pullfix. Where the toolchain has
// recorded the commit itself, that counts.
var version, commit, built string

// build says which program this is.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Built    string `json:"built"` // when the commit was made
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (t *tool) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "version",
		Short:       "print the version",
		Args:        noArguments,
		Annotations: map[string]string{annotationIdle: idleVersion},
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			if t.json() {
				return t.printJSON(b)
			}
			_, err := fmt.Fprintln(t.stdout, b)
			return err
		},
	}
}

// thisBuild reads what the Go toolchain wrote into the program.
func thisBuild() build {
	b := build{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	recorded, ok := debug.ReadBuildInfo()
	if !ok {
		recorded = &debug.BuildInfo{}
	}
	switch {
	case version != "":
		b.Version = version
	case recorded.Main.Version != "":
		b.Version = recorded.Main.Version
	}
	for _, setting := range recorded.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.time":
			b.Built = setting.Value
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	return b.linked(commit, built)
}

// linked fills in what the toolchain did not record, as with -buildvcs=false.
func (b build) linked(commit, built string) build {
	if b.Commit == "" {
		b.Commit, b.Built = commit, built
		b.Modified = commit != "" && strings.HasSuffix(b.Version, "-dirty")
	}
	return b
}

func (b build) String() string {
	s := "pullfix " + b.Version
	if b.Commit != "" {
		s += ", commit " + b.Commit[:min(12, len(b.Commit))]
	}
	if b.Modified {
		s += " with changes"
	}
	if b.Built != "" {
		s += " of " + b.Built
	}
	return s + ", " + b.Go + ", " + b.Platform
}

// userAgent is how pullfix names itself to API servers and registries.
func userAgent() string { return "pullfix/" + strings.Trim(thisBuild().Version, "()") }
