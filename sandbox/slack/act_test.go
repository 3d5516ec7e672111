package slack_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/sandbox/slack"
)

const buttons = `[{'type':'actions','block_id':'act','elements':[
	{'type':'button','action_id':'approve','style':'primary','value':'i-1 rollback','text':{'type':'plain_text','text':'Approve','emoji':true}},
	{'type':'static_select','action_id':'pick','placeholder':{'type':'plain_text','text':'Pick'},'options':[
		{'text':{'type':'plain_text','text':'One'},'value':'1'},{'text':{'type':'plain_text','text':'Two'},'value':'2'}]},
	{'type':'overflow','action_id':'more','options':[{'text':{'type':'plain_text','text':'Close'},'value':'close'}]}]}]`

// posted posts blocks, in a thread or not.
func (o *office) posted(thread, blocks string) string {
	o.t.Helper()
	a := o.call("chat.postMessage", map[string]any{"channel": slack.Ops, "text": "t", "thread_ts": thread, "blocks": object(o.t, blocks)})
	if a.code() != "ok" {
		o.t.Fatal(a)
	}
	return a.text("ts")
}

func (o *office) act(p slack.Press) slack.Delivery {
	o.t.Helper()
	d, err := o.Act(p)
	if err != nil {
		o.t.Fatal(err)
	}
	return d
}

func TestCommandPayload(t *testing.T) {
	o := newOffice(t, slack.Options{})
	a, _ := o.connect()
	o.command("/pullfix diagnose shop web-1")
	f := a.next()
	payload, _ := f["payload"].(map[string]any)
	for _, key := range []string{"response_url", "trigger_id", "token"} {
		if s, _ := payload[key].(string); s == "" {
			t.Errorf("no %s", key)
		}
		delete(payload, key)
	}
	want := map[string]any{
		"team_id": "T01ACME", "team_domain": "acme", "channel_id": slack.Ops, "channel_name": "ops", "user_id": slack.Ann,
		"user_name": "ann", "command": "/pullfix", "text": "diagnose shop web-1", "api_app_id": "A01PULLFIX",
		"is_enterprise_install": "false",
	}
	if diff := cmp.Diff(want, payload); diff != "" {
		t.Error(diff)
	}
	if f["accepts_response_payload"] != true {
		t.Errorf("%v", f)
	}
}

func TestWhoMayCommand(t *testing.T) {
	w := slack.New(slack.Options{})
	for _, tt := range []struct{ user, channel, text, want string }{
		{slack.Ann, slack.Ops, "/pullfix help", ""},
		{slack.Gina, slack.Ops, "/pullfix help", ""},
		{slack.Ann, slack.Random, "/pullfix help", ""}, // where the bot is not
		{slack.Erik, slack.Partner, "/pullfix help", "unknown_command"},
		{slack.Ann, slack.Ops, "/deploy", "unknown_command"},
		{slack.Ann, slack.Old, "/pullfix help", "unknown_command"},
		{slack.Gina, slack.Random, "/pullfix help", "channel_not_found"},
		{slack.Dave, slack.Secret, "/pullfix help", "channel_not_found"},
		{slack.Zoe, slack.Ops, "/pullfix help", "user_not_found"},
		{slack.Deploy, slack.Ops, "/pullfix help", "user_not_found"},
	} {
		_, err := w.Command(tt.user, tt.channel, tt.text)
		var refusal *slack.Refusal
		if got := ""; errors.As(err, &refusal) {
			if got = refusal.Code; got != tt.want {
				t.Errorf("%s in %s: %s, want %q", tt.user, tt.channel, got, tt.want)
			}
		} else if tt.want != "" || err != nil {
			t.Errorf("%s in %s: %v, want %q", tt.user, tt.channel, err, tt.want)
		}
	}
}

func TestClickPayload(t *testing.T) {
	o := newOffice(t, slack.Options{})
	a, _ := o.connect()
	root := o.posted("", `[{'type':'divider'}]`)
	ts := o.posted(root, buttons)
	o.act(slack.Press{User: slack.Bob, Channel: slack.Ops, TS: ts, ActionID: "pick", Value: "2"})
	a.ack(a.next(), nil)
	o.act(slack.Press{User: slack.Bob, Channel: slack.Ops, TS: ts, BlockID: "act", ActionID: "approve"})
	f := a.next()
	a.ack(f, nil)
	payload, _ := f["payload"].(map[string]any)
	want := map[string]any{"type": "message", "message_ts": ts, "channel_id": slack.Ops, "is_ephemeral": false, "thread_ts": root}
	if diff := cmp.Diff(want, payload["container"]); diff != "" {
		t.Error(diff)
	}
	list, _ := payload["actions"].([]any)
	action, _ := list[0].(map[string]any)
	delete(action, "action_ts")
	want = map[string]any{
		"type": "button", "action_id": "approve", "block_id": "act", "value": "i-1 rollback", "style": "primary",
		"text": map[string]any{"type": "plain_text", "text": "Approve", "emoji": true},
	}
	if diff := cmp.Diff(want, action); diff != "" {
		t.Error(diff)
	}
	for _, path := range [][]string{{"user", "id"}, {"user", "team_id"}, {"team", "domain"}, {"response_url"}, {"trigger_id"}, {"message", "text"}, {"channel", "name"}} {
		if answer(payload).text(path...) == "" {
			t.Errorf("no %v in %v", path, payload)
		}
	}
	if got := answer(payload).text("state", "values", "act", "pick", "selected_option", "value"); got != "2" {
		t.Errorf("state holds %q", got)
	}
	if got := o.Thread(slack.Ops, root, slack.Bob)[1].Selected["act"]["pick"]; got != "2" {
		t.Errorf("bob sees %v selected", got)
	}
	if got := o.Thread(slack.Ops, root, slack.Ann)[1].Selected; got != nil {
		t.Errorf("ann sees %v selected", got)
	}
}

func TestClicksThatCannotBe(t *testing.T) {
	o := newOffice(t, slack.Options{})
	ts := o.posted("", buttons)
	for _, tt := range []struct {
		p    slack.Press
		want string
	}{
		{slack.Press{User: slack.Ann, Channel: slack.Ops, TS: "1.000001", ActionID: "approve"}, "message_not_found"},
		{slack.Press{User: slack.Ann, Channel: slack.Ops, TS: ts, ActionID: "nope"}, "no_such_element"},
		{slack.Press{User: slack.Ann, Channel: slack.Ops, TS: ts, ActionID: "pick", Value: "3"}, "no_such_option"},
		{slack.Press{User: slack.Erik, Channel: slack.Ops, TS: ts, ActionID: "approve"}, "channel_not_found"},
		{slack.Press{User: slack.Ann, ViewID: "V0", ActionID: "approve"}, "view_not_found"},
	} {
		_, err := o.Act(tt.p)
		var refusal *slack.Refusal
		if !errors.As(err, &refusal) || refusal.Code != tt.want {
			t.Errorf("%+v: %v, want %s", tt.p, err, tt.want)
		}
	}
}

func TestUnansweredClickIsMarked(t *testing.T) {
	o := newOffice(t, slack.Options{AckWithin: 50 * time.Millisecond})
	a, _ := o.connect()
	ts := o.posted("", buttons)
	p := slack.Press{User: slack.Ann, Channel: slack.Ops, TS: ts, ActionID: "approve"}
	d := o.act(p)
	a.next()
	if d = o.settled(d); d.Failure != "operation_timeout" {
		t.Errorf("%+v", d)
	}
	if m := o.Messages(slack.Ops, slack.Ann)[0]; m.Failure == "" {
		t.Error("ann sees no mark")
	}
	if m := o.Messages(slack.Ops, slack.Bob)[0]; m.Failure != "" {
		t.Error("bob sees ann's mark")
	}
	d = o.act(p)
	a.ack(a.next(), nil)
	o.settled(d)
	if m := o.Messages(slack.Ops, slack.Ann)[0]; m.Failure != "" {
		t.Error("the mark outlives an answered click")
	}
}

func TestEphemeralMessages(t *testing.T) {
	o := newOffice(t, slack.Options{})
	a, _ := o.connect()
	args := map[string]any{"channel": slack.Ops, "user": slack.Ann, "text": "psst", "blocks": object(t, buttons)}
	ts := o.call("chat.postEphemeral", args).text("message_ts")
	for method, args := range map[string]map[string]any{
		"chat.update": {"channel": slack.Ops, "ts": ts, "text": "x"},
		"chat.delete": {"channel": slack.Ops, "ts": ts},
	} {
		if got := o.call(method, args); got.code() != "message_not_found" {
			t.Errorf("%s: %v", method, got)
		}
	}
	if got := o.call("chat.postEphemeral", map[string]any{"channel": slack.Ops, "user": slack.Erik, "text": "x"}); got.code() != "user_not_in_channel" {
		t.Errorf("to somebody outside: %v", got)
	}
	if _, err := o.Act(slack.Press{User: slack.Bob, Channel: slack.Ops, TS: ts, ActionID: "approve"}); err == nil {
		t.Error("bob clicks what only ann sees")
	}
	o.act(slack.Press{User: slack.Ann, Channel: slack.Ops, TS: ts, ActionID: "approve"})
	f := a.next()
	payload, _ := f["payload"].(map[string]any)
	container, _ := payload["container"].(map[string]any)
	if _, has := payload["message"]; has || container["is_ephemeral"] != true {
		t.Errorf("%v", payload)
	}
	link := f.text("payload", "response_url")
	if a := call(t, overPort(t), link, map[string]any{"replace_original": "true", "text": "done"}); a["raw"] != "ok" {
		t.Errorf("replacing: %v", a)
	}
	if m := o.Messages(slack.Ops, slack.Ann); len(m) != 1 || m[0].Text != "done" || m[0].Blocks != nil || m[0].TS != ts {
		t.Errorf("%+v", m)
	}
	if a := call(t, overPort(t), link, map[string]any{"delete_original": true}); a["raw"] != "ok" {
		t.Errorf("deleting: %v", a)
	}
	if m := o.Messages(slack.Ops, slack.Ann); len(m) != 0 {
		t.Errorf("%+v", m)
	}
}
