package slackbot

import (
	"fmt"
	"strings"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook/scrub"
)

// shortReport is the timeline of an incident in Markdown, with what was wrong
// and what was done. Outside text is scrubbed; it stands in a file, where
// Slack's markup means nothing.
func shortReport(i bot.Incident) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Incident %s: %s\n", scrub.Text(i.ID), scrub.Text(subject(i)))
	if i.Target.Cluster != "" {
		line("- Cluster: %s", scrub.Text(i.Target.Cluster))
	}
	line("- Opened: %s", i.Opened.UTC().Format("2006-01-02 15:04:05 UTC"))
	line("- State: %s", i.State)
	if i.Ending != nil {
		line("- Ended: %s, after %s: %s", i.Ending.At.UTC().Format("2006-01-02 15:04:05 UTC"), minutesBetween(i.Opened, i.Ending.At), scrub.Text(i.Ending.Resolution))
	}
	if v := i.Verdict; v != nil {
		line("- Cause: %s (%s), %s\n", v.Cause, v.Certainty, v.Severity)
		line("## What was wrong\n\n%s\n", scrub.Text(v.Summary))
		for _, d := range v.Details {
			line("- %s", scrub.Text(d))
		}
	}
	for _, e := range i.Earlier {
		line("- Before, until %s: %s", e.Until.UTC().Format("15:04 UTC"), scrub.Text(e.Summary))
	}
	line("\n## Timeline\n")
	for _, e := range i.Timeline {
		who := ""
		if e.By != (bot.Person{}) {
			who = e.By.ID + " "
		}
		line("- %s %s%s", e.At.UTC().Format("2006-01-02 15:04:05"), who, scrub.Text(e.What))
	}
	return b.String()
}
