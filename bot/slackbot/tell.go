package slackbot

import (
	"context"
	"fmt"

	"github.com/slack-go/slack"

	"github.com/pullfix/pullfix/bot"
)

// Tell says something in the incident's thread; what needs people is broadcast
// to the channel, and goes first. Saying the same notice again says nothing.
func (b *Bot) Tell(ctx context.Context, i bot.Incident, n bot.Notice) error {
	place := b.placeOf(i)
	if place.Message == "" {
		return b.tellElsewhere(ctx, i, n)
	}
	if err := b.tell(ctx, i, n, place); err != nil {
		return fmt.Errorf("telling about incident %s: %w", i.ID, err)
	}
	return nil
}

func (b *Bot) tell(ctx context.Context, i bot.Incident, n bot.Notice, place bot.Place) error {
	d := b.drawing(ctx, i)
	if n.Report {
		return b.upload(ctx, i, n.Key, place)
	}
	messages := []message{{text: said(n.Text, mostUpdateText-200, d.known)}}
	if n.Timeline && !i.State.Over() {
		return nil // it goes on, and there will be another end
	}
	if n.Timeline {
		messages = []message{d.wholeTimeline()}
	}
	if n.Details {
		// The verdict stands in the channel before its evidence does in the thread.
		if _, err := b.Show(ctx, i); err != nil {
			return err
		}
		messages = d.details()
	}
	for part, m := range messages {
		r := reply{incident: i, key: fmt.Sprintf("%s/%d", n.Key, part), place: place, broadcast: n.Broadcast && part == 0, evidence: n.Details}
		if err := b.reply(ctx, r, m); err != nil {
			return err
		}
	}
	return nil
}

// reply is a message in the thread of an incident.
type reply struct {
	incident  bot.Incident
	key       string // against saying it twice
	place     bot.Place
	broadcast bool
	evidence  bool // can wait
}

func (r reply) rank() rank {
	if r.evidence {
		return patient
	}
	return rankOf(r.broadcast)
}

func rankOf(needsPeople bool) rank {
	if needsPeople {
		return urgent
	}
	return ordinary
}

func (b *Bot) reply(ctx context.Context, r reply, m message) error {
	if _, done := b.told.get(r.key); done {
		return nil
	}
	if b.findReply(ctx, r) {
		b.told.put(r.key, struct{}{})
		return nil
	}
	if reason, err := b.closedTo(ctx, r.place.Channel); err != nil || reason != "" {
		return err
	}
	options := []slack.MsgOption{slack.MsgOptionTS(r.place.Message), ours(eventNotice, r.incident.ID, r.key)}
	if r.broadcast {
		options = append(options, slack.MsgOptionBroadcast())
	}
	err := b.posts.of(r.place.Channel).through(ctx, r.rank(), func(ctx context.Context) error {
		return b.send(ctx, m, func(ctx context.Context, drawn ...slack.MsgOption) error {
			_, _, err := b.api.PostMessageContext(ctx, r.place.Channel, append(drawn, options...)...)
			return err
		})
	})
	switch {
	case err == nil:
		b.told.put(r.key, struct{}{})
	case lost(err):
		b.o.Log.Warn("the incident's thread is gone", "incident", r.incident.ID, "err", err)
		return nil
	case unsure(err):
		b.doubts.put(r.key, struct{}{})
	}
	return err
}

// tellElsewhere is for an incident without a message: what needs people goes to
// the channel of incidents; the rest was drawn for the asker alone.
func (b *Bot) tellElsewhere(ctx context.Context, i bot.Incident, n bot.Notice) error {
	if !n.Broadcast {
		return nil
	}
	if _, done := b.told.get(n.Key); done {
		return nil
	}
	if b.o.Channel == "" || b.o.Channel == i.Place.Channel {
		return errNoChannel
	}
	if reason, err := b.closedTo(ctx, b.o.Channel); err != nil {
		return err
	} else if reason != "" {
		return errNoChannel
	}
	d := b.drawing(ctx, i)
	m := sentence(code(subject(i), roomName) + ": " + said(n.Text, roomText-roomName-10, d.known))
	err := b.posts.of(b.o.Channel).through(ctx, urgent, func(ctx context.Context) error {
		return b.send(ctx, m, func(ctx context.Context, drawn ...slack.MsgOption) error {
			_, _, err := b.api.PostMessageContext(ctx, b.o.Channel, append(drawn, ours(eventNotice, i.ID, n.Key))...)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("telling about incident %s: %w", i.ID, err)
	}
	b.told.put(n.Key, struct{}{})
	return nil
}

// Whisper answers one person where they clicked or asked. An answer that cannot
// be given for good is only logged: there is nobody else to give it to.
func (b *Bot) Whisper(ctx context.Context, w bot.Whisper) error {
	m := sentence(said(w.Text, roomText, anybody))
	if w.Place.Reply != "" {
		err := b.answer(ctx, w.Place.Reply, m)
		if err == nil {
			return nil
		}
		b.o.Log.Warn("answering by the response address", "err", err)
	}
	channel := orWord(w.Place.Channel, b.o.Channel)
	err := b.whispers.of(channel).through(ctx, urgent, func(ctx context.Context) error {
		return b.send(ctx, m, func(ctx context.Context, drawn ...slack.MsgOption) error {
			_, err := b.api.PostEphemeralContext(ctx, channel, w.To.ID, drawn...)
			return err
		})
	})
	if err != nil && !unsure(err) && !canceled(err) {
		b.o.Log.Warn("nobody to whisper to", "person", w.To.ID, "channel", channel, "err", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("whispering: %w", err)
	}
	return nil
}

// upload puts the report as a file into the thread; where the app may not send
// files, the beginning stands there as text.
func (b *Bot) upload(ctx context.Context, i bot.Incident, key string, place bot.Place) error {
	if _, done := b.told.get(key); done {
		return nil
	}
	if reason, err := b.closedTo(ctx, place.Channel); err != nil || reason != "" {
		return err
	}
	text := b.o.Report(i)
	err := b.posts.of(place.Channel).through(ctx, ordinary, func(ctx context.Context) error {
		_, err := b.api.UploadFileContext(ctx, slack.UploadFileParameters{
			Content: text, FileSize: len(text), Filename: "incident-" + i.ID + ".md", Title: "Incident " + plain(i.ID, 80),
			Channel: place.Channel, ThreadTimestamp: place.Message, SnippetType: "markdown",
		})
		return err
	})
	if err == nil {
		b.told.put(key, struct{}{})
		return nil
	}
	if unsure(err) {
		return err
	}
	b.o.Log.Warn("sending the report as a file", "incident", i.ID, "err", err)
	return b.reply(ctx, reply{incident: i, key: key, place: place}, reportText(text))
}
