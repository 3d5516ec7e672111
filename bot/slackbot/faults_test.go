package slackbot

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	sandbox "github.com/pullfix/pullfix/sandbox/slack"
)

// inBubble is an office whose minutes take no time: workspace, sockets and bot
// live in memory.
func inBubble(t *testing.T, s setting, test func(o *office)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		w := sandbox.New(s.workspace)
		server := w.ServeInMemory(ctx)
		transport := &http.Transport{DialContext: server.Dial}
		b, err := New(Options{APIURL: server.APIURL, BotToken: "xoxb-1-sandbox", AppToken: "xapp-1-sandbox", Channel: sandbox.Ops, Log: quiet(), Transport: transport})
		if err != nil {
			t.Fatal(err)
		}
		b.dial = server.Dial
		if s.desk == nil {
			s.desk = &desk{}
		}
		s.desk.may = func(string) bool { return true }
		o := &office{Workspace: w, t: t, bot: b, desk: s.desk, stop: stop, ran: make(chan error, 1)}
		go func() { o.ran <- b.Run(ctx, Services{Desk: s.desk, Incidents: s.desk, Scanner: s.desk}) }()
		defer func() { // also when the test ends early
			stop()
			if err := <-o.ran; err != nil {
				t.Error(err)
			}
			server.Close()
			transport.CloseIdleConnections()
			synctest.Wait()
		}()
		o.connected()
		test(o)
	})
}

// Slack limits everything for a minute: commands are acknowledged all the same,
// nothing is lost or said twice, and what is drawn then is the newest state.
func TestAMinuteOf429(t *testing.T) {
	t.Parallel()
	inBubble(t, setting{}, func(o *office) {
		i := o.shown(running())
		for _, method := range []string{"chat.update", "chat.postMessage", "chat.postEphemeral"} {
			o.Break(sandbox.Fault{Method: method, Status: 429, RetryAfter: 30, Times: 2})
		}
		begin, said := time.Now(), make(chan error, 200)
		notice := bot.Notice{Key: "k", Text: "Needs one more approval.", Broadcast: true}
		go func() { said <- o.bot.Tell(o.t.Context(), i, notice) }()
		go func() {
			said <- o.bot.Whisper(o.t.Context(), bot.Whisper{To: bob, Place: bot.Place{Channel: sandbox.Ops}, Text: "You may not."})
		}()
		for n := range 100 {
			next := judged()
			next.Place, next.Opened, next.Sequence = i.Place, i.Opened, n
			next.Verdict.Summary = fmt.Sprintf("cause %d", n)
			go func() {
				_, err := o.bot.Show(o.t.Context(), next)
				said <- err
			}()
			time.Sleep(500 * time.Millisecond)
		}
		d := o.command(sandbox.Ann, sandbox.Ops, "/pullfix diagnose shop checkout")
		if took := d.AckedAt.Sub(d.At); took > time.Second {
			o.t.Errorf("acknowledged after %s", took)
		}
		if n := len(o.Messages(sandbox.Ops, sandbox.Bob)); n != 1 {
			o.t.Errorf("%d messages after %s of 429", n, time.Since(begin))
		}
		for range 102 {
			if err := <-said; err != nil {
				o.t.Error(err)
			}
		}
		if took := time.Since(begin); took < time.Minute || took > 75*time.Second {
			o.t.Errorf("everything is said after %s", took)
		}
		all := o.Messages(sandbox.Ops, sandbox.Bob)
		if len(all) != 3 || all[0].TS != i.Place.Message || !strings.Contains(all[0].Text, "cause 99") {
			o.t.Errorf("%d messages, the incident's: %+v", len(all), all[0])
		}
		if n := o.Calls("chat.update"); n > 6 {
			o.t.Errorf("%d calls of chat.update", n)
		}
	})
}

// Slack is broken for a minute. The desk tries again; there is one message.
func TestAMinuteOf5xx(t *testing.T) {
	t.Parallel()
	inBubble(t, setting{}, func(o *office) {
		o.Break(sandbox.Fault{Status: 503, Times: -1})
		i := running()
		i.Place.Message, i.Opened = "", time.Now()
		go func() {
			time.Sleep(time.Minute)
			o.Mend()
		}()
		d := o.command(sandbox.Ann, sandbox.Ops, "/pullfix diagnose shop checkout")
		place, err := o.bot.Show(o.t.Context(), i)
		for tries := 0; err != nil && tries < 20; tries++ {
			time.Sleep(5 * time.Second)
			place, err = o.bot.Show(o.t.Context(), i)
		}
		if own := o.own(sandbox.Ops); err != nil || len(own) != 1 || own[0].TS != place.Message || d.Failure != "" {
			o.t.Errorf("%v: %d messages; %+v", err, len(own), d)
		}
	})
}

// For a minute Slack refuses every socket: they are not opened in a storm, and
// the bot is there again soon after.
func TestAMinuteOfTooManyWebsockets(t *testing.T) {
	t.Parallel()
	inBubble(t, setting{}, func(o *office) {
		before := o.Calls("apps.connections.open")
		o.Switch(func(s *sandbox.Switches) { s.TooManySockets = true })
		o.Disrupt(sandbox.Refresh, 0)
		time.Sleep(time.Minute)
		if n := o.Calls("apps.connections.open") - before; n < 3 || n > 8 {
			o.t.Errorf("%d sockets opened in a minute", n)
		}
		if o.bot.Health().Trouble == "" {
			o.t.Error("nobody is told")
		}
		o.Switch(func(s *sandbox.Switches) { s.TooManySockets = false })
		time.Sleep(90 * time.Second)
		o.command(sandbox.Ann, sandbox.Ops, "/pullfix diagnose shop checkout")
	})
}

// The socket is cut between an approval and its acknowledgement. Slack sends it
// again; it counts once, and the modal closes.
func TestApprovalAcrossACutSocket(t *testing.T) {
	t.Parallel()
	inBubble(t, setting{workspace: sandbox.Options{Switches: sandbox.Switches{Redeliver: true}}}, func(o *office) {
		i := o.shown(judged())
		o.click(sandbox.Bob, i, "pullfix.approve", "")
		v := o.modal(sandbox.Bob, "pullfix.approve")
		o.desk.slow(300 * time.Millisecond)
		d, err := o.Submit(sandbox.Bob, v.ID, nil)
		if err != nil {
			o.t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		o.Disrupt(sandbox.Kill, 0)
		time.Sleep(10 * time.Second)
		d, err = o.WaitDelivery(o.t.Context(), d.EnvelopeID)
		if err != nil || d.AckedAt.IsZero() || d.Frames < 2 {
			o.t.Errorf("%+v, %v", d, err)
		}
		if p := o.desk.pressed(); len(p) != 1 || p[0].PlanHash != deletePlan().Hash {
			o.t.Errorf("%+v", p)
		}
		if _, still := o.OpenView(sandbox.Bob); still {
			o.t.Error("the modal is still open")
		}
	})
}

// Every frame comes twice, in any order, and sockets break all the time: each
// command and each click counts once.
func TestTwiceAndInAnyOrder(t *testing.T) {
	t.Parallel()
	switches := sandbox.Switches{Redeliver: true, Duplicate: true, Reorder: true, NoLimits: true}
	inBubble(t, setting{workspace: sandbox.Options{Switches: switches}, desk: &desk{delay: 40 * time.Millisecond}}, func(o *office) {
		i := o.shown(judged())
		for n := range 30 {
			o.connected()
			if _, err := o.Command(sandbox.Ann, sandbox.Ops, fmt.Sprintf("/pullfix diagnose shop checkout-%d", n)); err != nil {
				o.t.Fatal(err)
			}
			if _, err := o.Act(sandbox.Press{User: sandbox.Bob, Channel: i.Place.Channel, TS: i.Place.Message, ActionID: "pullfix.again"}); err != nil {
				o.t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
			if n%5 == 4 {
				o.Disrupt(sandbox.Kill, 0)
				time.Sleep(90 * time.Second) // sockets are opened with pauses
			}
		}
		time.Sleep(time.Minute)
		asks, presses := map[string]int{}, len(o.desk.pressed())
		for _, a := range o.desk.asked() {
			asks[a.Target.Name]++
		}
		if len(asks) != 30 || len(o.desk.asked()) != 30 || presses != 30 {
			o.t.Errorf("%d commands recorded %d times, %d clicks; want 30 of each", len(asks), len(o.desk.asked()), presses)
		}
	})
}

func (d *desk) slow(delay time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.delay = delay
}
