package slackbot

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	sandbox "github.com/pullfix/pullfix/sandbox/slack"
)

// TestACallSaysWhoTookIt: whoever is called by it later need not get up.
func TestACallSaysWhoTookIt(t *testing.T) {
	o := open(t, setting{})
	i := escalatedIncident()
	i.Acknowledged, i.Place = nil, bot.Place{Channel: sandbox.Ops}
	i = o.shown(i)
	at, err := o.bot.Call(t.Context(), i, bot.Call{Key: "c1", Text: "▲ P1: it fails", Buttons: true})
	if err != nil {
		t.Fatal(err)
	}
	call := func() string {
		for _, m := range o.Thread(at.Channel, i.Place.Message, sandbox.Ann) {
			if m.TS == at.Message {
				raw, _ := json.Marshal(m.Blocks)
				return strings.NewReplacer("\\u003c", "<", "\\u003e", ">").Replace(string(raw))
			}
		}
		return ""
	}
	show := func() {
		i.Sequence++
		if _, err := o.bot.Show(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(call(), "pullfix.acknowledge") {
		t.Fatalf("posted as %s", call())
	}
	i.Snoozed = &bot.Snoozed{Until: time.Now().Add(10 * time.Minute), By: bob, Reason: "the vendor is at it"}
	show()
	if now := call(); !strings.Contains(now, "the vendor is at it") || !strings.Contains(now, "<@"+bob.ID+">") {
		t.Errorf("snoozed: %s", now)
	}
	i.Snoozed, i.Acknowledged = nil, &carol
	show()
	if now := call(); strings.Contains(now, "pullfix.acknowledge") || !strings.Contains(now, "*Taken by* <@"+carol.ID+">") || !strings.Contains(now, "it fails") {
		t.Errorf("taken: %s", now)
	}
	i.State, i.Ending = bot.Resolved, &bot.Ending{At: time.Now(), Resolution: "recovered"}
	show()
	if now := call(); strings.Contains(now, "pullfix.close") || !strings.Contains(now, "*Over*") {
		t.Errorf("over: %s", now)
	}
}

// TestTheTimelineInTheThreadIsWhole once it is over.
func TestTheTimelineInTheThreadIsWhole(t *testing.T) {
	i := resolvedIncident()
	i.Timeline = nil
	for n := range 60 {
		i.Timeline = append(i.Timeline, bot.Entry{At: after(n), By: bob, What: strings.Repeat("x", 300)})
	}
	i.Timeline = append(i.Timeline, bot.Entry{At: after(61), What: "Resolved after 61 min"})
	m := drawing{incident: i}.wholeTimeline()
	raw, _ := json.Marshal(m.blocks)
	if said := string(raw); !strings.Contains(said, "Resolved after 61 min") || !strings.Contains(said, "17 lines before, in the report") || strings.Contains(said, " more") {
		t.Errorf("timeline: %s", said)
	}
}
