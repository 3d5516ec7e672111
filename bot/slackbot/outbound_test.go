package slackbot

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	sandbox "github.com/pullfix/pullfix/sandbox/slack"
)

// idle is a bot that is connected to nothing.
func idle(t *testing.T) *Bot {
	t.Helper()
	b, err := New(Options{APIURL: "http://127.0.0.1:1", BotToken: "xoxb-1", AppToken: "xapp-1", Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// own are the bot's root messages in a channel.
func (o *office) own(channel string) []sandbox.Message {
	return slices.DeleteFunc(o.Messages(channel, sandbox.Ann), func(m sandbox.Message) bool { return m.BotID == "" || m.Ephemeral || m.ThreadTS != "" })
}

func TestOneMessageAnIncidentRedrawnInPlace(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(running())
	next := judged()
	next.Place, next.Opened = i.Place, i.Opened
	for range 3 { // the same drawing is sent once
		if place, err := o.bot.Show(t.Context(), next); err != nil || place != next.Place {
			t.Fatal(place, err)
		}
	}
	own := o.own(sandbox.Ops)
	if len(own) != 1 || own[0].TS != i.Place.Message || !strings.Contains(own[0].Text, "does not exist") || own[0].Revision != 1 {
		t.Errorf("%+v", own)
	}
	if own[0].Metadata["event_type"] != eventIncident {
		t.Errorf("%v", own[0].Metadata)
	}
}

// Two drawings before the place is recorded must not make two messages.
func TestShownTwiceBeforeItIsRecorded(t *testing.T) {
	o := open(t, setting{})
	i := running()
	i.Place.Message, i.Opened = "", time.Now()
	first, err := o.bot.Show(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	next := judged()
	next.Place.Message, next.Opened = "", i.Opened
	second, err := o.bot.Show(t.Context(), next)
	if err != nil || second != first || len(o.own(sandbox.Ops)) != 1 {
		t.Errorf("%+v, then %+v: %v", first, second, err)
	}
}

func TestTellInTheThread(t *testing.T) {
	t.Parallel()
	o := open(t, setting{})
	i := o.shown(judged())
	notices := []bot.Notice{
		{Key: "k1", Text: "Still failing <!channel>", Broadcast: true},
		{Key: "k1", Text: "Still failing <!channel>", Broadcast: true},
		{Key: "k2", Details: true},
	}
	for _, n := range notices {
		if err := o.bot.Tell(t.Context(), i, n); err != nil {
			t.Fatal(err)
		}
	}
	replies := o.Thread(sandbox.Ops, i.Place.Message, sandbox.Ann)[1:]
	if len(replies) != 3 || !replies[0].Broadcast || replies[1].Broadcast || replies[0].Text != "Still failing &lt;!channel&gt;" {
		t.Errorf("%d replies: %+v", len(replies), replies)
	}
	for _, r := range replies {
		if r.ThreadTS != i.Place.Message || r.Text == "" {
			t.Errorf("%+v", r)
		}
	}
}

// An answer that is lost after Slack took the message must not make a second.
func TestLostAnswerMakesNoSecondMessage(t *testing.T) {
	o := open(t, setting{})
	i := running()
	i.Place.Message, i.Opened = "", time.Now()
	o.Break(sandbox.Fault{Method: "chat.postMessage", Status: 503, AfterEffect: true})
	if _, err := o.bot.Show(t.Context(), i); err == nil {
		t.Fatal("the lost answer went unnoticed")
	}
	place, err := o.bot.Show(t.Context(), i)
	own := o.own(sandbox.Ops)
	if err != nil || len(own) != 1 || place.Message != own[0].TS {
		t.Fatalf("%+v %v: %d messages", place, err, len(own))
	}
	i.Place = place
	o.Break(sandbox.Fault{Method: "chat.postMessage", Error: "internal_error", AfterEffect: true})
	n := bot.Notice{Key: "k", Text: "Resolved", Broadcast: true}
	if err := o.bot.Tell(t.Context(), i, n); err == nil {
		t.Fatal("the lost answer went unnoticed")
	}
	if err := o.bot.Tell(t.Context(), i, n); err != nil {
		t.Fatal(err)
	}
	if replies := o.Thread(sandbox.Ops, place.Message, sandbox.Ann)[1:]; len(replies) != 1 {
		t.Errorf("%d replies", len(replies))
	}
}

// After a restart nothing is in memory; the message is found by its marks, but
// not one that another bot marked alike.
func TestRestartFindsItsMessage(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(running())
	next := open(t, setting{idle: true})
	again := next.bot
	again.api, again.o = o.bot.api, o.bot.o
	again.self.Store(o.bot.self.Load())
	again.started = time.Now().Add(time.Minute)
	i.Place.Message = ""
	place, err := again.Show(t.Context(), i)
	if own := o.own(sandbox.Ops); err != nil || len(own) != 1 || place.Message != own[0].TS {
		t.Errorf("%+v %v: %d messages", place, err, len(own))
	}
	self := *o.bot.self.Load()
	self.bot = "B0SOMEONE"
	again.self.Store(&self)
	if _, found := again.findRoot(t.Context(), i, sandbox.Ops); found {
		t.Error("somebody else's message is taken for ours")
	}
}

func TestWithoutHistoryItPostsAgain(t *testing.T) {
	t.Parallel()
	seed := sandbox.ExampleSeed()
	seed.App.Scopes = slices.DeleteFunc(seed.App.Scopes, func(s string) bool { return strings.HasSuffix(s, ":history") })
	o := open(t, setting{workspace: sandbox.Options{Seed: seed}})
	i := running()
	i.Place.Message, i.Opened = "", time.Now()
	o.Break(sandbox.Fault{Method: "chat.postMessage", Status: 503, AfterEffect: true})
	_, _ = o.bot.Show(t.Context(), i)
	if place, err := o.bot.Show(t.Context(), i); err != nil || place.Message == "" || len(o.own(sandbox.Ops)) != 2 {
		t.Errorf("%+v %v", place, err)
	}
}

func TestWhereTheBotIsNoMember(t *testing.T) {
	t.Parallel()
	o := open(t, setting{})
	for _, channel := range []string{sandbox.Random, sandbox.Closed} {
		o.command(sandbox.Ann, channel, "/pullfix diagnose shop checkout-"+strings.ToLower(channel))
		asks := o.desk.asked()
		i := running()
		i.ID, i.Opened, i.Place = "i-"+channel, time.Now(), asks[len(asks)-1].Place
		for range 3 {
			if place, err := o.bot.Show(t.Context(), i); err != nil || place.Message != "" {
				t.Fatal(place, err)
			}
		}
		i = judgedAt(i)
		if _, err := o.bot.Show(t.Context(), i); err != nil {
			t.Fatal(err)
		}
		m := o.message(channel, hears("does not exist"))
		if text := sprintf("%v", m.Blocks); !strings.Contains(text, "/invite @pullfix") || strings.Contains(text, "pullfix.approve") {
			t.Errorf("%s", text)
		}
		if err := o.bot.Tell(t.Context(), i, bot.Notice{Key: i.ID, Text: "needs an approval", Broadcast: true}); err != nil {
			t.Error(err)
		}
	}
	if n := len(o.own(sandbox.Ops)); n != 2 {
		t.Errorf("%d notices in the channel of incidents", n)
	}
	// Once it is invited, the message stands in the channel, with its buttons.
	i := judged()
	i.ID, i.Opened, i.Place = "i-"+sandbox.Random, time.Now(), o.desk.asked()[0].Place
	if err := o.Join(sandbox.Random, "U00PULLFIX"); err != nil {
		t.Fatal(err)
	}
	if place, err := o.bot.Show(t.Context(), i); err != nil || place.Channel != sandbox.Random || place.Message == "" {
		t.Error(place, err)
	}
}

func judgedAt(i bot.Incident) bot.Incident {
	next := judged()
	next.ID, next.Opened, next.Place = i.ID, i.Opened, i.Place
	return next
}

func TestNothingIsPostedOnAGuess(t *testing.T) {
	o := open(t, setting{})
	o.Break(sandbox.Fault{Method: "conversations.info", Error: "internal_error", Times: -1})
	i := running()
	i.Place.Message, i.Opened = "", time.Now()
	if _, err := o.bot.Show(t.Context(), i); err == nil || len(o.own(sandbox.Ops)) != 0 {
		t.Errorf("%v", err)
	}
}

// While Slack limits one channel, others go on; and the wait is Slack's.
func TestLimitedChannelDelaysNoOther(t *testing.T) {
	t.Parallel()
	o := open(t, setting{})
	o.Break(sandbox.Fault{Method: "chat.postMessage", Status: 429, RetryAfter: 2})
	begin := time.Now()
	slow := make(chan error, 1)
	i := running()
	i.Place.Message, i.Opened = "", begin
	go func() {
		_, err := o.bot.Show(t.Context(), i)
		slow <- err
	}()
	o.eventually("the 429", func() bool { return o.Calls("chat.postMessage") == 1 })
	other := i
	other.ID, other.Place.Channel = "i-2", sandbox.Secret
	if _, err := o.bot.Show(t.Context(), other); err != nil || time.Since(begin) > time.Second {
		t.Errorf("another channel took %s: %v", time.Since(begin), err)
	}
	if err := <-slow; err != nil || time.Since(begin) < 2*time.Second || o.Calls("chat.postMessage") != 3 {
		t.Errorf("%v after %s, %d calls", err, time.Since(begin), o.Calls("chat.postMessage"))
	}
}

func TestRefusedBlocksAreSentAsText(t *testing.T) {
	o := open(t, setting{})
	o.Break(sandbox.Fault{Method: "chat.postMessage", Error: "invalid_blocks"})
	o.shown(judged())
	if own := o.own(sandbox.Ops); len(own) != 1 || len(own[0].Blocks) != 0 || !strings.Contains(own[0].Text, "does not exist") {
		t.Errorf("%+v", own)
	}
}

func TestAnswersGoOnlyToSlack(t *testing.T) {
	o := open(t, setting{})
	for _, address := range []string{"http://evil.example/x", "https://slack.com.evil.example/", "file:///etc/passwd", "", "https://evil.example/?hooks.slack.com"} {
		if err := o.bot.answer(t.Context(), address, sentence("x")); !errors.Is(err, errForeignReply) {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, address := range []string{"https://hooks.slack.com/actions/x", "https://hooks.slack-gov.slack.com/x"} {
		if !trustedReply(address, "https://slack.com/api/") {
			t.Errorf("%q is not trusted", address)
		}
	}
	err := idle(t).answer(t.Context(), "http://127.0.0.1:1/response/SECRET", sentence("x"))
	if err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("%v", err)
	}
}

// A response_url can be used five times within half an hour; then the incident
// goes to the channel of incidents.
func TestSpentReplyFallsBack(t *testing.T) {
	o := open(t, setting{})
	o.command(sandbox.Ann, sandbox.Random, "/pullfix diagnose shop checkout")
	reply := o.desk.asked()[0].Place.Reply
	for range 5 {
		if err := o.bot.answer(t.Context(), reply, sentence("x")); err != nil {
			t.Fatal(err)
		}
	}
	i := judged()
	i.Opened, i.Place = time.Now(), o.desk.asked()[0].Place
	if place, err := o.bot.Show(t.Context(), i); err != nil || place.Channel != sandbox.Ops || place.Message == "" {
		t.Error(place, err)
	}
}
