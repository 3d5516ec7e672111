package metrics

import "github.com/pullfix/pullfix/bot"

// The outcomes of an escalation.
const (
	told   = "told"   // a target confirmed it
	failed = "failed" // no target did, so far
)

// outcome is what became of an escalation, "" while that is not known.
func outcome(e bot.Escalated) string {
	switch {
	case len(e.Told) > 0:
		return told
	case len(e.Failed) > 0:
		return failed
	}
	return ""
}

// condition is the row of the escalation table.
func condition(e bot.Escalated) string {
	if e.By != (bot.Person{}) {
		return "asked"
	}
	return "overdue"
}
