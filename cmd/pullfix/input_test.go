package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
)

func FuzzReadManifests(f *testing.F) {
	f.Add([]byte("kind: Secret\nmetadata: {name: x}\ndata: {a: eA==}\n---\nkind: List\nitems: [{kind: Pod}]\n"))
	f.Add([]byte(`{"kind":"SecretList","items":[{"metadata":{"name":"x"},"stringData":{"a":null}}]}{}`))
	f.Add([]byte("{a: b}\n--- x\n? [1]\n: 2\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := readManifests(bytes.NewReader(text), "fuzz")
		if err != nil {
			return
		}
		for _, s := range found.secrets {
			if s.Name == "" || s.Type == "" {
				t.Errorf("a secret without name or type: %v", s)
			}
		}
	})
}

func FuzzLoadSettings(f *testing.F) {
	f.Add("[{name: a, kubeconfig: ''}]")
	f.Add("{a: &x [*x]}")
	f.Add("- <<: {name: b}")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := loadSettings("", func(name string) string {
			if name == "PULLFIX_CLUSTERS" {
				return text
			}
			return ""
		})
		if err == nil && len(s.Clusters) > 1 && s.Clusters[0].Name == "" {
			t.Errorf("a nameless cluster passed: %v", s.Clusters)
		}
	})
}

func TestStreamKeepsTheOrder(t *testing.T) {
	var in, want strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&in, "line %d\r\n\n", i%3000)
		fmt.Fprintf(&want, "<line %d>", i%3000)
	}
	var out strings.Builder
	s := stream{work: func(line string) []byte { return []byte("<" + line + ">") }}
	if err := s.run(t.Context(), strings.NewReader(in.String()), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != want.String() {
		t.Error("the answers are not in the order of the lines")
	}
}

func TestStreamAnswersWhatIsThere(t *testing.T) {
	in, person := io.Pipe()
	answers, out := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	s := stream{work: func(line string) []byte { return []byte(line + "\n") }}
	go func() { ended <- s.run(ctx, in, out) }()
	go func() { _, _ = io.WriteString(person, "first\n") }()
	if line, err := bufio.NewReader(answers).ReadString('\n'); line != "first\n" {
		t.Fatalf("%q, %v", line, err)
	}
	stop() // while the reader waits for more
	if err := <-ended; err == nil {
		t.Error("an interrupted stream ended well")
	}
}

func TestLongLinesAreCutAndTold(t *testing.T) {
	var told []string
	var lengths atomic.Int64
	s := stream{
		work: func(line string) []byte { lengths.Add(int64(len(line))); return nil },
		warn: func(note string) { told = append(told, note) },
	}
	in := strings.Repeat("a", longestLine) + "\n" + strings.Repeat("b", 3*longestLine) + "\nshort"
	if err := s.run(t.Context(), strings.NewReader(in), io.Discard); err != nil {
		t.Fatal(err)
	}
	if got, want := int(lengths.Load()), 2*longestLine+len("\r\n")+len("short"); got != want {
		t.Errorf("%d bytes were explained, want %d", got, want)
	}
	if len(told) != 1 || !strings.Contains(told[0], "line 2 is longer") {
		t.Errorf("told %q", told)
	}
}

func BenchmarkExplain(b *testing.B) {
	var in strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&in, "Failed to pull image \"ghcr.io/acme/app:%d\": failed to resolve image: ghcr.io/acme/app:%d: not found\n", i, i)
	}
	b.SetBytes(int64(in.Len()))
	for b.Loop() {
		s := stream{work: explainJSON}
		if err := s.run(context.Background(), strings.NewReader(in.String()), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(1000*b.N)/b.Elapsed().Seconds(), "messages/s")
}
