package slackbot

import (
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
)

// A hundred redraws of many incidents keep within Slack's fifty a minute.
func TestRedrawsKeepWithinTheLimit(t *testing.T) {
	t.Parallel()
	o := open(t, setting{})
	i := o.shown(running())
	for range updateRun {
		o.bot.redrawing.Allow()
	}
	before := o.Calls("chat.update")
	i.Progress = append(i.Progress, bot.Progress{Step: "test-auth", Done: true})
	if _, err := o.bot.Show(t.Context(), i); err != nil || o.Calls("chat.update") != before {
		t.Errorf("a tick is drawn although redraws are short: %v", err)
	}
	begin := time.Now()
	next := judged()
	next.Place, next.Opened = i.Place, i.Opened
	if _, err := o.bot.Show(t.Context(), next); err != nil || o.Calls("chat.update") != before+1 || time.Since(begin) < perUpdate/2 {
		t.Errorf("the verdict after %s: %v", time.Since(begin), err)
	}
}
