package slackbot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slack-go/slack"
)

// room is what is known about a channel.
type room struct {
	shared bool // with another organisation, or about to be
	hidden bool // the bot may not even look at it
}

// closedTo says why the bot posts nothing in the channel, "" when it may. When
// that cannot be found out it is an error: nothing is posted on a guess.
func (b *Bot) closedTo(ctx context.Context, channel string) (string, error) {
	if channel == "" {
		return "", errNoChannel
	}
	r, err := b.room(ctx, channel)
	switch {
	case err != nil:
		return "", err
	case r.shared:
		return foreign, nil
	case r.hidden:
		return notHere, nil
	}
	return "", nil
}

func (b *Bot) room(ctx context.Context, channel string) (room, error) {
	if r, ok := b.rooms.get(channel); ok && !r.hidden {
		return r, nil
	}
	asked := time.Now()
	var found room
	err := patiently(ctx, func() error {
		c, err := b.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: channel})
		if err == nil {
			found = room{shared: c.IsExtShared || c.IsPendingExtShared || c.IsGlobalShared}
		}
		return err
	})
	if codeOf(err) == "channel_not_found" {
		found, err = room{hidden: true}, nil
	}
	if err != nil {
		return room{}, fmt.Errorf("finding out who sees channel %s: %w", channel, err)
	}
	b.rooms.putAt(channel, found, asked)
	return found, nil
}

// knownForeign tells, without asking anybody, that a channel is shared with
// another organisation.
func (b *Bot) knownForeign(channel string) bool {
	r, ok := b.rooms.get(channel)
	return ok && r.shared
}

// mostPatience bounds how often a read is repeated that Slack limits.
const mostPatience = 5

// patiently makes a read again after as long as Slack asked to wait.
func patiently(ctx context.Context, read func() error) error {
	for try := 1; ; try++ {
		err := read()
		wait, limited := retryAfter(err)
		if !limited || try == mostPatience {
			return err
		}
		if !sleep(ctx, wait) {
			return errors.Join(err, ctx.Err())
		}
	}
}
