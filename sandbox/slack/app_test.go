package slack_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// app is the app's end of a Socket Mode connection, without a library's help.
type app struct {
	o      *office
	conn   *websocket.Conn
	frames chan answer
	pings  chan string
	closed chan error
}

func (o *office) open() string {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.ctx, http.MethodPost, o.APIURL+"apps.connections.open", nil)
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+appToken)
	a, _ := read(o.t, overPort(o.t)(r))
	if a.code() != "ok" {
		o.t.Fatal(a)
	}
	return a.text("url")
}

// connect opens a socket and takes the first frame.
func (o *office) connect() (*app, answer) {
	o.t.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(o.ctx, o.open(), nil)
	if err != nil {
		o.t.Fatalf("%v %v", resp, err)
	}
	_ = resp.Body.Close()
	a := &app{o: o, conn: conn, frames: make(chan answer, 4096), pings: make(chan string, 100), closed: make(chan error, 1)}
	conn.SetPingHandler(func(content string) error {
		a.pings <- content
		return conn.WriteControl(websocket.PongMessage, []byte(content), time.Now().Add(time.Second))
	})
	o.t.Cleanup(func() { _ = conn.Close() })
	go a.listen()
	return a, a.next()
}

func (a *app) listen() {
	for {
		_, raw, err := a.conn.ReadMessage()
		if err != nil {
			a.closed <- err
			return
		}
		var frame answer
		if err := json.Unmarshal(raw, &frame); err != nil {
			a.closed <- err
			return
		}
		a.frames <- frame
	}
}

func (a *app) next() answer {
	a.o.t.Helper()
	select {
	case f := <-a.frames:
		return f
	case err := <-a.closed:
		a.o.t.Fatalf("closed: %v", err)
	case <-a.o.ctx.Done():
		a.o.t.Fatal("no frame")
	}
	return nil
}

// nothing is sure that no frame comes for a while.
func (a *app) nothing(d time.Duration) {
	a.o.t.Helper()
	select {
	case f := <-a.frames:
		a.o.t.Fatalf("a frame came: %v", f)
	case <-time.After(d):
	}
}

func (a *app) send(v any) {
	a.o.t.Helper()
	if err := a.conn.WriteJSON(v); err != nil {
		a.o.t.Fatal(err)
	}
}

func (a *app) ack(frame answer, payload any) {
	a.o.t.Helper()
	out := map[string]any{"envelope_id": frame.text("envelope_id")}
	if payload != nil {
		out["payload"] = payload
	}
	a.send(out)
}

// closeCode waits for the end of the connection.
func (a *app) closeCode() (int, string) {
	a.o.t.Helper()
	for {
		select {
		case <-a.frames:
		case err := <-a.closed:
			if c, ok := errors.AsType[*websocket.CloseError](err); ok {
				return c.Code, c.Text
			}
			return 0, err.Error()
		case <-a.o.ctx.Done():
			a.o.t.Fatal("not closed")
		}
	}
}

func (o *office) command(text string) slack.Delivery {
	o.t.Helper()
	d, err := o.Command(slack.Ann, slack.Ops, text)
	if err != nil {
		o.t.Fatal(err)
	}
	return d
}

func (o *office) settled(d slack.Delivery) slack.Delivery {
	o.t.Helper()
	d, err := o.WaitDelivery(o.ctx, d.EnvelopeID)
	if err != nil {
		o.t.Fatal(err)
	}
	return d
}

func TestTicketsAreForOneUse(t *testing.T) {
	o := newOffice(t, slack.Options{})
	link := o.open()
	conn, resp, err := websocket.DefaultDialer.DialContext(o.ctx, link, http.Header{"Origin": {"https://api.slack.com"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	defer func() { _ = conn.Close() }()
	for name, dial := range map[string]func() (*websocket.Conn, *http.Response, error){
		"a used ticket": func() (*websocket.Conn, *http.Response, error) {
			return websocket.DefaultDialer.DialContext(o.ctx, link, nil)
		},
		"another origin": func() (*websocket.Conn, *http.Response, error) {
			return websocket.DefaultDialer.DialContext(o.ctx, o.open(), http.Header{"Origin": {"https://evil.example"}})
		},
		"another host": func() (*websocket.Conn, *http.Response, error) {
			return websocket.DefaultDialer.DialContext(o.ctx, o.open(), http.Header{"Host": {"evil.example"}})
		},
	} {
		_, resp, err := dial()
		if err == nil || resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %v %v", name, resp, err)
		}
		if resp != nil {
			_ = resp.Body.Close()
		}
	}
}

func TestHelloPingsAndPongs(t *testing.T) {
	o := newOffice(t, slack.Options{PingEvery: 40 * time.Millisecond})
	a, hello := o.connect()
	if hello.text("type") != "hello" || hello["num_connections"] != float64(1) || hello.text("connection_info", "app_id") != "A01PULLFIX" {
		t.Errorf("%v", hello)
	}
	debug, _ := hello["debug_info"].(map[string]any)
	if debug["approximate_connection_time"] != float64(18060) {
		t.Errorf("%v", debug)
	}
	for range 3 {
		if got := <-a.pings; got != "Ping from applink-1" {
			t.Errorf("ping %q", got)
		}
	}
	pongs := make(chan string, 1)
	b, hello := o.connect()
	if hello["num_connections"] != float64(2) {
		t.Errorf("%v", hello)
	}
	b.conn.SetPongHandler(func(s string) error { pongs <- s; return nil })
	if err := b.conn.WriteControl(websocket.PingMessage, []byte("are you there"), time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if got := <-pongs; got != "are you there" {
		t.Errorf("pong %q", got)
	}
}
