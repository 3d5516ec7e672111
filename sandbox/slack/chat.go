package slack

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxText       = 40000 // chat.postMessage cuts what is longer
	maxUpdateText = 4000  // chat.update refuses what is longer
	maxMetadata   = 16 << 10
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

// draft is what is common to messages: text, blocks and metadata, and which
// of them the caller sent at all.
type draft struct {
	text       string
	blocks     []Block
	metadata   map[string]any
	givenText  bool
	givenBlock bool
	givenMeta  bool
}

func readDraft(c *call) (draft, error) {
	d := draft{text: c.str("text"), givenText: c.has("text"), givenBlock: c.has("blocks"), givenMeta: c.has("metadata")}
	if c.has("markdown_text") && (d.givenText || d.givenBlock) {
		return d, refuse("markdown_text_conflict")
	}
	if c.has("attachments") {
		if list, err := c.structure("attachments"); err != nil || !emptyList(list) {
			return d, refuse("invalid_attachments") // nothing here draws them
		}
	}
	blocks, err := c.structure("blocks")
	if err != nil {
		return d, refuse("invalid_blocks_format")
	}
	if d.blocks, err = readBlocks(blocks); err != nil {
		return d, err
	}
	metadata, err := c.structure("metadata")
	if err != nil {
		return d, refuse("invalid_metadata_format")
	}
	d.metadata, err = readMetadata(metadata)
	return d, err
}

func emptyList(v any) bool {
	list, ok := v.([]any)
	return v == nil || ok && len(list) == 0
}

// readBlocks validates a message's blocks and gives each a block_id.
func readBlocks(v any) ([]Block, error) {
	if v == nil {
		return nil, nil
	}
	if problems := validateBlocks(v); len(problems) > 0 {
		return nil, invalidBlocks(problems)
	}
	list, _ := v.([]any)
	blocks := make([]Block, 0, len(list))
	for _, b := range list {
		block, _ := b.(map[string]any)
		blocks = append(blocks, named(block))
	}
	return blocks, nil
}

// named is the block with a block_id, and its elements with action ids.
func named(b Block) Block {
	if id, _ := b["block_id"].(string); id == "" {
		b["block_id"] = shortID()
	}
	for _, e := range elementsOf(b) {
		if id, _ := e["action_id"].(string); id == "" && e["type"] != "image" {
			e["action_id"] = shortID()
		}
	}
	return b
}

func shortID() string { return strings.ReplaceAll(unguessable(), "-", "")[:5] }

func invalidBlocks(problems []Problem) *Refusal {
	var errors, messages []string
	for _, p := range problems {
		errors = append(errors, p.String())
		messages = append(messages, "[ERROR] "+p.String())
	}
	return &Refusal{Code: "invalid_blocks", More: object{"errors": errors, "response_metadata": object{"messages": messages}}}
}

// readMetadata takes {event_type, event_payload}; {} is no metadata.
func readMetadata(v any) (map[string]any, error) {
	if v == nil {
		return nil, nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, refuse("invalid_metadata_format")
	}
	if len(m) == 0 {
		return nil, nil
	}
	kind, _ := m["event_type"].(string)
	payload, ok := m["event_payload"].(map[string]any)
	switch {
	case kind == "" || !ok || payload == nil:
		return nil, refuse("invalid_metadata_schema")
	case len(encode(m)) > maxMetadata:
		return nil, refuse("metadata_too_large")
	}
	return object{"event_type": kind, "event_payload": payload}, nil
}

func postMessage(w *Workspace, c *call) (object, error) {
	ch, err := w.target(c, true)
	if err != nil {
		return nil, err
	}
	d, err := readDraft(c)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(d.text) == "" && len(d.blocks) == 0 {
		return nil, refuse("no_text")
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
	w.redraw(m, d)
	m.Broadcast = m.Broadcast || !m.root() && c.flag("reply_broadcast")
	return object{"channel": ch.ID, "ts": m.TS, "text": m.Text, "message": w.wire(m)}, nil
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
	d, err := readDraft(c)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(d.text) == "" && len(d.blocks) == 0 {
		return nil, refuse("no_text")
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
