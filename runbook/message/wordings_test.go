package message

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/runbook/cause"
)

// readWordings reads lines of "cause[,cause] | message"; the first cause is the
// one meant, the others are fair as well.
func readWordings(t testing.TB, path string) []sample {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var samples []sample
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		causes, message, ok := strings.Cut(line, " | ")
		if !ok {
			t.Fatalf("%s: no cause: %s", path, line)
		}
		var s sample
		for i, name := range strings.Split(causes, ",") {
			if i == 0 {
				s.Cause = cause.Cause(name)
			} else {
				s.AlsoAccept = append(s.AlsoAccept, cause.Cause(name))
			}
		}
		s.Message = message
		samples = append(samples, s)
	}
	return samples
}

func wordings(t testing.TB) []sample {
	t.Helper()
	paths, err := filepath.Glob("testdata/wordings/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no wordings", err)
	}
	var samples []sample
	for _, path := range paths {
		samples = append(samples, readWordings(t, path)...)
	}
	return samples
}

// TestWordings holds the rules to what the sources of runtimes, registries and
// kubelets can say, release by release.
func TestWordings(t *testing.T) {
	samples := wordings(t)
	if len(samples) < 250 {
		t.Errorf("%d wordings, want at least 250", len(samples))
	}
	for _, s := range samples {
		if reading := Read(s.Message); !s.accepts(reading.Cause) {
			t.Errorf("%s, want %s\n%s\nby %q", reading.Cause, s.Cause, s.Message, reading.Fragment)
		}
	}
}
