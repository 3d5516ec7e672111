package metrics

import (
	"slices"

	"github.com/pullfix/pullfix/bot"
)

// The outcomes of an escalation.
const (
	told   = "told"   // a target confirmed it
	failed = "failed" // no target did, so far
	nobody = "nobody" // there is no target
)

// outcome is what became of an escalation, "" while that is not known.
func outcome(e bot.Escalated) string {
	switch {
	case e.Folded:
		return "" // counted long ago
	case len(e.Told) > 0:
		return told
	case len(e.Targets) == 0:
		return nobody
	case len(e.Failed) >= len(e.Targets):
		return failed
	}
	return ""
}

// condition is the row of the escalation table.
func condition(e bot.Escalated) string {
	if slices.Contains(bot.Conditions(), e.Condition) {
		return string(e.Condition)
	}
	return "other"
}
