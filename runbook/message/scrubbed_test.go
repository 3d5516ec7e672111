package message

import (
	"testing"

	"github.com/pullfix/pullfix/runbook/scrub"
)

// TestScrubbingKeepsTheCause: a diagnosis judges the scrubbed text, so nothing
// that tells the cause may be scrubbed away.
func TestScrubbingKeepsTheCause(t *testing.T) {
	for _, s := range readSamples(t, "pull-messages.jsonl") {
		plain, scrubbed := Read(s.Message), Read(scrub.Text(s.Message))
		if plain.Cause != scrubbed.Cause {
			t.Errorf("%s: %s became %s: %s", s.ID, plain.Cause, scrubbed.Cause, scrub.Text(s.Message))
		}
	}
}
