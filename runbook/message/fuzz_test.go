package message

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pullfix/pullfix/runbook/cause"
)

// FuzzRead demands that a reading never panics, is complete, and stays the same
// inside the kubelet's wrapper.
func FuzzRead(f *testing.F) {
	for _, s := range readSamples(f, "pull-messages.jsonl") {
		f.Add(s.Message)
	}
	f.Add(`[rpc error: a, rpc error: b`)
	f.Add(`(Mirrors also failed: [a: b]): c`)
	f.Add("\\\\\\\"\\u003c\xff")
	f.Fuzz(func(t *testing.T, text string) {
		got := Read(text)
		if got.Message != text || got.Cause == "" || got.Certainty == "" {
			t.Fatalf("incomplete: %+v", got)
		}
		if len(got.Fragment) > longestFragment || !utf8.ValidString(got.Fragment) {
			t.Fatalf("fragment %q", got.Fragment)
		}
		if got.Cause == cause.NotPullFailure || got.Cause == cause.Unknown || got.Cause == cause.BackOffOnly || len(text) > longest/2 {
			return
		}
		if strings.ContainsAny(text, "[(") || strings.HasPrefix(strings.TrimSpace(text), `"`) {
			return // the wrapper may change what is an aggregate or a quoted name
		}
		wrapped := Read(`Failed to pull image "reg.example/app:1": ` + text)
		if wrapped.Cause != got.Cause {
			t.Fatalf("%s by %q, wrapped %s by %q", got.Cause, got.Fragment, wrapped.Cause, wrapped.Fragment)
		}
	})
}
