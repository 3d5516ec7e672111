package slack_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/pullfix/pullfix/sandbox/slack"
)

func TestAcknowledgements(t *testing.T) {
	const quick = 150 * time.Millisecond
	tests := []struct {
		name     string
		switches slack.Switches
		answer   func(a, other *app, f answer)
		failure  string
	}{
		{"without a payload", slack.Switches{}, func(a, _ *app, f answer) { a.ack(f, nil) }, ""},
		{"with an empty payload", slack.Switches{}, func(a, _ *app, f answer) { a.ack(f, map[string]any{}) }, ""},
		{"never", slack.Switches{}, func(_, _ *app, _ answer) {}, "dispatch_failed"},
		{"never, in the documentation's words", slack.Switches{PlainTimeout: true}, func(_, _ *app, _ answer) {}, "operation_timeout"},
		{"too late", slack.Switches{}, func(a, _ *app, f answer) { time.Sleep(2 * quick); a.ack(f, nil) }, "dispatch_failed"},
		{"of another envelope", slack.Switches{}, func(a, _ *app, _ answer) { a.send(map[string]any{"envelope_id": "x"}) }, "dispatch_failed"},
		{"that is no JSON", slack.Switches{}, func(a, _ *app, _ answer) { a.send("x") }, "dispatch_failed"},
		{"on another connection", slack.Switches{}, func(_, other *app, f answer) { other.ack(f, nil) }, "dispatch_failed"},
		{"on another connection, allowed", slack.Switches{AckAnywhere: true}, func(_, other *app, f answer) { other.ack(f, nil) }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, slack.Options{AckWithin: quick, Switches: tt.switches})
			a, _ := o.connect()
			b, _ := o.connect()
			d := o.command("/pullfix help")
			select {
			case f := <-a.frames:
				tt.answer(a, b, f)
			case f := <-b.frames:
				tt.answer(b, a, f)
			}
			d = o.settled(d)
			if d.Failure != tt.failure || d.AckedAt.IsZero() != (tt.failure != "") {
				t.Errorf("%+v", d)
			}
			told := o.Messages(slack.Ops, slack.Ann)
			if tt.failure == "" {
				if len(told) != 0 || len(o.Failures()) != 0 {
					t.Errorf("ann was told %+v", told)
				}
				return
			}
			if len(told) != 1 || told[0].Text != `/pullfix failed with the error "`+tt.failure+`"` || told[0].User != "USLACKBOT" {
				t.Errorf("ann was told %+v", told)
			}
		})
	}
}

func TestNoSocketFailsAtOnce(t *testing.T) {
	o := newOffice(t, slack.Options{})
	if d := o.settled(o.command("/pullfix help")); d.Failure != "dispatch_failed" || d.Frames != 0 {
		t.Errorf("%+v", d)
	}
}

func TestFramesThatSlackDoesNotTake(t *testing.T) {
	send := func(t *testing.T, write func(a *app, id string)) (*office, *app, slack.Delivery) {
		t.Helper()
		o := newOffice(t, slack.Options{AckWithin: 300 * time.Millisecond})
		a, _ := o.connect()
		d := o.command("/pullfix help")
		write(a, a.next().text("envelope_id"))
		return o, a, d
	}
	ackOf := func(id string, size int) []byte {
		ack := `{"envelope_id":"` + id + `","payload":{"text":"`
		return []byte(ack + strings.Repeat("x", size-len(ack)-3) + `"}}`)
	}
	t.Run("a frame larger than the client's buffer", func(t *testing.T) {
		o, _, d := send(t, func(a *app, id string) {
			_ = a.conn.WriteMessage(websocket.TextMessage, ackOf(id, 20480))
		})
		// gorilla's buffer has 4 KiB, so the frame went out as fragments.
		if d = o.settled(d); d.Failure == "" {
			t.Error("fragments were put together")
		}
	})
	for size, taken := range map[int]bool{20480: true, 20481: false} {
		o := newOffice(t, slack.Options{AckWithin: 300 * time.Millisecond})
		dialer := websocket.Dialer{WriteBufferSize: 32 << 10}
		conn, resp, err := dialer.DialContext(o.ctx, o.open(), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		a := &app{o: o, conn: conn, frames: make(chan answer, 10), closed: make(chan error, 1)}
		go a.listen()
		a.next()
		d := o.command("/pullfix help")
		if err := conn.WriteMessage(websocket.TextMessage, ackOf(a.next().text("envelope_id"), size)); err != nil {
			t.Fatal(err)
		}
		d = o.settled(d)
		if (d.Failure == "") != taken {
			t.Errorf("%d bytes: %+v", size, d)
		}
		if taken {
			continue
		}
		if code, text := a.closeCode(); code != 1009 || text != "Max frame length of 20480 has been exceeded." {
			t.Errorf("%d bytes: closed with %d %q", size, code, text)
		}
	}
	t.Run("fragments are not taken", func(t *testing.T) {
		_, a, _ := send(t, func(a *app, id string) {
			w, err := a.conn.NextWriter(websocket.TextMessage)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // each more than the library's buffer
				_, _ = w.Write(ackOf(id, 5000))
			}
			_ = w.Close()
		})
		if code, _ := a.closeCode(); code != websocket.CloseUnsupportedData {
			t.Errorf("closed with %d", code)
		}
	})
}

func TestTheEleventhSocketIsTurnedAway(t *testing.T) {
	o := newOffice(t, slack.Options{Switches: slack.Switches{NoLimits: true}})
	for i := range 10 {
		if _, hello := o.connect(); hello["num_connections"] != float64(i+1) {
			t.Fatalf("%v", hello)
		}
	}
	a, first := o.connect()
	if first.text("type") != "disconnect" || first.text("reason") != "too_many_websockets" {
		t.Errorf("%v", first)
	}
	if code, _ := a.closeCode(); code != websocket.CloseNormalClosure {
		t.Errorf("closed with %d", code)
	}
	if n := len(o.Sockets()); n != 10 {
		t.Errorf("%d sockets count", n)
	}
}

func TestPayloadsGoToAnyOneSocket(t *testing.T) {
	o := newOffice(t, slack.Options{})
	a, _ := o.connect()
	b, _ := o.connect()
	for range 40 {
		o.command("/pullfix help")
	}
	got := map[*app]int{}
	for range 40 {
		select {
		case <-a.frames:
			got[a]++
		case <-b.frames:
			got[b]++
		case <-o.ctx.Done():
			t.Fatal("a payload is missing")
		}
	}
	if got[a] == 0 || got[b] == 0 {
		t.Errorf("%d and %d payloads", got[a], got[b])
	}
	a.nothing(20 * time.Millisecond)
	b.nothing(20 * time.Millisecond)
}

func TestLateSocketOfALife(t *testing.T) {
	o := newOffice(t, slack.Options{Life: 200 * time.Millisecond, WarnAhead: 100 * time.Millisecond})
	start := time.Now()
	a, _ := o.connect()
	if f := a.next(); f.text("reason") != "warning" || time.Since(start) < 100*time.Millisecond {
		t.Errorf("after %s: %v", time.Since(start), f)
	}
	// Until the close, payloads keep coming.
	o.command("/pullfix help")
	if f := a.next(); f.text("type") != "slash_commands" {
		t.Errorf("%v", f)
	}
	if f := a.next(); f.text("reason") != "refresh_requested" || time.Since(start) < 200*time.Millisecond {
		t.Errorf("after %s: %v", time.Since(start), f)
	}
	before := time.Now()
	if code, _ := a.closeCode(); code != websocket.CloseNormalClosure {
		t.Errorf("closed with %d", code)
	}
	if err := o.WaitSockets(o.ctx, 0); err != nil || time.Since(before) > 800*time.Millisecond {
		t.Errorf("TCP stays open after the close handshake: %v", err)
	}
}
