package slackbot

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/pullfix/pullfix/bot"
)

// What pullfix's messages are marked with, so that it finds its own: ids only,
// since every app of the workspace may read them.
const (
	eventIncident = "pullfix_incident"
	eventNotice   = "pullfix_notice"
	markIncident  = "incident"
	markKey       = "key"
)

func ours(event, incident, key string) slack.MsgOption {
	payload := map[string]any{markIncident: incident}
	if key != "" {
		payload[markKey] = key
	}
	return slack.MsgOptionMetadata(slack.SlackMetadata{EventType: event, EventPayload: payload})
}

// doubtful tells that something may have been posted already: an answer of
// Slack was lost, or it was pullfix before its restart.
func (b *Bot) doubtful(key string, i bot.Incident) bool {
	_, lost := b.doubts.get(key)
	return lost || i.Opened.Before(b.started)
}

// findRoot looks for the incident's root message before it is posted blindly.
func (b *Bot) findRoot(ctx context.Context, i bot.Incident, channel string) (bot.Place, bool) {
	if !b.doubtful("root/"+i.ID, i) {
		return bot.Place{}, false
	}
	oldest := strconv.FormatInt(i.Opened.Add(-time.Minute).Unix(), 10)
	cursor := ""
	for range mostPages {
		page, err := b.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
			ChannelID: channel, Oldest: oldest, Limit: 200, Cursor: cursor, IncludeAllMetadata: true,
		})
		if err != nil {
			b.notFound("channel", err)
			return bot.Place{}, false
		}
		for _, m := range page.Messages {
			if b.isOurs(m, eventIncident, i.ID, "") {
				return bot.Place{Team: i.Place.Team, Channel: channel, Message: m.Timestamp, Reply: i.Place.Reply}, true
			}
		}
		if cursor = page.ResponseMetaData.NextCursor; cursor == "" {
			break
		}
	}
	return bot.Place{}, false
}

// mostPages bounds a search; what was lost was said a moment ago.
const mostPages = 5

// findReply looks for a notice in the incident's thread.
func (b *Bot) findReply(ctx context.Context, r reply) bool {
	if !b.doubtful(r.key, r.incident) {
		return false
	}
	cursor := ""
	for range mostPages {
		messages, _, next, err := b.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: r.place.Channel, Timestamp: r.place.Message, Limit: 200, Cursor: cursor, IncludeAllMetadata: true,
		})
		if err != nil {
			b.notFound("thread", err)
			return false
		}
		for _, m := range messages {
			if b.isOurs(m, eventNotice, r.incident.ID, r.key) {
				return true
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return false
}

// isOurs checks who wrote it, too: any app can copy the marks.
func (b *Bot) isOurs(m slack.Message, event, incident, key string) bool {
	self := b.self.Load()
	if self.bot == "" || m.BotID != self.bot || m.Metadata.EventType != event {
		return false
	}
	payload := m.Metadata.EventPayload
	return fmt.Sprint(payload[markIncident]) == incident && (key == "" || fmt.Sprint(payload[markKey]) == key)
}

// notFound: without the right to read, something may be said twice; that is
// better than not at all.
func (b *Bot) notFound(where string, err error) {
	b.o.Log.Warn("looking for an earlier message; it may be posted twice", "where", where, "err", err)
}

// reportText is a report where files cannot be sent.
func reportText(text string) message {
	return sentence("The report (the app may not send files, so it is cut):\n" + fence(strings.Split(text, "\n"), roomText-100))
}
