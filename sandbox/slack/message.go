package slack

import (
	"cmp"
	"slices"
)

// message is a stored message, with what each viewer did to it.
type message struct {
	Message
	// selections are the chosen option objects by user, block and action.
	selections map[string]map[string]map[string]any
	failed     map[string]string
}

// All methods in this file want w.mu held.

// post stores the message, filling in what everybody gets.
func (w *Workspace) post(m Message) *message {
	m.TS = w.nextTS()
	stored := &message{Message: m}
	w.messages[m.Channel] = append(w.messages[m.Channel], stored)
	if parent, ok := w.message(m.Channel, m.ThreadTS); ok && !m.Ephemeral {
		parent.ReplyCount++
		parent.LastReply = m.TS
		if parent.ThreadTS == "" {
			parent.ThreadTS = parent.TS
		}
	}
	w.changed(Change{Kind: "message", Channel: m.Channel, TS: m.TS, User: m.VisibleTo})
	return stored
}

// botMessage is the empty message of the app's own bot.
func (w *Workspace) botMessage(channel string) Message {
	app := w.options.Seed.App
	return Message{Channel: channel, User: app.BotUser, BotID: app.BotID, AppID: app.ID}
}

// remove deletes a message; a tombstone stays when it has replies.
func (w *Workspace) remove(m *message) {
	if m.ReplyCount > 0 {
		m.Message = Message{
			Channel: m.Channel, TS: m.TS, ThreadTS: m.ThreadTS, User: slackbot, Text: "This message was deleted.",
			Tombstone: true, ReplyCount: m.ReplyCount, LastReply: m.LastReply, Revision: m.Revision + 1,
		}
	} else {
		w.messages[m.Channel] = slices.DeleteFunc(w.messages[m.Channel], func(o *message) bool { return o == m })
	}
	if parent, ok := w.message(m.Channel, m.ThreadTS); ok && parent != m && !m.Ephemeral {
		parent.ReplyCount--
	}
	w.changed(Change{Kind: "message_deleted", Channel: m.Channel, TS: m.TS, User: m.VisibleTo})
}

// as is the message in the eyes of the viewer; an empty viewer is somebody
// who sees everything that is not ephemeral, and has chosen nothing.
func (m *message) as(viewer string) Message {
	seen := m.Message
	seen.Failure = m.failed[viewer]
	for block, actions := range m.selections[viewer] {
		for action, chosen := range actions {
			if seen.Selected == nil {
				seen.Selected = map[string]map[string]any{}
			}
			if seen.Selected[block] == nil {
				seen.Selected[block] = map[string]any{}
			}
			seen.Selected[block][action] = inputOf(chosen)
		}
	}
	return seen
}

// visible reports whether the viewer sees the message, given that they see
// the channel.
func (m *message) visible(viewer string) bool { return !m.Ephemeral || m.VisibleTo == viewer }

// listed is the channel's messages that the viewer sees, oldest first, of
// those that keep wants.
func (w *Workspace) listed(channel, viewer string, keep func(*message) bool) []Message {
	var out []Message
	for _, m := range w.messages[channel] {
		if m.visible(viewer) && keep(m) {
			out = append(out, m.as(viewer))
		}
	}
	slices.SortFunc(out, func(a, b Message) int { return cmp.Compare(a.TS, b.TS) })
	return out
}

func inChannel(m *message) bool { return m.root() || m.Broadcast }

func inThread(ts string) func(*message) bool {
	return func(m *message) bool { return m.TS == ts || m.ThreadTS == ts }
}

// wire is the message as the Web API and the payloads show it.
func (w *Workspace) wire(m *message) object {
	out := object{"type": "message", "ts": m.TS, "user": m.User, "text": m.Text, "team": w.options.Seed.Team.ID}
	optional(out, "bot_id", m.BotID)
	optional(out, "app_id", m.AppID)
	optional(out, "thread_ts", m.ThreadTS)
	optional(out, "latest_reply", m.LastReply)
	if m.Blocks != nil {
		out["blocks"] = m.Blocks
	}
	if m.ReplyCount > 0 {
		out["reply_count"] = m.ReplyCount
	}
	if m.EditedTS != "" {
		out["edited"] = object{"user": m.User, "ts": m.EditedTS}
	}
	if m.Broadcast {
		out["subtype"] = "thread_broadcast"
	}
	if m.Tombstone {
		out["subtype"] = "tombstone"
	}
	if m.Files != nil {
		out["files"] = wireFiles(m.Files, w.base)
	}
	if !m.root() {
		out["parent_user_id"] = w.author(m.Channel, m.ThreadTS)
	}
	return out
}

func (w *Workspace) author(channel, ts string) string {
	if m, ok := w.message(channel, ts); ok {
		return m.User
	}
	return ""
}

func optional(o object, key, value string) {
	if value != "" {
		o[key] = value
	}
}

// findElement finds the interactive element by its action id; an empty block
// id is any block.
func findElement(blocks []Block, blockID, actionID string) (string, Block, bool) {
	for _, b := range blocks {
		id, _ := b["block_id"].(string)
		if blockID != "" && id != blockID {
			continue
		}
		for _, e := range elementsOf(b) {
			if e["action_id"] == actionID {
				return id, e, true
			}
		}
	}
	return "", nil, false
}

// elementsOf lists a block's elements, wherever its type keeps them.
func elementsOf(b Block) []Block {
	var out []Block
	for _, key := range []string{"accessory", "element"} {
		if e, ok := b[key].(map[string]any); ok {
			out = append(out, e)
		}
	}
	if b["type"] == "actions" {
		list, _ := b["elements"].([]any)
		for _, e := range list {
			if e, ok := e.(map[string]any); ok {
				out = append(out, e)
			}
		}
	}
	return out
}
