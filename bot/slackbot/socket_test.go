package slackbot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	sandbox "github.com/pullfix/pullfix/sandbox/slack"
)

func TestReconnectsAfterEveryDisruption(t *testing.T) {
	t.Parallel()
	for _, what := range []sandbox.Disruption{sandbox.Kill, sandbox.Refresh, sandbox.Stall} {
		t.Run(string(what), func(t *testing.T) {
			o := open(t, setting{
				workspace: sandbox.Options{PingEvery: 100 * time.Millisecond},
				bot:       func(b *Options) { b.PingTimeout = 400 * time.Millisecond },
			})
			o.command(sandbox.Ann, sandbox.Ops, "/pullfix diagnose shop before")
			opened := o.bot.Health().Opened
			o.Disrupt(what, 0)
			o.eventually("another socket", func() bool { h := o.bot.Health(); return h.Opened > opened && h.Connected })
			o.command(sandbox.Ann, sandbox.Ops, "/pullfix diagnose shop behind")
			if n := len(o.desk.asked()); n != 2 {
				t.Errorf("%d asks", n)
			}
		})
	}
}

// A socket that is cut between the click and its ack: Slack sends the click
// again, and it counts once.
func TestClickAcrossAReconnection(t *testing.T) {
	t.Parallel()
	o := open(t, setting{workspace: sandbox.Options{Switches: sandbox.Switches{Redeliver: true}}, desk: &desk{delay: 300 * time.Millisecond}})
	d, err := o.Command(sandbox.Ann, sandbox.Ops, "/pullfix diagnose shop checkout")
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	o.Disrupt(sandbox.Kill, 0)
	o.eventually("the ack", func() bool {
		d, err = o.WaitDelivery(o.within(5*time.Second), d.EnvelopeID)
		return err == nil && !d.AckedAt.IsZero()
	})
	if n := len(o.desk.asked()); n != 1 || d.Frames < 2 {
		t.Errorf("%d asks of %d frames", n, d.Frames)
	}
}

func TestNoStormWhenSlackClosesAtOnce(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*sandbox.Switches){
		"too_many_websockets": func(s *sandbox.Switches) { s.TooManySockets = true },
		"link_disabled":       func(s *sandbox.Switches) { s.SocketModeOff = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t, setting{})
			o.Switch(change)
			o.Disrupt(sandbox.Refresh, 0)
			time.Sleep(5 * time.Second)
			if n := o.Calls("apps.connections.open"); n > 5 {
				t.Errorf("%d sockets opened in five seconds", n)
			}
			o.Switch(func(s *sandbox.Switches) { *s = sandbox.Switches{} })
			o.eventually("the connection", func() bool { return o.bot.Health().Connected })
		})
	}
}

func TestClosedAgainAndAgainIsVisible(t *testing.T) {
	l := &line{Bot: idle(t)}
	for n := range mostQuickEnds {
		if trouble := l.Health().Trouble; trouble != "" {
			t.Errorf("after %d: %s", n, trouble)
		}
		l.greeted = time.Now()
		l.reconnecting()
	}
	if trouble := l.Health().Trouble; !strings.Contains(trouble, "too many connections") || !strings.Contains(trouble, "Socket Mode is switched off") {
		t.Errorf("%q", trouble)
	}
	l.greeted = time.Now()
	if !l.settled() || l.Health().Trouble != "" {
		t.Errorf("%q stays", l.Health().Trouble)
	}
}

func TestFatalErrorsEndTheRun(t *testing.T) {
	for _, fault := range []sandbox.Fault{
		{Method: "auth.test", Error: "invalid_auth", Times: -1},
		{Method: "auth.test", Error: "account_inactive", Times: -1},
		{Method: "apps.connections.open", Error: "token_revoked", Times: -1},
		{Method: "apps.connections.open", Error: "missing_scope", Times: -1},
		{Method: "apps.connections.open", Error: "not_allowed_token_type", Times: -1},
		{Method: "apps.connections.open", Status: http.StatusNotFound, Times: -1},
	} {
		t.Run(fault.Method+" "+fault.Error, func(t *testing.T) {
			o := open(t, setting{idle: true})
			o.ended()
			o.Break(fault)
			err := o.bot.Run(o.within(10*time.Second), Services{Desk: o.desk, Incidents: o.desk})
			o.ran <- nil
			if !errors.Is(err, ErrRefused) || o.bot.Health().Trouble == "" {
				t.Errorf("%v; %+v", err, o.bot.Health())
			}
		})
	}
}

func TestPassingErrorsDoNot(t *testing.T) {
	t.Parallel()
	o := open(t, setting{idle: true})
	o.ended()
	o.Break(sandbox.Fault{Method: "auth.test", Status: 503})
	o.Break(sandbox.Fault{Method: "apps.connections.open", Status: 503})
	go func() { o.ran <- o.bot.Run(o.within(20*time.Second), Services{Desk: o.desk, Incidents: o.desk}) }()
	o.eventually("trouble", func() bool { return o.bot.Health().Trouble != "" })
	o.connected()
	if trouble := o.bot.Health().Trouble; trouble != "" {
		t.Errorf("%q stays", trouble)
	}
}

func TestStrangerOnTheAppTokenIsSeen(t *testing.T) {
	stranger := open(t, setting{})
	if w := stranger.bot.Health().Warning; w != "" {
		t.Errorf("alone, and yet: %s", w)
	}
	second, err := New(stranger.bot.o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(stranger.within(20 * time.Second))
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- second.Run(ctx, Services{Desk: stranger.desk, Incidents: stranger.desk}) }()
	stranger.eventually("the warning", func() bool { return strings.Contains(second.Health().Warning, "a stranger shares the app token") })
	second.crowdEnds(t)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// crowdEnds: the warning goes when Slack counts only ours again.
func (b *Bot) crowdEnds(t *testing.T) {
	t.Helper()
	l := &line{Bot: b}
	l.count(1)
	if b.Health().Warning != "" {
		t.Error("the warning stays")
	}
	b.opening.opens = 2
	l.count(2) // our own old socket, perhaps
	if b.Health().Warning != "" {
		t.Error("an old socket of our own is taken for a stranger's")
	}
	l.count(2)
	if b.Health().Warning == "" {
		t.Error("who stays is no old socket")
	}
}

// A server that accepts a socket and never says hello.
func TestSilentSocketIsLeft(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	opened := 0
	mux := http.NewServeMux()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	t.Cleanup(func() { _ = server.Close() })
	mux.HandleFunc("/api/auth.test", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `{"ok":true,"team_id":"T1"}`) })
	mux.HandleFunc("/api/apps.connections.open", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		opened++
		_, _ = fmt.Fprintf(w, `{"ok":true,"url":"ws://%s/link"}`, listener.Addr())
	})
	mux.HandleFunc("/link", silent)
	go func() { _ = server.Serve(listener) }()
	o := idle(t).o
	o.APIURL = "http://" + listener.Addr().String() + "/api/"
	b, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	b.silence = time.Second
	of := &office{t: t}
	go func() { _ = b.Run(of.within(time.Minute), Services{Desk: &desk{}, Incidents: &desk{}}) }()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		mu.Lock()
		n := opened
		mu.Unlock()
		if n > 1 {
			return
		}
	}
	t.Error("the silent socket is kept")
}

// silent answers pings and says nothing.
func silent(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }()
	go func() {
		for c.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) == nil {
			time.Sleep(time.Second)
		}
	}()
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			return
		}
	}
}

// What was taken in before the end is recorded and acknowledged.
func TestStopsAfterTheLastAck(t *testing.T) {
	o := open(t, setting{desk: &desk{delay: 200 * time.Millisecond}})
	var deliveries []sandbox.Delivery
	for n := range 20 {
		d, err := o.Command(sandbox.Ann, sandbox.Ops, fmt.Sprintf("/pullfix diagnose shop checkout-%d", n))
		if err != nil {
			t.Fatal(err)
		}
		deliveries = append(deliveries, d)
	}
	o.eventually("all to be under way", func() bool { o.desk.mu.Lock(); defer o.desk.mu.Unlock(); return o.desk.begun == 20 })
	o.stop()
	for _, d := range deliveries {
		o.acknowledged(d)
	}
	if n := len(o.desk.asked()); n != 20 {
		t.Errorf("%d of 20 are recorded", n)
	}
}
