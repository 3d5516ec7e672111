package slackbot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// Bounds of a socket.
const (
	handshakeTimeout = 15 * time.Second
	greetingTimeout  = 20 * time.Second
	mostFrame        = 4 << 20 // bytes of one delivery
	frameBuffer      = 32 << 10
	drainTimeout     = 3 * time.Second
	lastWrites       = 250 * time.Millisecond
	quickEnd         = 10 * time.Second // a socket that ends so soon was not wanted
	mostQuickEnds    = 3
)

// Run connects the services to Slack until ctx ends, and reconnects by itself.
// It returns an error only when Slack will say no until an operator acts.
func (b *Bot) Run(ctx context.Context, s Services) error {
	if err := s.validate(); err != nil {
		return err
	}
	b.links.Store(&linker{incidents: s.Incidents})
	if err := b.introduce(ctx); err != nil {
		return err
	}
	// What was taken in is finished although ctx has ended, within bounds.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	line := &line{Bot: b, rewritten: newMemory[struct{}](remember, 1000)}
	line.front = newFront(life, b, s, line)
	defer line.finish(end)
	return line.keep(ctx)
}

// keep makes one connection after the other.
func (l *line) keep(ctx context.Context) error {
	for ctx.Err() == nil {
		err := l.session(ctx)
		l.health.connected(false)
		switch {
		case ctx.Err() != nil:
		case fatal(err):
			return l.refused("opening a socket", err)
		case err != nil:
			l.health.trouble("Slack cannot be reached: " + err.Error())
			l.o.Log.Warn("the connection to Slack ended", "err", err)
		}
	}
	return nil
}

// introduce finds out who the bot is, as often as it takes.
func (b *Bot) introduce(ctx context.Context) error {
	for pause := time.Second; ; pause = min(2*pause, time.Minute) {
		who, err := b.api.AuthTestContext(ctx)
		switch {
		case err == nil:
			b.self.Store(&identity{team: who.TeamID, enterprise: who.EnterpriseID, user: who.UserID, bot: who.BotID, url: who.URL, app: b.self.Load().app})
			return nil
		case fatal(err):
			return b.refused("asking Slack who the bot is", err)
		case ctx.Err() != nil:
			return nil
		}
		b.health.trouble("Slack cannot be reached: " + err.Error())
		b.o.Log.Warn("asking Slack who the bot is", "err", err)
		wait, _ := retryAfter(err)
		if !sleep(ctx, max(wait, pause)) {
			return nil
		}
	}
}

// ErrRefused says that Slack refuses the bot until an operator acts.
var ErrRefused = errors.New("slack refuses the bot")

func (b *Bot) refused(doing string, err error) error {
	b.health.trouble(fmt.Sprintf("Slack refuses the bot (%s): %s", err, advice(err)))
	return fmt.Errorf("%s: %w: %w; %s", doing, ErrRefused, err, advice(err))
}

// line is what outlasts a socket.
type line struct {
	*Bot
	front     *front
	client    atomic.Pointer[socketmode.Client]
	joined    time.Time // when the socket was opened
	greeted   time.Time // when Slack last said hello
	quickEnds int
	crowded   int               // greetings in a row that counted more sockets than ours
	rewritten *memory[struct{}] // acks that were sent again
}

var errNoSocket = errors.New("there is no socket")

// AckCtx acknowledges on the socket that there is now.
func (l *line) AckCtx(ctx context.Context, envelope string, payload any) error {
	client := l.client.Load()
	if client == nil {
		return errNoSocket
	}
	return client.AckCtx(ctx, envelope, payload)
}

// session is one life of slack-go's client: it ends at the first connection
// that cannot be made, so that its own back-off never grows beyond ours.
func (l *line) session(ctx context.Context) error {
	client := socketmode.New(l.api,
		socketmode.OptionDialer(&websocket.Dialer{NetDialContext: l.dial, Proxy: http.ProxyFromEnvironment, HandshakeTimeout: handshakeTimeout, WriteBufferSize: frameBuffer}),
		socketmode.OptionReadLimit(mostFrame), socketmode.OptionPingInterval(l.o.PingTimeout),
		socketmode.OptionLog(log.New(io.Discard, "", 0)))
	l.client.Store(client)
	// The socket outlives ctx, until what was taken in is acknowledged.
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() {
		defer close(ended)
		ended <- client.RunContext(run)
	}()
	err := l.listen(ctx, client, ended)
	if ctx.Err() != nil {
		l.drain(client)
	}
	stop()
	for range ended { // until slack-go is done
	}
	return err
}

// drain lets the last acks out: slack-go drops those that it has not written
// when its context ends.
func (l *line) drain(client *socketmode.Client) {
	for arrived := true; arrived; {
		select {
		case e := <-client.Events:
			// The connection is over anyway, whatever an event says about it.
			_ = l.event(e)
		default:
			arrived = false
		}
	}
	recorded := make(chan struct{})
	go func() {
		defer close(recorded)
		l.front.record.rest()
		time.Sleep(lastWrites)
	}()
	timeout := time.NewTimer(drainTimeout)
	defer timeout.Stop()
	for {
		select {
		case <-client.Events: // what still arrives is delivered again by Slack
		case <-recorded:
			return
		case <-timeout.C:
			return
		}
	}
}

// finish gives work that is under way a moment, then ends it.
func (l *line) finish(end context.CancelFunc) {
	timer := time.AfterFunc(drainTimeout, end)
	defer timer.Stop()
	l.front.record.rest()
	l.front.rest()
}

// listen reads events and puts them into queues, nothing else: while it works,
// nobody would answer Slack's pings.
func (l *line) listen(ctx context.Context, client *socketmode.Client, ended <-chan error) error {
	watchdog := time.NewTimer(time.Hour)
	defer watchdog.Stop()
	for {
		select {
		case e := <-client.Events:
			switch e.Type {
			case socketmode.EventTypeConnecting:
				l.reconnecting()
				watchdog.Stop()
			case socketmode.EventTypeConnected:
				l.joined = time.Now()
				watchdog.Reset(l.silence)
			case socketmode.EventTypeHello:
				watchdog.Reset(quickEnd)
			}
			if err := l.event(e); err != nil {
				return err
			}
		case err := <-ended:
			return err
		case <-watchdog.C:
			if l.settled() {
				continue
			}
			return errors.New("slack accepted a socket and then was silent")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *line) event(e socketmode.Event) error {
	switch data := e.Data.(type) {
	case slack.SlashCommand:
		l.front.take(delivery{envelope: e.Request.EnvelopeID, arrived: time.Now(), command: &data})
	case slack.InteractionCallback:
		l.front.take(delivery{envelope: e.Request.EnvelopeID, arrived: time.Now(), click: &data})
	case *slack.ConnectionErrorEvent:
		return data.ErrorObj
	case *socketmode.ErrorBadMessage:
		l.front.badMessage(data.Message)
	case *socketmode.ErrorWriteFailed:
		l.rewrite(data.Response)
	case *slack.IncomingEventError:
		l.o.Log.Debug("reading from the socket", "err", data.ErrorObj)
	default:
		l.otherEvent(e)
	}
	return nil
}

func (l *line) otherEvent(e socketmode.Event) {
	switch {
	case e.Type == socketmode.EventTypeHello && e.Request != nil:
		l.hello(*e.Request)
	case e.Request != nil && e.Request.EnvelopeID != "":
		l.front.take(delivery{envelope: e.Request.EnvelopeID, arrived: time.Now()})
	}
}

// rewrite sends an ack once more that could not be written.
func (l *line) rewrite(r *socketmode.Response) {
	if r == nil || !l.rewritten.first(r.EnvelopeID, struct{}{}) {
		return
	}
	l.front.refusal.offer(func() {
		l.front.acknowledge(delivery{envelope: r.EnvelopeID, arrived: time.Now()}, r.Payload)
	})
}
