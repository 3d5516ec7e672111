package slackbot

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"github.com/pullfix/pullfix/bot"
)

var _ bot.Caller = (*Bot)(nil)

// Link is the address of the incident's message; "" while there is none.
func (b *Bot) Link(i bot.Incident) string { return b.link(b.placeOf(i)) }

// Call calls people: in the incident's thread, for the whole channel to see, or
// in the channel that the call names. It goes before whatever else waits, and
// the same call again says nothing.
func (b *Bot) Call(ctx context.Context, i bot.Incident, c bot.Call) (bot.Place, error) {
	if place, done := b.roots.get(callKey(c)); done {
		return place, nil
	}
	place := b.placeOf(i)
	thread := place.Message
	if c.Channel != "" && c.Channel != place.Channel {
		place, thread = bot.Place{Channel: c.Channel}, ""
	}
	if place.Channel == "" || thread == "" && c.Channel == "" {
		place.Channel = orWord(b.o.Channel, place.Channel) // there is no thread yet
	}
	if reason, err := b.closedTo(ctx, place.Channel); err != nil {
		return bot.Place{}, err
	} else if reason != "" {
		return bot.Place{}, fmt.Errorf("calling in channel %s: %w", place.Channel, errNoChannel)
	}
	if found, ok := b.findCall(ctx, i, c, bot.Place{Channel: place.Channel, Message: thread}); ok {
		return b.called(i, c, found), nil
	}
	return b.postCall(ctx, i, c, bot.Place{Channel: place.Channel, Message: thread})
}

func callKey(c bot.Call) string { return "call/" + c.Key }

func (b *Bot) called(i bot.Incident, c bot.Call, at bot.Place) bot.Place {
	b.roots.put(callKey(c), at)
	b.keepCall(i, called{call: c, at: at})
	return at
}

// postCall posts the call, as a reply to the message of at when it has one.
func (b *Bot) postCall(ctx context.Context, i bot.Incident, c bot.Call, at bot.Place) (bot.Place, error) {
	options := []slack.MsgOption{ours(eventNotice, i.ID, c.Key)}
	if at.Message != "" {
		options = append(options, slack.MsgOptionTS(at.Message), slack.MsgOptionBroadcast())
	}
	m := b.drawing(ctx, i).call(c, b.Link(i), at.Message == "")
	posted := bot.Place{Team: b.self.Load().team, Channel: at.Channel}
	err := b.posts.of(at.Channel).through(ctx, urgent, func(ctx context.Context) error {
		return b.send(ctx, m, func(ctx context.Context, drawn ...slack.MsgOption) error {
			var err error
			_, posted.Message, err = b.api.PostMessageContext(ctx, at.Channel, append(drawn, options...)...)
			return err
		})
	})
	switch {
	case err == nil:
		return b.called(i, c, posted), nil
	case at.Message != "" && lost(err):
		return b.postCall(ctx, i, c, bot.Place{Channel: at.Channel}) // the thread is gone, the people are not
	case unsure(err):
		b.doubts.put(c.Key, struct{}{})
	}
	return bot.Place{}, fmt.Errorf("calling about incident %s: %w", i.ID, err)
}

// findCall looks for a call of which nobody knows whether it arrived.
func (b *Bot) findCall(ctx context.Context, i bot.Incident, c bot.Call, at bot.Place) (bot.Place, bool) {
	if !b.doubtful(c.Key, i) {
		return bot.Place{}, false
	}
	for _, m := range b.recent(ctx, at, i.Opened) {
		if b.isOurs(m, eventNotice, i.ID, c.Key) {
			return bot.Place{Team: b.self.Load().team, Channel: at.Channel, Message: m.Timestamp}, true
		}
	}
	return bot.Place{}, false
}

// recent are the newest messages of a thread, or of a channel. Where they cannot
// be read there are none: a call twice is better than none.
func (b *Bot) recent(ctx context.Context, at bot.Place, since time.Time) []slack.Message {
	if at.Message != "" {
		messages, _, _, err := b.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: at.Channel, Timestamp: at.Message, Limit: 200, IncludeAllMetadata: true,
		})
		if err != nil {
			b.notFound("thread", err)
		}
		return messages
	}
	page, err := b.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: at.Channel, Oldest: strconv.FormatInt(since.Add(-time.Minute).Unix(), 10), Limit: 200, IncludeAllMetadata: true,
	})
	if err != nil {
		b.notFound("channel", err)
		return nil
	}
	return page.Messages
}

// standsAt tells that a click was on a message of the incident.
func standsAt(i bot.Incident, place bot.Place) bool {
	for _, own := range append([]bot.Place{i.Place}, i.Calls...) {
		if own.Message != "" && own.Channel == place.Channel && own.Message == place.Message {
			return true
		}
	}
	return false
}
