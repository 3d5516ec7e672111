package slack_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// bot is a real slack-go client that acknowledges with what reply returns.
type bot struct {
	api *slackgo.Client
	sm  *socketmode.Client
}

func newBot(o *office, reply func(b *bot, e socketmode.Event) any) *bot {
	b := &bot{api: slackgo.New(botToken, slackgo.OptionAppLevelToken(appToken), slackgo.OptionAPIURL(o.APIURL),
		slackgo.OptionHTTPClient(&http.Client{Timeout: 5 * time.Second}))}
	b.sm = socketmode.New(b.api)
	ctx, cancel := context.WithCancel(o.ctx)
	ended := make(chan struct{})
	o.t.Cleanup(func() { cancel(); <-ended })
	go func() { defer close(ended); _ = b.sm.RunContext(ctx) }()
	go func() {
		for {
			select {
			case e := <-b.sm.Events:
				if e.Request == nil || e.Request.EnvelopeID == "" {
					continue
				}
				if payload := reply(b, e); payload != nil {
					_ = b.sm.Ack(*e.Request, payload)
				} else {
					_ = b.sm.Ack(*e.Request)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	if err := o.WaitSockets(o.ctx, 1); err != nil {
		o.t.Fatal(err)
	}
	return b
}

func silent(*bot, socketmode.Event) any { return nil }

func TestSlackGoCommandAndAckPayload(t *testing.T) {
	o := newOffice(t, slack.Options{})
	seen := make(chan slackgo.SlashCommand, 1)
	newBot(o, func(_ *bot, e socketmode.Event) any {
		if c, ok := e.Data.(slackgo.SlashCommand); ok {
			seen <- c
			return map[string]any{"text": "looking at " + c.Text}
		}
		return nil
	})
	d, err := o.Command(slack.Ann, slack.Ops, "/pullfix diagnose shop web-1")
	if err != nil {
		t.Fatal(err)
	}
	m, err := o.WaitMessage(o.ctx, slack.Ops, func(m slack.Message) bool { return m.Ephemeral })
	if err != nil {
		t.Fatal(err)
	}
	if m.Text != "looking at diagnose shop web-1" || m.VisibleTo != slack.Ann {
		t.Errorf("the acknowledgement shows as %+v", m)
	}
	if c := <-seen; c.Command != "/pullfix" || c.UserID != slack.Ann || c.ChannelName != "ops" || c.IsEnterpriseInstall {
		t.Errorf("command %+v", c)
	}
	if d, err = o.WaitDelivery(o.ctx, d.EnvelopeID); err != nil || d.AckedAt.IsZero() {
		t.Errorf("delivery %+v, %v", d, err)
	}
	if got := o.Messages(slack.Ops, slack.Bob); len(got) != 0 {
		t.Errorf("bob sees ann's ephemeral message: %+v", got)
	}
}

func TestSlackGoPostsUpdatesAndReads(t *testing.T) {
	o := newOffice(t, slack.Options{})
	b := newBot(o, silent)
	block := slackgo.NewSectionBlock(slackgo.NewTextBlockObject("mrkdwn", "*hello*", false, false), nil, nil)
	channel, ts, err := b.api.PostMessageContext(o.ctx, slack.Ops, slackgo.MsgOptionText("hello", false),
		slackgo.MsgOptionBlocks(block), slackgo.MsgOptionMetadata(slackgo.SlackMetadata{
			EventType: "incident", EventPayload: map[string]any{"id": "i-1"},
		}))
	if err != nil || channel != slack.Ops {
		t.Fatal(channel, err)
	}
	_, reply, err := b.api.PostMessageContext(o.ctx, slack.Ops, slackgo.MsgOptionText("in the thread", false),
		slackgo.MsgOptionTS(ts), slackgo.MsgOptionBroadcast())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err = b.api.UpdateMessageContext(o.ctx, slack.Ops, ts, slackgo.MsgOptionText("bye", false)); err != nil {
		t.Fatal(err)
	}
	messages, _, _, err := b.api.GetConversationRepliesContext(o.ctx, &slackgo.GetConversationRepliesParameters{
		ChannelID: slack.Ops, Timestamp: ts, IncludeAllMetadata: true,
	})
	if err != nil || len(messages) != 2 {
		t.Fatal(messages, err)
	}
	if root := messages[0]; root.Text != "bye" || len(root.Blocks.BlockSet) != 0 || root.Metadata.EventPayload["id"] != "i-1" {
		t.Errorf("after the update: %+v", root)
	}
	if messages[1].Timestamp != reply || messages[1].SubType != "thread_broadcast" {
		t.Errorf("the reply: %+v", messages[1])
	}
	link, err := b.api.GetPermalinkContext(o.ctx, &slackgo.PermalinkParameters{Channel: slack.Ops, Ts: reply})
	if err != nil || !strings.Contains(link, "thread_ts="+ts) {
		t.Errorf("permalink %q, %v", link, err)
	}
	if got := o.Messages(slack.Ops, slack.Bob); len(got) != 2 {
		t.Errorf("the channel shows %d messages, want the root and the broadcast reply", len(got))
	}
}

func TestSlackGoErrors(t *testing.T) {
	o := newOffice(t, slack.Options{})
	b := newBot(o, silent)
	_, _, err := b.api.PostMessageContext(o.ctx, slack.Random, slackgo.MsgOptionText("x", false))
	if err == nil || err.Error() != "not_in_channel" {
		t.Errorf("posting outside: %v", err)
	}
	long := slackgo.NewSectionBlock(slackgo.NewTextBlockObject("mrkdwn", strings.Repeat("x", 3001), false, false), nil, nil)
	_, _, err = b.api.PostMessageContext(o.ctx, slack.Ops, slackgo.MsgOptionBlocks(long))
	var refused slackgo.SlackErrorResponse
	if !errors.As(err, &refused) || refused.Err != "invalid_blocks" || len(refused.ResponseMetadata.Messages) != 2 {
		t.Errorf("posting a long section: %v %+v", err, refused)
	}
	o.Break(slack.Fault{Method: "chat.postMessage", Status: 429, RetryAfter: 7})
	_, _, err = b.api.PostMessageContext(o.ctx, slack.Ops, slackgo.MsgOptionText("x", false))
	var limited *slackgo.RateLimitedError
	if !errors.As(err, &limited) || limited.RetryAfter != 7*time.Second {
		t.Errorf("rate limited: %v", err)
	}
	o.Break(slack.Fault{Method: "chat.postMessage", Status: 503, AfterEffect: true})
	if _, _, err = b.api.PostMessageContext(o.ctx, slack.Ops, slackgo.MsgOptionText("lost answer", false)); err == nil {
		t.Error("a 503 is no error")
	}
	if got := o.Messages(slack.Ops, slack.Ann); len(got) != 1 || got[0].Text != "lost answer" {
		t.Errorf("after a lost answer: %+v", got)
	}
}

func TestSlackGoReconnectsAfterWarning(t *testing.T) {
	o := newOffice(t, slack.Options{WarnAhead: 50 * time.Millisecond})
	newBot(o, silent)
	first := o.Sockets()[0].ID
	o.Disrupt(slack.Warn, 0)
	for {
		if now := o.Sockets(); len(now) == 1 && now[0].ID != first {
			break
		}
		if o.ctx.Err() != nil {
			t.Fatal("no new connection")
		}
		time.Sleep(5 * time.Millisecond)
	}
	if _, err := o.Command(slack.Ann, slack.Ops, "/pullfix help"); err != nil {
		t.Fatal(err)
	}
	if n := o.Calls("apps.connections.open"); n != 2 {
		t.Errorf("%d connections were opened, want 2", n)
	}
}

func TestSlackGoModalsAndClicks(t *testing.T) {
	o := newOffice(t, slack.Options{})
	pressed := make(chan slackgo.InteractionCallback, 1)
	submitted := make(chan slackgo.InteractionCallback, 2)
	b := newBot(o, func(b *bot, e socketmode.Event) any {
		c, ok := e.Data.(slackgo.InteractionCallback)
		if !ok {
			return nil
		}
		if c.Type == slackgo.InteractionTypeBlockActions {
			if _, err := b.api.OpenViewContext(o.ctx, c.TriggerID, reason()); err != nil {
				t.Errorf("views.open: %v", err)
			}
			pressed <- c
			return nil
		}
		submitted <- c
		if c.View.State.Values["why"]["text"].Value == "no" {
			return slackgo.NewErrorsViewSubmissionResponse(map[string]string{"why": "say more"})
		}
		return nil
	})
	button := slackgo.NewButtonBlockElement("reject", "i-1", slackgo.NewTextBlockObject("plain_text", "Reject", false, false))
	_, ts, err := b.api.PostMessageContext(o.ctx, slack.Ops, slackgo.MsgOptionText("t", false),
		slackgo.MsgOptionBlocks(slackgo.NewActionBlock("act", button)))
	if err != nil {
		t.Fatal(err)
	}
	o.act(slack.Press{User: slack.Bob, Channel: slack.Ops, TS: ts, ActionID: "reject"})
	c := <-pressed
	if a := c.ActionCallback.BlockActions[0]; a.Value != "i-1" || a.BlockID != "act" || c.User.ID != slack.Bob ||
		c.Container.MessageTs != ts || c.Message.Timestamp != ts || c.APIAppID != "A01PULLFIX" || c.Team.ID != "T01ACME" {
		t.Errorf("%+v", c)
	}
	for _, text := range []string{"no", "because"} {
		if _, err := o.WaitView(o.ctx, slack.Bob, func(v slack.View) bool { return !v.Submitting }); err != nil {
			t.Fatal(err)
		}
		d, err := o.Submit(slack.Bob, "", map[string]map[string]any{"why": {"text": text}})
		if err != nil {
			t.Fatal(err)
		}
		o.settled(d)
		if s := <-submitted; s.View.PrivateMetadata != "i-1" || s.View.CallbackID != "reject" || s.View.Hash == "" {
			t.Errorf("%+v", s.View)
		}
		if v, ok := o.OpenView(slack.Bob); ok != (text == "no") || ok && v.Errors["why"] != "say more" {
			t.Errorf("after %q: %+v", text, v)
		}
	}
}

func reason() slackgo.ModalViewRequest {
	plain := func(s string) *slackgo.TextBlockObject {
		return slackgo.NewTextBlockObject("plain_text", s, false, false)
	}
	input := slackgo.NewInputBlock("why", plain("Why"), nil, slackgo.NewPlainTextInputBlockElement(nil, "text"))
	return slackgo.ModalViewRequest{
		Type: "modal", CallbackID: "reject", PrivateMetadata: "i-1", Title: plain("Reject"), Submit: plain("Reject"),
		Close: plain("Back"), Blocks: slackgo.Blocks{BlockSet: []slackgo.Block{input}},
	}
}

func TestSlackGoRespondsByURL(t *testing.T) {
	o := newOffice(t, slack.Options{})
	failed := make(chan error, 1)
	newBot(o, func(b *bot, e socketmode.Event) any {
		if c, ok := e.Data.(slackgo.SlashCommand); ok {
			_, _, err := b.api.PostMessageContext(o.ctx, c.ChannelID, slackgo.MsgOptionText("I am not in here", false),
				slackgo.MsgOptionResponseURL(c.ResponseURL, "ephemeral"))
			failed <- err
		}
		return nil
	})
	if _, err := o.Command(slack.Ann, slack.Random, "/pullfix help"); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	if m := o.Messages(slack.Random, slack.Ann); len(m) != 1 || !m[0].Ephemeral || m[0].Text != "I am not in here" {
		t.Errorf("%+v", m)
	}
}

func TestSlackGoManyCommands(t *testing.T) {
	o := newOffice(t, slack.Options{})
	newBot(o, silent)
	var sent []slack.Delivery
	for range 500 {
		sent = append(sent, o.command("/pullfix help"))
		time.Sleep(time.Millisecond)
	}
	for _, d := range sent {
		if d = o.settled(d); d.Failure != "" || d.Frames != 1 {
			t.Errorf("%+v", d)
		}
	}
}
