package slackbot

import (
	"context"
	"fmt"
	"slices"

	"github.com/slack-go/slack"

	"github.com/pullfix/pullfix/bot"
)

// called is a message with which people were called: it is redrawn when
// somebody takes the incident, so that nobody else gets up for it.
type called struct {
	call bot.Call
	at   bot.Place
	look string // what it looks like; "" when it is as it was posted
}

// mostCalls bounds the calls of an incident that are redrawn: the newest.
const mostCalls = 5

func (b *Bot) keepCall(i bot.Incident, c called) {
	if !c.call.Buttons {
		return
	}
	b.calls.change(i.ID, func(kept []called) []called {
		return append(slices.Clone(kept[max(0, len(kept)+1-mostCalls):]), c)
	})
}

// redrawCalls says under the calls what became of them. What cannot be redrawn
// stands in the thread anyway.
func (b *Bot) redrawCalls(ctx context.Context, i bot.Incident) {
	kept, _ := b.calls.get(i.ID)
	for _, c := range kept {
		status := callStatus(i)
		if string(status) == c.look {
			continue
		}
		if err := b.redrawCall(ctx, i, c); err != nil {
			b.o.Log.Warn("redrawing a call", "incident", i.ID, "err", err)
			continue
		}
		b.calls.change(i.ID, func(now []called) []called {
			now = slices.Clone(now)
			if n := slices.IndexFunc(now, func(o called) bool { return o.at == c.at }); n >= 0 {
				now[n].look = string(status)
			}
			return now
		})
	}
}

func (b *Bot) redrawCall(ctx context.Context, i bot.Incident, c called) error {
	if reason, err := b.closedTo(ctx, c.at.Channel); err != nil || reason != "" {
		return err
	}
	root := b.placeOf(i)
	m := b.drawing(ctx, i).call(c.call, b.Link(i), c.at.Channel != root.Channel)
	return b.updates.of(c.at.Channel).through(ctx, ordinary, func(ctx context.Context) error {
		if err := b.redrawing.Wait(ctx); err != nil {
			return fmt.Errorf("waiting to redraw: %w", err)
		}
		return b.send(ctx, m, func(ctx context.Context, options ...slack.MsgOption) error {
			_, _, _, err := b.api.UpdateMessageContext(ctx, c.at.Channel, c.at.Message, options...)
			return err
		})
	})
}

// call draws a call: the sentence with the mention first, since that is what a
// phone shows.
func (d drawing) call(c bot.Call, link string, elsewhere bool) message {
	known := func(id string) bool { return id == c.Mention || d.known(id) }
	text := said(c.Text, roomSentence, known)
	if group := mentionGroup(c.Mention); group != "" {
		text = group + " " + text
	}
	m := sentence(text)
	for _, line := range c.Details[:min(len(c.Details), mostProof+5)] {
		m.section(said(line, roomText, known))
	}
	if elsewhere && link != "" {
		m.small("<" + markup(link) + "|The incident's thread> · incident " + code(d.incident.ID, 80))
	}
	if c.Buttons {
		m.section(callStatus(d.incident))
		m.actions(actionsBlock, callButtons(d.incident))
	}
	return m
}

// callStatus says what became of a call; "" while nobody has taken it.
func callStatus(i bot.Incident) markup {
	switch {
	case i.State.Over() && i.Ending != nil:
		return "○ *Over* " + clock(i.Ending.At, i.Opened) + ". Nothing is to be done any more."
	case i.Acknowledged != nil:
		return "✓ *Taken by* " + mention(*i.Acknowledged)
	case i.Snoozed != nil:
		return "*Snoozed* until " + clock(i.Snoozed.Until, i.Opened) + " by " + mention(i.Snoozed.By) + ": " + quote(i.Snoozed.Reason, roomName)
	}
	return ""
}

// callButtons are those that a person who was called needs; what is done is no
// longer there.
func callButtons(i bot.Incident) []slack.BlockElement {
	id := func(b bot.Button) pressed { return pressed{button: b, incident: i.ID} }
	var list []slack.BlockElement
	switch {
	case i.State.Over():
		return nil
	case i.Acknowledged == nil:
		list = append(list, button(id(bot.Acknowledge), "Acknowledge").WithStyle(slack.StylePrimary), button(id(bot.Snooze), "Snooze 10 min"))
	}
	return append(list, button(id(bot.CloseIt), "Close"))
}
