package slack

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxText       = 40000 // chat.postMessage cuts what is longer
	maxUpdateText = 4000  // chat.update refuses what is longer
)

// target is the conversation that a message is for. A user id means the
// direct conversation with that user.
func (w *Workspace) target(c *call, post bool) (*Channel, error) {
	id := c.str("channel")
	if u, ok := w.user(id); ok && post {
		if u.Deleted || u.Bot {
			return nil, refuse("channel_not_found")
		}
		return w.im(u.ID), nil
	}
	ch, ok := w.channel(id)
	app := w.options.Seed.App
	switch {
	case !ok, !ch.has(app.BotUser) && (ch.Private || ch.IM):
		return nil, refuse("channel_not_found")
	case ch.Archived && post:
		return nil, refuse("is_archived")
	case !ch.has(app.BotUser) && post && !slices.Contains(app.Scopes, "chat:write.public"):
		return nil, refuse("not_in_channel")
	}
	return ch, nil
}

func postMessage(w *Workspace, c *call) (object, error) {
	ch, err := w.target(c, true)
	if err != nil {
		return nil, err
	}
	d, err := readShown(c)
	if err != nil {
		return nil, err
	}
	m := w.botMessage(ch.ID)
	m.Text, m.Blocks, m.Metadata = cut(d.text), d.blocks, d.metadata
	m.ThreadTS, m.Broadcast = c.str("thread_ts"), c.flag("reply_broadcast")
	if m.ThreadTS == "" {
		m.Broadcast = false
	} else if _, ok := w.message(ch.ID, m.ThreadTS); !ok {
		return nil, refuse("thread_not_found")
	}
	stored := w.post(m)
	return object{"channel": ch.ID, "ts": stored.TS, "message": w.wire(stored)}, nil
}

// cut shortens a text as chat.postMessage does.
func cut(text string) string {
	if utf8.RuneCountInString(text) <= maxText {
		return text
	}
	return string([]rune(text)[:maxText])
}

func updateMessage(w *Workspace, c *call) (object, error) {
	m, ch, err := w.ownMessage(c, "cant_update_message")
	if err != nil {
		return nil, err
	}
	if ch.Archived {
		return nil, refuse("is_inactive")
	}
	d, err := readDraft(c)
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(d.text) > maxUpdateText {
		return nil, refuse("msg_too_long")
	}
	text, blocks := m.after(d)
	if strings.TrimSpace(text) == "" && len(blocks) == 0 || !d.givenText && !d.givenBlock && !d.givenMeta {
		return nil, refuse("no_text")
	}
	if err := m.broadcast(c, d); err != nil {
		return nil, err
	}
	w.redraw(m, d)
	shown := w.wire(m)
	delete(shown, "ts") // which stands beside the message here, not in it
	return object{"channel": ch.ID, "ts": m.TS, "text": m.Text, "message": shown}, nil
}

// broadcast shows a reply in the channel too, which cannot be done together
// with a change.
func (m *message) broadcast(c *call, d draft) error {
	switch {
	case !c.flag("reply_broadcast") || m.Broadcast:
		return nil
	case m.root():
		return refuse("cant_broadcast_message")
	case d.givenText && d.text != m.Text || d.givenBlock:
		return refuse("no_dual_broadcast_content_update")
	}
	m.Broadcast = true
	return nil
}

// after is what the message shows once the draft is applied: text without
// blocks removes the blocks, neither keeps both.
func (m *message) after(d draft) (string, []Block) {
	switch {
	case d.givenText:
		return d.text, d.blocks
	case d.givenBlock:
		return m.Text, d.blocks
	}
	return m.Text, m.Blocks
}

// redraw changes a message; metadata stays unless it is given.
func (w *Workspace) redraw(m *message, d draft) {
	m.Text, m.Blocks = m.after(d)
	if len(m.Blocks) == 0 {
		m.Blocks, m.EditedTS = nil, w.nextTS()
	}
	if d.givenMeta {
		m.Metadata = d.metadata
	}
	m.Revision++
	m.failed = nil
	w.changed(Change{Kind: "message_changed", Channel: m.Channel, TS: m.TS, User: m.VisibleTo})
}

// ownMessage finds a lasting message of the bot's own.
func (w *Workspace) ownMessage(c *call, foreign string) (*message, *Channel, error) {
	ch, err := w.target(c, false)
	if err != nil {
		return nil, nil, err
	}
	m, ok := w.message(ch.ID, c.str("ts"))
	switch {
	case !ok || m.Tombstone:
		return nil, nil, refuse("message_not_found")
	case m.User != w.options.Seed.App.BotUser:
		return nil, nil, refuse(foreign)
	}
	return m, ch, nil
}

func deleteMessage(w *Workspace, c *call) (object, error) {
	m, ch, err := w.ownMessage(c, "cant_delete_message")
	if err != nil {
		return nil, err
	}
	ts := m.TS
	w.remove(m)
	return object{"channel": ch.ID, "ts": ts}, nil
}

func postEphemeral(w *Workspace, c *call) (object, error) {
	ch, err := w.target(c, true)
	if err != nil {
		return nil, err
	}
	user, ok := w.user(c.str("user"))
	if !ok || user.Deleted || !ch.has(user.ID) {
		return nil, refuse("user_not_in_channel")
	}
	d, err := readShown(c)
	if err != nil {
		return nil, err
	}
	m := w.botMessage(ch.ID)
	m.Text, m.Blocks, m.ThreadTS = cut(d.text), d.blocks, c.str("thread_ts")
	m.Ephemeral, m.VisibleTo = true, user.ID
	return object{"message_ts": w.post(m).TS}, nil
}

func permalink(w *Workspace, c *call) (object, error) {
	ch, err := w.target(c, false)
	if err != nil {
		return nil, err
	}
	m, ok := w.message(ch.ID, c.str("message_ts"))
	if !ok {
		return nil, refuse("message_not_found")
	}
	link := "https://" + w.options.Seed.Team.Domain + ".slack.com/archives/" + ch.ID + "/p" + strings.Replace(m.TS, ".", "", 1)
	if !m.root() {
		link += "?thread_ts=" + m.ThreadTS + "&cid=" + ch.ID
	}
	return object{"channel": ch.ID, "permalink": link}, nil
}
