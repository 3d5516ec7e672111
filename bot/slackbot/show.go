package slackbot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/pullfix/pullfix/bot"
)

// Show draws the incident's root message, posting it when it has no place yet,
// and returns where it stands. Drawings that wait are replaced by newer ones.
func (b *Bot) Show(ctx context.Context, i bot.Incident) (bot.Place, error) {
	place, err := b.easel.show(ctx, i, b.draw)
	if err != nil {
		return place, fmt.Errorf("drawing incident %s: %w", i.ID, err)
	}
	return place, nil
}

func (b *Bot) draw(ctx context.Context, s *sketch) (bot.Place, error) {
	i := b.easel.look(s)
	place := b.placeOf(i)
	switch {
	case nothingThere(i) && place.Message == "":
		return place, nil
	case nothingThere(i):
		return place, b.takeAway(ctx, s, place)
	case place.Message != "":
		err := b.redraw(ctx, s, place)
		b.redrawCalls(ctx, b.easel.look(s))
		return place, err
	}
	return b.postRoot(ctx, s, orWord(i.Place.Channel, b.o.Channel))
}

// placeOf is where the incident's message stands, also when the record of it is
// still on its way.
func (b *Bot) placeOf(i bot.Incident) bot.Place {
	if i.Place.Message == "" {
		if place, ok := b.roots.get(i.ID); ok {
			place.Reply = i.Place.Reply
			return place
		}
	}
	return i.Place
}

// redraw changes the message that stands, unless it looks like that already.
func (b *Bot) redraw(ctx context.Context, s *sketch, place bot.Place) error {
	now := b.easel.look(s)
	if m := b.drawing(ctx, now).root(); b.looksLike(now.ID, m) {
		return nil
	}
	if now.State == bot.Diagnosing && b.redrawing.Tokens() < spareRedraws {
		return nil // a tick more or less; the verdict needs the room
	}
	if reason, err := b.closedTo(ctx, place.Channel); err != nil {
		return err
	} else if reason != "" {
		b.o.Log.Warn("the incident's message is not redrawn: its channel was closed to pullfix, or shared", "incident", now.ID, "channel", place.Channel)
		return nil
	}
	err := b.updates.of(place.Channel).through(ctx, ordinary, func(ctx context.Context) error {
		if err := b.redrawing.Wait(ctx); err != nil {
			return fmt.Errorf("waiting to redraw: %w", err)
		}
		i := b.easel.take(s)
		m := b.drawing(ctx, i).root()
		err := b.send(ctx, m, func(ctx context.Context, options ...slack.MsgOption) error {
			_, _, _, err := b.api.UpdateMessageContext(ctx, place.Channel, place.Message, options...)
			return err
		})
		if err == nil {
			b.drawn.put(i.ID, digest(m))
		}
		return err
	})
	if lost(err) {
		b.o.Log.Warn("the incident's message is gone", "incident", now.ID, "err", err)
		return nil
	}
	return err
}

// nothingThere tells that somebody asked for what does not exist: they alone are
// told, and nobody else has to read of it.
func nothingThere(i bot.Incident) bool {
	return i.State == bot.Closed && i.Verdict == nil && i.Asked != (bot.Person{}) && i.Ending != nil && i.Ending.By == (bot.Person{}) && i.Trouble == "" && len(i.Escalated) == 0
}

// takeAway deletes the message of a diagnosis that found nothing to look at.
func (b *Bot) takeAway(ctx context.Context, s *sketch, place bot.Place) error {
	err := b.updates.of(place.Channel).through(ctx, ordinary, func(ctx context.Context) error {
		b.easel.take(s)
		_, _, err := b.api.DeleteMessageContext(ctx, place.Channel, place.Message)
		return err
	})
	if lost(err) {
		return nil
	}
	return err
}

func (b *Bot) looksLike(id string, m message) bool {
	was, ok := b.drawn.get(id)
	return ok && was == digest(m)
}

func digest(m message) string {
	raw, err := json.Marshal(m.blocks)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(append(raw, m.text...))
	return hex.EncodeToString(sum[:12])
}

// postRoot posts the message. When it is not known whether an earlier attempt
// arrived, the message is looked for first.
func (b *Bot) postRoot(ctx context.Context, s *sketch, channel string) (bot.Place, error) {
	i := b.easel.look(s)
	if reason, err := b.closedTo(ctx, channel); err != nil {
		return i.Place, err
	} else if reason != "" {
		return b.elsewhere(ctx, s, channel, reason)
	}
	if place, ok := b.findRoot(ctx, i, channel); ok {
		return b.posted(i, place), nil
	}
	place := bot.Place{Team: orWord(i.Place.Team, b.self.Load().team), Channel: channel, Reply: i.Place.Reply}
	err := b.posts.of(channel).through(ctx, rankOf(len(i.Escalated) > 0), func(ctx context.Context) error {
		i := b.easel.take(s)
		m := b.drawing(ctx, i).root()
		err := b.send(ctx, m, func(ctx context.Context, options ...slack.MsgOption) error {
			_, ts, err := b.api.PostMessageContext(ctx, channel, append(options, ours(eventIncident, i.ID, ""))...)
			place.Message = ts
			return err
		})
		if err == nil {
			b.drawn.put(i.ID, digest(m))
		}
		return err
	})
	switch {
	case err == nil:
		b.doubts.forget("root/" + i.ID)
		return b.posted(i, place), nil
	case outside(err):
		return b.elsewhere(ctx, s, channel, notHere)
	case unsure(err):
		b.doubts.put("root/"+i.ID, struct{}{})
	}
	return i.Place, err
}

func (b *Bot) posted(i bot.Incident, place bot.Place) bot.Place {
	b.roots.put(i.ID, place)
	return place
}

// Why the bot says nothing in a channel.
const (
	notHere = "I am not a member of this channel, so I can only answer you, and nobody can press buttons. To have it in the channel: /invite @pullfix, then ask again."
	foreign = "This channel is shared with another organisation, so pullfix posts nothing here. Ask in a channel of your own."
)

var errNoChannel = errors.New("there is no channel to post the incident in; invite the bot, or configure slack.channel")

// elsewhere draws an incident that cannot be posted where it was asked: for the
// asker alone, or, when that is no longer possible, in the channel of incidents.
func (b *Bot) elsewhere(ctx context.Context, s *sketch, channel, reason string) (bot.Place, error) {
	i := b.easel.take(s)
	if i.Place.Reply != "" {
		if err := b.answerAlone(ctx, i, reason); !spent(err) {
			return i.Place, err
		}
	}
	if b.o.Channel != "" && b.o.Channel != channel {
		return b.postRoot(ctx, s, b.o.Channel)
	}
	return i.Place, errNoChannel
}

// answerAlone draws the incident for the asker, once for each state that
// matters: a response_url can be used five times.
func (b *Bot) answerAlone(ctx context.Context, i bot.Incident, reason string) error {
	stage := "running"
	switch {
	case i.State.Over():
		stage = "over"
	case i.State != bot.Diagnosing:
		stage = "open"
	}
	key := i.ID + "/" + stage
	if !b.answered.first(key, struct{}{}) {
		return nil
	}
	m := sentence(quote(reason, roomSentence))
	if reason == notHere {
		m = withoutButtons(b.drawing(ctx, i).root())
		m.small(quote(reason, roomSentence))
	} else if stage != "running" {
		return nil
	}
	if err := b.answer(ctx, i.Place.Reply, m); err != nil {
		b.answered.forget(key)
		return err
	}
	return nil
}

func withoutButtons(m message) message {
	kept := m
	kept.blocks = nil
	for _, block := range m.blocks {
		if block.BlockType() != slack.MBTAction {
			kept.add(block)
		}
	}
	return kept
}

// drawing gathers what the incident's message needs besides.
func (b *Bot) drawing(ctx context.Context, i bot.Incident) drawing {
	d := drawing{incident: i}
	if b.o.Routes != nil {
		d.route = b.o.Routes.Route(i)
	}
	if i.Ending == nil {
		return d
	}
	if other, ok := strings.CutPrefix(i.Ending.Resolution, joins); ok && b.links.Load().incidents != nil {
		if o, err := b.links.Load().incidents.Find(ctx, other); err == nil {
			d.joined = b.link(b.placeOf(o))
		}
	}
	return d
}
