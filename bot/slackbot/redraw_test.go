package slackbot

import (
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	sandbox "github.com/pullfix/pullfix/sandbox/slack"
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

// A channel that became shared with others after the message was posted sees
// nothing new; nor does one of which nobody can tell who sees it.
func TestNothingIsRedrawnInSharedChannels(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(running())
	before := o.Calls("chat.update")
	o.bot.rooms.put(i.Place.Channel, room{shared: true})
	if place, err := o.bot.Show(t.Context(), judgedAt(i)); err != nil || place != i.Place {
		t.Error(place, err)
	}
	o.bot.rooms.forget(i.Place.Channel)
	o.Break(sandbox.Fault{Method: "conversations.info", Error: "internal_error"})
	if _, err := o.bot.Show(t.Context(), judgedAt(i)); err == nil {
		t.Error("drawn on a guess")
	}
	if n := o.Calls("chat.update") - before; n != 0 {
		t.Errorf("%d redraws", n)
	}
	if _, err := o.bot.Show(t.Context(), judgedAt(i)); err != nil || o.Calls("chat.update") != before+1 {
		t.Errorf("not drawn once the channel is known to be ours: %v", err)
	}
}
