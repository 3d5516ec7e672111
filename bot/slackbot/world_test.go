package slackbot

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	sandbox "github.com/pullfix/pullfix/sandbox/slack"
)

// office is a workspace on a port, with the bot in it and a desk that only
// remembers.
type office struct {
	*sandbox.Workspace
	t    *testing.T
	bot  *Bot
	desk *desk
	stop context.CancelFunc // of the bot; the workspace goes on
	ran  chan error
}

type setting struct {
	workspace sandbox.Options
	bot       func(*Options)
	desk      *desk
	idle      bool // the bot is not connected
}

func open(t *testing.T, s setting) *office {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	w := sandbox.New(s.workspace)
	server, err := w.Serve(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	o := Options{
		APIURL: server.APIURL, BotToken: "xoxb-1-sandbox", AppToken: "xapp-1-sandbox", Channel: sandbox.Ops,
		Log: quiet(),
	}
	if testing.Verbose() {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	if s.bot != nil {
		s.bot(&o)
	}
	b, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if s.desk == nil {
		s.desk = &desk{}
	}
	s.desk.may = func(string) bool { return true }
	of := &office{Workspace: w, t: t, bot: b, desk: s.desk, stop: stop, ran: make(chan error, 1)}
	t.Cleanup(of.close)
	if s.idle {
		of.ran <- nil
		return of
	}
	go func() {
		of.ran <- b.Run(ctx, Services{Desk: s.desk, Incidents: s.desk, Scanner: s.desk, Inventory: s.desk})
	}()
	of.connected()
	return of
}

// ended waits for the run that the office began with.
func (o *office) ended() {
	if err := <-o.ran; err != nil {
		o.t.Log("the first run ended:", err)
	}
}

func (o *office) close() {
	o.stop()
	select {
	case err := <-o.ran:
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, ErrRefused) {
			o.t.Log("the bot ended:", err)
		}
	case <-time.After(15 * time.Second):
		o.t.Error("the bot does not stop")
	}
}

func (o *office) within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(o.t.Context(), d)
	o.t.Cleanup(cancel)
	return ctx
}

// connected waits until the bot has heard Slack's hello.
func (o *office) connected() {
	o.t.Helper()
	o.eventually("a connection", func() bool { return o.bot.Health().Connected })
}

func (o *office) eventually(what string, done func() bool) {
	o.t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			o.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// command types a command and waits for its acknowledgement.
func (o *office) command(user, channel, text string) sandbox.Delivery {
	o.t.Helper()
	d, err := o.Command(user, channel, text)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.acknowledged(d)
}

func (o *office) acknowledged(d sandbox.Delivery) sandbox.Delivery {
	o.t.Helper()
	d, err := o.WaitDelivery(o.within(5*time.Second), d.EnvelopeID)
	if err != nil {
		o.t.Fatal(err)
	}
	if d.AckedAt.IsZero() {
		o.t.Fatalf("%s was not acknowledged: %s", d.Kind, d.Failure)
	}
	return d
}

// message waits for a message that fits.
func (o *office) message(channel string, fits func(sandbox.Message) bool) sandbox.Message {
	o.t.Helper()
	m, err := o.WaitMessage(o.within(10*time.Second), channel, fits)
	if err != nil {
		o.t.Fatal(err)
	}
	return m
}

// shown posts an incident's message, as the desk would.
func (o *office) shown(i bot.Incident) bot.Incident {
	o.t.Helper()
	i.Place.Message = ""
	i.Opened = time.Now()
	place, err := o.bot.Show(o.within(5*time.Second), i)
	if err != nil || place.Message == "" {
		o.t.Fatal(place, err)
	}
	i.Place = place
	o.desk.put(i)
	return i
}

// click presses a button of the incident's message.
func (o *office) click(user string, i bot.Incident, action string, value string) sandbox.Delivery {
	o.t.Helper()
	d, err := o.Act(sandbox.Press{User: user, Channel: i.Place.Channel, TS: i.Place.Message, ActionID: action, Value: value})
	if err != nil {
		o.t.Fatal(err)
	}
	return o.acknowledged(d)
}

var (
	_ Desk      = (*bot.Desk)(nil)
	_ Incidents = (*bot.Desk)(nil)
)

// desk is a Desk, Incidents and Scanner that remembers what it was told.
type desk struct {
	mu        sync.Mutex
	asks      []bot.Ask
	presses   []bot.Press
	incidents map[string]bot.Incident
	may       func(namespace string) bool
	groups    []runbook.Group
	delay     time.Duration
	begun     int // asks, whether or not they are recorded by now
	err       error
}

func (d *desk) Ask(_ context.Context, a bot.Ask) (string, error) {
	d.mu.Lock()
	d.begun++
	delay := d.delay
	d.mu.Unlock()
	time.Sleep(delay)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return "", d.err
	}
	if !slices.ContainsFunc(d.asks, func(o bot.Ask) bool { return o.Key == a.Key }) {
		d.asks = append(d.asks, a)
	}
	return "i-1", nil
}

func (d *desk) Press(_ context.Context, p bot.Press) error {
	d.mu.Lock()
	delay := d.delay
	d.mu.Unlock()
	time.Sleep(delay)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return d.err
	}
	if slices.ContainsFunc(d.presses, func(o bot.Press) bool { return o.Key == p.Key }) {
		return bot.ErrSeen
	}
	d.presses = append(d.presses, p)
	return nil
}

func (d *desk) MayAsk(_ context.Context, _ bot.Person, t runbook.Target, _ string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.may(t.Namespace)
}

func (d *desk) Find(_ context.Context, id string) (bot.Incident, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i, ok := d.incidents[id]
	if !ok {
		return bot.Incident{}, bot.ErrNoIncident
	}
	return i, nil
}

func (d *desk) Current(context.Context) ([]bot.Incident, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []bot.Incident
	for _, i := range d.incidents {
		all = append(all, i)
	}
	return all, nil
}

func (d *desk) Scan(context.Context, string, string) ([]runbook.Group, error) {
	return d.groups, d.err
}

func (d *desk) put(i bot.Incident) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.incidents == nil {
		d.incidents = make(map[string]bot.Incident)
	}
	d.incidents[i.ID] = i
}

func (d *desk) only(may func(namespace string) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.may = may
}

func (d *desk) asked() []bot.Ask {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.asks)
}

func (d *desk) pressed() []bot.Press {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.presses)
}
