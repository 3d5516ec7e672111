package slack_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// living is a workspace with a slack-go client, in a bubble: the client says
// what it gets, and acknowledges by ack.
type living struct {
	*slack.Workspace
	t   *testing.T
	sm  *socketmode.Client
	got chan socketmode.Event
}

func inLife(t *testing.T, o slack.Options, test func(l *living)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := slack.New(o)
		server := w.ServeInMemory(ctx)
		transport := &http.Transport{DialContext: server.Dial}
		l := &living{Workspace: w, t: t, got: make(chan socketmode.Event, 1000)}
		l.sm = socketmode.New(
			slackgo.New(botToken, slackgo.OptionAppLevelToken(appToken), slackgo.OptionAPIURL(server.APIURL),
				slackgo.OptionHTTPClient(&http.Client{Transport: transport, Timeout: 15 * time.Second})),
			socketmode.OptionDialer(&websocket.Dialer{NetDialContext: server.Dial, HandshakeTimeout: 5 * time.Second}))
		go func() { _ = l.sm.RunContext(ctx) }()
		go func() {
			for {
				select {
				case e := <-l.sm.Events:
					if e.Type == socketmode.EventTypeSlashCommand || e.Type == socketmode.EventTypeEventsAPI {
						l.got <- e
					}
				case <-ctx.Done():
					return
				}
			}
		}()
		synctest.Wait()
		test(l)
		cancel()
		server.Close()
		transport.CloseIdleConnections()
		synctest.Wait()
	})
}

func (l *living) command() slack.Delivery {
	l.t.Helper()
	d, err := l.Command(slack.Ann, slack.Ops, "/pullfix help")
	if err != nil {
		l.t.Fatal(err)
	}
	synctest.Wait()
	return d
}

func (l *living) last() slack.Delivery {
	all := l.Deliveries()
	return all[len(all)-1]
}

func TestThreeSecondsToAcknowledge(t *testing.T) {
	for wait, failure := range map[time.Duration]string{
		3*time.Second - time.Nanosecond: "", 3*time.Second + time.Nanosecond: "dispatch_failed",
	} {
		inLife(t, slack.Options{}, func(l *living) {
			l.command()
			time.Sleep(wait)
			_ = l.sm.Ack(*(<-l.got).Request)
			synctest.Wait()
			if d := l.last(); d.Failure != failure || d.AckedAt.IsZero() != (failure != "") {
				t.Errorf("acknowledged after %s: %+v", wait, d)
			}
		})
	}
}

func TestALifeOfFiveHours(t *testing.T) {
	inLife(t, slack.Options{}, func(l *living) {
		first := l.Sockets()[0].ID
		time.Sleep(18049 * time.Second)
		synctest.Wait()
		if now := l.Sockets(); len(now) != 1 || now[0].ID != first {
			t.Fatalf("before the warning: %+v", now)
		}
		// The client, kept alive by pings all the while, leaves at the warning.
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if now := l.Sockets(); len(now) != 1 || now[0].ID == first {
			t.Errorf("after the warning: %+v", now)
		}
		if n := l.Calls("apps.connections.open"); n != 2 {
			t.Errorf("%d connections were opened", n)
		}
	})
}

func TestStalledSocketIsLeft(t *testing.T) {
	inLife(t, slack.Options{}, func(l *living) {
		first := l.Sockets()[0].ID
		l.Disrupt(slack.Stall, 0)
		time.Sleep(61 * time.Second)
		synctest.Wait()
		if now := l.Sockets(); len(now) == 0 || now[len(now)-1].ID == first {
			t.Errorf("the client waits for ever on %+v", now)
		}
		l.command()
	})
}

func TestEventsAreRetriedThreeTimes(t *testing.T) {
	inLife(t, slack.Options{}, func(l *living) {
		start := time.Now()
		l.Event(map[string]any{"type": "app_mention", "user": slack.Ann, "text": "hi", "channel": slack.Ops, "ts": "1.1"})
		time.Sleep(time.Hour)
		synctest.Wait()
		// Each of the first three waits for its 3 s before the next pause.
		want := []time.Duration{0, 3100 * time.Millisecond, 66100 * time.Millisecond, 369100 * time.Millisecond}
		all := l.Deliveries()
		if len(all) != len(want) || len(l.got) != len(want) {
			t.Fatalf("%d deliveries, %d arrived", len(all), len(l.got))
		}
		for i, d := range all {
			e := <-l.got
			if got := d.At.Sub(start); got != want[i] || e.Request.RetryAttempt != i {
				t.Errorf("attempt %d came after %s, want %d after %s", e.Request.RetryAttempt, got, i, want[i])
			}
		}
	})
}

func TestTurnedAwayForAMinute(t *testing.T) {
	inLife(t, slack.Options{}, func(l *living) {
		l.Switch(func(s *slack.Switches) { s.TooManySockets = true })
		l.Disrupt(slack.Kill, 0)
		time.Sleep(time.Minute)
		l.Switch(func(s *slack.Switches) { s.TooManySockets = false })
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if now := l.Sockets(); len(now) != 1 {
			t.Errorf("%+v", now)
		}
		if n := l.Calls("apps.connections.open"); n < 3 {
			t.Errorf("%d calls: the client was not turned away", n)
		}
	})
}
