//go:build sdk

package sdk

import (
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// socketClient loses a bare Socket Mode client its connection in all ways.
func socketClient(t *testing.T, k kit) {
	p := perform(t, k, "link.mjs", slack.Options{WarnAhead: 300 * time.Millisecond, PingEvery: time.Second})
	p.reaches("hello")
	p.reaches("started")
	p.acknowledges()
	p.comesBack()
	p.isTurnedAway()
	p.ends()
	k.sentFits(t, p.Transcript())
}

// acknowledges tries acknowledgements with and without a payload, none, and one
// that is too big.
func (p *play) acknowledges() {
	p.t.Helper()
	for text, want := range map[string]any{"answer": "answered", "nothing": nil} {
		d := p.acked(p.command("/pullfix " + text))
		if p.reaches("command"); d.Response["text"] != want {
			p.t.Errorf("%s was answered with %v", text, d.Response)
		}
	}
	p.unanswered("silence")
	before := p.Sockets()[0].ID
	p.unanswered("flood")
	if p.reconnected(before); p.count(func(e slack.Entry) bool { return e.Kind == "received" && len(e.Body) > 20480 }) != 0 {
		p.t.Error("a frame of more than 20 kB was taken")
	}
	p.reaches("hello")
}

// unanswered types a command that Slack gets no acknowledgement for.
func (p *play) unanswered(text string) {
	p.t.Helper()
	d := p.command("/pullfix " + text)
	p.reaches("command")
	d, err := p.WaitDelivery(p.ctx, d.EnvelopeID)
	if err != nil || d.Failure != "dispatch_failed" {
		p.t.Errorf("%s: %+v, %v", text, d, err)
	}
	if m := p.shown(`/pullfix failed with the error "dispatch_failed"`); m.VisibleTo != slack.Ann {
		p.t.Errorf("Slack's own line is %+v", m)
	}
}

// comesBack breaks the connection, and expects the client to be told why.
func (p *play) comesBack() {
	p.t.Helper()
	for _, loss := range []struct {
		what   slack.Disruption
		reason string
	}{{slack.Refresh, "refresh_requested"}, {slack.Warn, "warning"}, {slack.Disable, "link_disabled"}, {slack.Kill, ""}} {
		before := p.Sockets()[0].ID
		p.Disrupt(loss.what, 0)
		if loss.reason != "" {
			if seen := p.reaches("disconnect"); seen["reason"] != loss.reason {
				p.t.Errorf("%s was announced as %v", loss.what, seen)
			}
		}
		p.reaches("hello")
		p.reconnected(before)
	}
}

// isTurnedAway lets no new connection stay for a while.
func (p *play) isTurnedAway() {
	p.t.Helper()
	p.Switch(func(s *slack.Switches) { s.TooManySockets = true })
	p.Disrupt(slack.Refresh, 0)
	p.reaches("disconnect")
	for range 2 {
		if seen := p.reaches("disconnect"); seen["reason"] != "too_many_websockets" {
			p.t.Errorf("turned away with %v", seen)
		}
	}
	p.Switch(func(s *slack.Switches) { s.TooManySockets = false })
	for s := range p.steps {
		if s.Name == "hello" {
			break
		}
	}
	p.acked(p.command("/pullfix nothing"))
	p.reaches("command")
	if n := p.count(func(e slack.Entry) bool { return e.Kind == "sent" && strings.HasPrefix(e.Name, "disconnect") }); n < 6 {
		p.t.Errorf("%d disconnects were sent, want 6 or more", n)
	}
}
