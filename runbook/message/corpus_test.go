package message

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pullfix/pullfix/runbook/cause"
)

// sample is a line of testdata: a message and the causes a fair judge accepts.
type sample struct {
	ID         string        `json:"id"`
	Message    string        `json:"message"`
	Cause      cause.Cause   `json:"cause"`
	AlsoAccept []cause.Cause `json:"also_accept"`
}

func (s sample) accepts(c cause.Cause) bool {
	return c == s.Cause || slices.Contains(s.AlsoAccept, c)
}

func readSamples(t testing.TB, name string) []sample {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	var samples []sample
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var s sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatalf("%s: %v: %s", name, err, lines.Text())
		}
		samples = append(samples, s)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return samples
}

// TestCorpus holds the rules to messages of real nodes.
func TestCorpus(t *testing.T) {
	samples := readSamples(t, "pull-messages.jsonl")
	if len(samples) != 148 {
		t.Fatalf("%d messages, want all 148", len(samples))
	}
	agreed := 0
	for _, s := range samples {
		reading := Read(s.Message)
		if s.accepts(reading.Cause) {
			agreed++
			continue
		}
		t.Logf("%s: %s, want %s %v\n%s\nby %q", s.ID, reading.Cause, s.Cause, s.AlsoAccept, s.Message, reading.Fragment)
	}
	t.Logf("%d of %d agree", agreed, len(samples))
	if agreed*100 < 98*len(samples) {
		t.Errorf("%d of %d agree, want at least 98 %%", agreed, len(samples))
	}
}
