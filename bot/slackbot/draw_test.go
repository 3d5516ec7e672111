package slackbot

import (
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// TestTheEndTellsTheFaultThatWasCured, not what the cure made of it.
func TestTheEndTellsTheFaultThatWasCured(t *testing.T) {
	at := time.Date(2026, 3, 2, 3, 12, 0, 0, time.UTC)
	verdict := func(severity, summary string) *runbook.Verdict {
		return &runbook.Verdict{Severity: severity, Diagnosis: runbook.Diagnosis{Cause: cause.TagNotFound, Summary: summary}}
	}
	i := bot.Incident{
		ID: "i1", State: bot.Resolved, Opened: at, Ending: &bot.Ending{At: at.Add(time.Minute), Resolution: "rolled back"},
		Fault: verdict(runbook.P1, "the tag is missing"), Verdict: verdict(runbook.P2, "the template was corrected"),
	}
	if line := string(drawing{incident: i}.what()); !strings.Contains(line, "P1 · the tag is missing") {
		t.Error(line)
	}
}

// TestWhatIsLeftOutIsCountedWhole, also what a last line stands for.
func TestWhatIsLeftOutIsCountedWhole(t *testing.T) {
	lines := make([]string, 0, 21)
	for range 20 {
		lines = append(lines, strings.Repeat("x", 100))
	}
	lines = append(lines, "and 39 more")
	if text := string(fence(lines, 1000)); !strings.Contains(text, "\nand 50 more\n") { // 9 of 20 have room
		t.Error(text)
	}
	if text := join(", ", 60, []markup{"one", "and 1 more of them", markup(strings.Repeat("y", 80))}); !strings.HasSuffix(string(text), "and 1 more") {
		t.Error(text)
	}
}
