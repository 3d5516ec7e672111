package slackbot

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/slack-go/slack"
)

// send sends a message by one of Slack's methods, within its limits; what Slack
// does not take as blocks is sent as text.
func (b *Bot) send(ctx context.Context, m message, by func(context.Context, ...slack.MsgOption) error) error {
	if err := checkMessage(m); err != nil {
		b.o.Log.Error("a drawing breaks Slack's limits", "err", err)
		return by(ctx, asText(m)...)
	}
	err := by(ctx, asBlocks(m)...)
	if tooMuch(err) {
		b.o.Log.Error("Slack refuses a drawing", "err", err)
		return by(ctx, asText(m)...)
	}
	return err
}

// asBlocks sends text and blocks; nothing in it becomes a link or an unfurled
// picture that pullfix did not make one.
func asBlocks(m message) []slack.MsgOption {
	return append(asText(m), slack.MsgOptionBlocks(m.blocks...))
}

func asText(m message) []slack.MsgOption {
	text := orWord(string(m.text), "pullfix")
	return []slack.MsgOption{
		slack.MsgOptionText(text, false), slack.MsgOptionParse(false),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
}

var errForeignReply = errors.New("the address to answer at is not Slack's")

// answer answers one person by a response_url: only they see it, and it works
// where the bot is not a member.
func (b *Bot) answer(ctx context.Context, reply string, m message) error {
	if !trustedReply(reply, b.o.APIURL) {
		return errForeignReply
	}
	for {
		err := b.send(ctx, m, func(ctx context.Context, options ...slack.MsgOption) error {
			_, _, _, err := b.api.SendMessageContext(ctx, "", append(options, slack.MsgOptionResponseURL(reply, slack.ResponseTypeEphemeral))...)
			return err
		})
		wait, limited := retryAfter(err)
		if !limited {
			return withoutAddress(err)
		}
		if !sleep(ctx, wait) {
			return fmt.Errorf("answering: %w", ctx.Err())
		}
	}
}

// withoutAddress leaves the address out of an error: whoever has a response_url
// can speak for pullfix.
func withoutAddress(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return fmt.Errorf("answering: %w", err)
}
