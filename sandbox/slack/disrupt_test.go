package slack_test

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/pullfix/pullfix/sandbox/slack"
)

func TestDisruptions(t *testing.T) {
	o := newOffice(t, slack.Options{PingEvery: 30 * time.Millisecond, AckWithin: 200 * time.Millisecond})
	t.Run("kill", func(t *testing.T) {
		a, _ := o.connect()
		if n := o.Disrupt(slack.Kill, 0); n != 1 {
			t.Errorf("%d sockets", n)
		}
		if code, text := a.closeCode(); code != websocket.CloseAbnormalClosure && code != 0 {
			t.Errorf("closed with %d %s", code, text)
		}
	})
	t.Run("disable", func(t *testing.T) {
		a, _ := o.connect()
		o.Disrupt(slack.Disable, 0)
		if f := a.next(); f.text("reason") != "link_disabled" {
			t.Errorf("%v", f)
		}
		if code, _ := a.closeCode(); code != websocket.CloseNormalClosure {
			t.Errorf("closed with %d", code)
		}
		o.Switch(func(s *slack.Switches) { s.SocketModeOff = true })
		if _, first := o.connect(); first.text("reason") != "link_disabled" {
			t.Errorf("the next connection got %v", first)
		}
		o.Switch(func(s *slack.Switches) { s.SocketModeOff = false })
	})
	t.Run("stall", func(t *testing.T) {
		if err := o.WaitSockets(o.ctx, 0); err != nil {
			t.Fatal(err)
		}
		a, _ := o.connect()
		<-a.pings
		o.Disrupt(slack.Stall, o.Sockets()[0].ID)
		time.Sleep(10 * time.Millisecond)
		for len(a.pings) > 0 {
			<-a.pings
		}
		d := o.command("/pullfix help")
		a.nothing(100 * time.Millisecond)
		if len(a.pings) != 0 {
			t.Error("a stalled socket pings")
		}
		if d = o.settled(d); d.Failure != "dispatch_failed" || d.Frames != 1 {
			t.Errorf("%+v", d)
		}
		if s := o.Sockets(); len(s) != 1 || !s[0].Stalled {
			t.Errorf("%+v", s)
		}
	})
}

func TestTooManyForAWhile(t *testing.T) {
	o := newOffice(t, slack.Options{Switches: slack.Switches{TooManySockets: true}})
	if _, first := o.connect(); first.text("reason") != "too_many_websockets" {
		t.Errorf("%v", first)
	}
	o.Switch(func(s *slack.Switches) { s.TooManySockets = false })
	if _, first := o.connect(); first.text("type") != "hello" {
		t.Errorf("%v", first)
	}
}

func TestDuplicates(t *testing.T) {
	o := newOffice(t, slack.Options{Switches: slack.Switches{Duplicate: true}})
	a, _ := o.connect()
	d := o.command("/pullfix help")
	first, second := a.next(), a.next()
	if first.text("envelope_id") != d.EnvelopeID || second.text("envelope_id") != d.EnvelopeID {
		t.Errorf("%v, then %v", first, second)
	}
	a.ack(first, map[string]any{"text": "once"})
	a.ack(second, map[string]any{"text": "twice"})
	if d = o.settled(d); d.Response["text"] != "once" || d.Frames != 2 {
		t.Errorf("%+v", d)
	}
	time.Sleep(50 * time.Millisecond)
	if got := o.Messages(slack.Ops, slack.Ann); len(got) != 1 {
		t.Errorf("the second acknowledgement counts too: %+v", got)
	}
}

func TestReordered(t *testing.T) {
	o := newOffice(t, slack.Options{Switches: slack.Switches{Reorder: true}})
	a, _ := o.connect()
	o.command("/pullfix one")
	o.command("/pullfix two")
	if f, g := a.next(), a.next(); f.text("payload", "text") != "two" || g.text("payload", "text") != "one" {
		t.Errorf("%v, then %v", f, g)
	}
	o.command("/pullfix three")
	if f := a.next(); f.text("payload", "text") != "three" {
		t.Errorf("nothing overtakes the last, yet %v", f)
	}
}

func TestRedelivery(t *testing.T) {
	for _, on := range []bool{false, true} {
		o := newOffice(t, slack.Options{AckWithin: 150 * time.Millisecond, Switches: slack.Switches{Redeliver: on}})
		a, _ := o.connect()
		late := o.command("/pullfix late")
		a.next()
		late = o.settled(late)
		lost := o.command("/pullfix lost")
		a.next()
		o.Disrupt(slack.Kill, 0)
		if err := o.WaitSockets(o.ctx, 0); err != nil {
			t.Fatal(err)
		}
		b, _ := o.connect()
		if !on {
			b.nothing(200 * time.Millisecond)
			continue
		}
		for range 2 {
			b.ack(b.next(), nil)
		}
		if lost = o.settled(lost); lost.Failure != "" || lost.Frames != 2 {
			t.Errorf("the one that was lost with its socket: %+v", lost)
		}
		if late.Failure == "" || len(o.Failures()) != 1 {
			t.Errorf("the one that came late: %+v, failures %+v", late, o.Failures())
		}
	}
}

func TestEventsAreRetried(t *testing.T) {
	o := newOffice(t, slack.Options{AckWithin: 60 * time.Millisecond})
	a, _ := o.connect()
	o.Event(map[string]any{"type": "app_mention", "user": slack.Ann, "text": "hi", "channel": slack.Ops})
	first, second := a.next(), a.next()
	if first["accepts_response_payload"] != false || first["retry_attempt"] != float64(0) || first.text("retry_reason") != "" {
		t.Errorf("%v", first)
	}
	if second["retry_attempt"] != float64(1) || second.text("retry_reason") != "timeout" ||
		second.text("payload", "event_id") != first.text("payload", "event_id") {
		t.Errorf("%v", second)
	}
	if len(o.Failures()) != 0 {
		t.Error("somebody was told of an event")
	}
}
