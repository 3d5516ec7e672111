package slack

import (
	"fmt"
	"slices"
	"strings"
)

// Press is what a person does to an element of a message or modal.
type Press struct {
	User string `json:"user"`
	// Channel and TS name the message, or ViewID the modal.
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	ViewID  string `json:"view_id"`
	// BlockID may be empty when the action id is enough.
	BlockID  string `json:"block_id"`
	ActionID string `json:"action_id"`
	// Value is the option's value in selects, overflows and radio buttons, the
	// text in inputs; Values are the ticked ones of checkboxes. Buttons have
	// their own.
	Value  string   `json:"value"`
	Values []string `json:"values"`
}

// place judges whether the user is where they claim to be. It wants w.mu held,
// as all below does except what is exported.
func (w *Workspace) place(user, channel string) (User, *Channel, error) {
	u, ok := w.user(user)
	if !ok || u.Deleted || u.Bot || user == slackbot {
		return u, nil, refuse("user_not_found")
	}
	ch, ok := w.channel(channel)
	if !ok || !w.sees(user, ch) {
		return u, nil, refuse("channel_not_found")
	}
	return u, ch, nil
}

// Command types a slash command, as "/pullfix diagnose shop web-1". People of
// other teams have no slash commands in a shared channel.
func (w *Workspace) Command(user, channel, text string) (Delivery, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, ch, err := w.place(user, channel)
	if err != nil {
		return Delivery{}, err
	}
	if !ch.has(user) {
		return Delivery{}, refuse("not_in_channel")
	}
	team, app := w.options.Seed.Team, w.options.Seed.App
	name, rest, _ := strings.Cut(text, " ")
	known := slices.ContainsFunc(app.Commands, func(c Command) bool { return c.Name == name })
	if !known || u.TeamID != team.ID || ch.Archived {
		w.post(Message{
			Channel: channel, User: slackbot, Ephemeral: true, VisibleTo: user,
			Text: name + " is not a valid command. In Slack, all messages that start with the \"/\" character are interpreted as commands.",
		})
		return Delivery{}, refuse("unknown_command")
	}
	r := &response{user: user, channel: channel}
	e := &envelope{Delivery: &Delivery{Kind: kindCommand, User: user, Channel: channel}, response: r}
	e.payload = object{
		"token": "sandbox", "team_id": team.ID, "team_domain": team.Domain, "channel_id": channel,
		"channel_name": commandChannel(ch), "user_id": user, "user_name": u.Name, "command": name, "text": rest,
		"api_app_id": app.ID, "is_enterprise_install": "false", "response_url": w.newResponse("commands", r),
		"trigger_id": w.newTrigger(user, false),
	}
	return *w.dispatch(e), nil
}

func commandChannel(c *Channel) string {
	switch {
	case c.IM:
		return "directmessage"
	case c.Private:
		return "privategroup"
	}
	return c.Name
}

// Say posts a message as a person would.
func (w *Workspace) Say(user, channel, threadTS, text string) (Message, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ch, err := w.place(user, channel)
	switch {
	case err != nil:
		return Message{}, err
	case !ch.has(user):
		return Message{}, refuse("not_in_channel")
	case ch.Archived:
		return Message{}, refuse("is_archived")
	case strings.TrimSpace(text) == "":
		return Message{}, refuse("no_text")
	}
	if _, ok := w.message(channel, threadTS); threadTS != "" && !ok {
		return Message{}, refuse("thread_not_found")
	}
	return w.post(Message{Channel: channel, User: user, Text: text, ThreadTS: threadTS}).as(user), nil
}

// Act clicks a button, chooses from a select or an overflow, ticks boxes.
func (w *Workspace) Act(p Press) (Delivery, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.ViewID != "" {
		return w.actInView(p)
	}
	_, ch, err := w.place(p.User, p.Channel)
	if err != nil {
		return Delivery{}, err
	}
	m, ok := w.anyMessage(p.Channel, p.TS)
	if !ok || !m.visible(p.User) {
		return Delivery{}, refuse("message_not_found")
	}
	block, element, ok := findElement(m.Blocks, p.BlockID, p.ActionID)
	if !ok {
		return Delivery{}, fmt.Errorf("acting on %q: %w", p.ActionID, refuse("no_such_element"))
	}
	if m.selections == nil {
		m.selections = map[string]map[string]map[string]any{}
	}
	if m.selections[p.User] == nil {
		m.selections[p.User] = choices{}
	}
	action, err := w.action(p, block, element, m.selections[p.User])
	if err != nil {
		return Delivery{}, err
	}
	delete(m.failed, p.User)
	e := &envelope{Delivery: &Delivery{Kind: kindAction, User: p.User, Channel: p.Channel}, ts: p.TS}
	e.payload = w.interaction(kindAction, p.User, false)
	container := object{"type": "message", "message_ts": m.TS, "channel_id": ch.ID, "is_ephemeral": m.Ephemeral}
	optional(container, "thread_ts", m.ThreadTS)
	e.payload["container"] = container
	e.payload["channel"] = object{"id": ch.ID, "name": commandChannel(ch)}
	e.payload["state"] = object{"values": stateOf(m.Blocks, m.selections[p.User])}
	e.payload["response_url"] = w.newResponse("actions", &response{user: p.User, channel: p.Channel, ts: m.TS})
	e.payload["actions"] = []object{action}
	if !m.Ephemeral {
		e.payload["message"] = w.wire(m)
	}
	return *w.dispatch(e), nil
}

// interaction is what all interactive payloads share.
func (w *Workspace) interaction(kind, user string, inModal bool) object {
	u, _ := w.user(user)
	team := w.options.Seed.Team
	return object{
		"type": kind, "user": object{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.TeamID},
		"team": object{"id": team.ID, "domain": team.Domain}, "enterprise": nil, "is_enterprise_install": false,
		"api_app_id": w.options.Seed.App.ID, "token": "sandbox", "trigger_id": w.newTrigger(user, inModal),
	}
}

// action is the one entry of actions, and remembers the choice.
func (w *Workspace) action(p Press, block string, e Block, chosen choices) (object, error) {
	out := object{"type": e["type"], "action_id": e["action_id"], "block_id": block, "action_ts": w.nextTS()}
	input := any(p.Value)
	if p.Values != nil {
		input = p.Values
	}
	if e["type"] == "button" {
		out["text"] = e["text"]
		for _, key := range []string{"value", "style", "url"} {
			if v, ok := e[key]; ok {
				out[key] = v
			}
		}
		return out, nil
	}
	v, err := choose(e, input)
	if err != nil {
		return nil, err
	}
	switch e["type"] {
	case "plain_text_input":
		out["value"] = v
	case "checkboxes":
		out["selected_options"] = v
	default:
		out["selected_option"] = v
	}
	if e["type"] != "overflow" { // which keeps no choice
		chosen.set(block, p.ActionID, v)
	}
	if placeholder, ok := e["placeholder"]; ok {
		out["placeholder"] = placeholder
	}
	return out, nil
}
