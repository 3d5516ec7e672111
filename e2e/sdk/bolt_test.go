//go:build sdk

package sdk

import (
	"testing"
	"time"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// boltApp lets an app made with Bolt live through an incident, and through two
// reconnections.
func boltApp(t *testing.T, k kit) {
	p := perform(t, k, "bolt.mjs", slack.Options{WarnAhead: 300 * time.Millisecond})
	p.reaches("started")
	if err := p.WaitSockets(p.ctx, 1); err != nil {
		t.Fatal(err)
	}
	root := p.diagnose()
	p.approve(root)
	p.cancel(root)
	p.choose(root)
	d := p.Event(map[string]any{
		"type": "app_mention", "user": slack.Ann, "text": "<@U00PULLFIX> hello", "ts": "1763781120.000100", "channel": slack.Ops,
		"event_ts": "1763781120.000100",
	})
	if seen := p.reaches("mentioned"); seen["text"] != "<@U00PULLFIX> hello" {
		t.Errorf("the mention: %v", seen)
	}
	p.acked(d)
	for _, loss := range []slack.Disruption{slack.Refresh, slack.Warn} {
		before := p.Sockets()[0].ID
		p.Disrupt(loss, 0)
		p.reconnected(before)
		d := p.command("/pullfix help")
		p.reaches("help")
		if d = p.acked(d); d.Frames != 1 {
			t.Errorf("after %s: %+v", loss, d)
		}
	}
	if n := p.Calls("apps.connections.open"); n != 3 {
		t.Errorf("%d connections were opened, want 3", n)
	}
	if failures := p.Failures(); len(failures) != 0 {
		t.Errorf("Slack had to speak for the app: %+v", failures)
	}
	p.ends()
	k.sentFits(t, p.Transcript())
}

// diagnose types the command, and returns the incident's message.
func (p *play) diagnose() string {
	p.t.Helper()
	d := p.command("/pullfix diagnose shop web-1")
	seen := p.reaches("posted")
	d = p.acked(d)
	if d.Response["text"] != "I am looking" {
		p.t.Errorf("acknowledged with %v", d.Response)
	}
	if m := p.shown("I am looking"); !m.Ephemeral || m.VisibleTo != slack.Ann {
		p.t.Errorf("the acknowledgement shows as %+v", m)
	}
	if m := p.shown("by response_url"); m.Ephemeral || m.User != "U00PULLFIX" {
		p.t.Errorf("what respond() said shows as %+v", m)
	}
	thread := p.Thread(slack.Ops, seen["root"], slack.Bob)
	if len(thread) != 2 || thread[0].Text != "found" || thread[0].Revision != 1 || !thread[1].Broadcast || thread[1].TS != seen["reply"] {
		p.t.Fatalf("the thread is %+v", thread)
	}
	if _, button, ok := thread[0].Element("approve"); !ok || button["value"] != "i-1" {
		p.t.Errorf("the button is %v", button)
	}
	return seen["root"]
}

// approve presses the button and fills in the modal, first in a way that the
// app refuses.
func (p *play) approve(root string) {
	p.t.Helper()
	d := p.press(root, "approve", "")
	seen := p.reaches("opened")
	p.acked(d)
	v, open := p.OpenView(slack.Bob)
	if !open || v.ID != seen["view"] || seen["user"] != slack.Bob || v.PrivateMetadata != "i-1" {
		p.t.Fatalf("bob sees %+v after %v", v, seen)
	}
	if hint, _ := v.Blocks[0]["hint"].(map[string]any); hint["text"] != "it is kept" {
		p.t.Errorf("views.update did not show: %v", v.Blocks[0])
	}
	d = p.sent(p.Act(slack.Press{User: slack.Bob, ViewID: v.ID, ActionID: "explain"}))
	pushed := p.reaches("pushed")
	p.acked(d)
	if top, _ := p.OpenView(slack.Bob); top.ID != pushed["view"] || top.PreviousID != v.ID {
		p.t.Errorf("on top is %+v", top)
	}
	p.sentNothing(p.CloseView(slack.Bob, pushed["view"], false))

	d = p.sent(p.Submit(slack.Bob, v.ID, map[string]map[string]any{"why": {"text": "no"}}))
	p.reaches("complained")
	p.acked(d)
	if v, open = p.OpenView(slack.Bob); !open || v.Errors["why"] != "say more" {
		p.t.Fatalf("after the app's complaint bob sees %+v", v)
	}
	d = p.sent(p.Submit(slack.Bob, v.ID, map[string]map[string]any{
		"why": {"text": "the tag is back"}, "how": {"way": "later"}, "who": {"all": []string{"everybody"}},
	}))
	if seen := p.reaches("accepted"); seen["user"] != slack.Bob || seen["why"] != "the tag is back" {
		p.t.Errorf("submitted %v", seen)
	}
	p.acked(d)
	if v, open = p.OpenView(slack.Bob); open {
		p.t.Errorf("the modal is still there: %+v", v)
	}
}

// sentNothing expects that the app is not told.
func (p *play) sentNothing(d slack.Delivery, err error) {
	p.t.Helper()
	if err != nil || d.EnvelopeID != "" {
		p.t.Fatalf("the app was told: %+v, %v", d, err)
	}
}

// cancel opens the modal again and closes it.
func (p *play) cancel(root string) {
	p.t.Helper()
	p.acked(p.press(root, "approve", ""))
	seen := p.reaches("opened")
	d := p.sent(p.CloseView(slack.Bob, seen["view"], false))
	if seen := p.reaches("cancelled"); seen["cleared"] != "false" {
		p.t.Errorf("closed with %v", seen)
	}
	p.acked(d)
}

// choose uses select and overflow, which answer by response_url.
func (p *play) choose(root string) {
	p.t.Helper()
	p.acked(p.press(root, "tag", "1.4.3"))
	p.reaches("chosen")
	if m := p.shown("you chose 1.4.3"); m.VisibleTo != slack.Bob {
		p.t.Errorf("the answer is %+v", m)
	}
	p.acked(p.press(root, "more", "close"))
	p.reaches("closed")
	if m := p.shown("closed"); m.TS != root || len(m.Blocks) != 0 {
		p.t.Errorf("the replaced message is %+v", m)
	}
}
