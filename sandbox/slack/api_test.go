package slack_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/sandbox/slack"
)

const api = "http://127.0.0.1/api/"

func TestTokens(t *testing.T) {
	do := inProcess(slack.New(slack.Options{}))
	token := func(s string) url.Values { return url.Values{"token": {s}} }
	tests := []struct {
		name, method, want string
		values             url.Values
	}{
		{"no token", "auth.test", "not_authed", nil},
		{"wrong token", "auth.test", "invalid_auth", token("xoxb-wrong")},
		{"token in the form", "auth.test", "ok", token(botToken)},
		{"app token for a bot's method", "auth.test", "not_allowed_token_type", token(appToken)},
		{"opening without a token", "apps.connections.open", "missing_args", nil},
		{"opening as the bot", "apps.connections.open", "not_allowed_token_type", token(botToken)},
		{"opening with the token in the form", "apps.connections.open", "invalid_auth", token(appToken)},
		{"no such method", "chat.sing", "unknown_method", token(botToken)},
		{"a method for everybody", "api.test", "ok", nil},
		{"an error on request", "api.test", "teapot", url.Values{"error": {"teapot"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, resp := form(t, do, api+tt.method, tt.values)
			if a.code() != tt.want || resp.StatusCode != http.StatusOK {
				t.Errorf("%d %v, want %s", resp.StatusCode, a, tt.want)
			}
		})
	}
}

func TestMissingScope(t *testing.T) {
	seed := slack.ExampleSeed()
	seed.App.Scopes = []string{"commands", "channels:read"}
	do := inProcess(slack.New(slack.Options{Seed: seed}))
	a, resp := callAs(t, do, api+"chat.postMessage", map[string]any{"channel": slack.Ops, "text": "x"})
	if a.code() != "missing_scope" || a.text("needed") != "chat:write" || a.text("provided") != "commands,channels:read" {
		t.Errorf("%v", a)
	}
	if got := resp.Header.Get("X-Oauth-Scopes"); got != "commands,channels:read" {
		t.Errorf("x-oauth-scopes %q", got)
	}
	if a := call(t, do, api+"conversations.info", map[string]any{"channel": slack.Secret}); a.text("needed") != "groups:read" {
		t.Errorf("a private channel with channels:read: %v", a)
	}
}

func TestBodies(t *testing.T) {
	do := inProcess(slack.New(slack.Options{Switches: slack.Switches{NoLimits: true}}))
	a, _ := form(t, do, api+"chat.postMessage", url.Values{
		"token": {botToken}, "channel": {slack.Ops}, "text": {"a"}, "blocks": {`[{"type":"divider"}]`},
	})
	if a.code() != "ok" {
		t.Errorf("form with blocks as text: %v", a)
	}
	a, _ = form(t, do, api+"chat.postMessage", url.Values{
		"token": {botToken}, "channel": {slack.Ops}, "text": {"a"}, "blocks": {`[{"type":`},
	})
	if a.code() != "invalid_blocks_format" {
		t.Errorf("broken blocks: %v", a)
	}
	for _, body := range []string{`[1]`, `{"a":`, `{} {}`} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, api+"auth.test", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if a, _ := read(t, do(r)); a.code() != "json_not_object" && a.code() != "invalid_json" {
			t.Errorf("body %s: %v", body, a)
		}
	}
}

func TestPosting(t *testing.T) {
	w := slack.New(slack.Options{Switches: slack.Switches{NoLimits: true}})
	do := inProcess(w)
	root := call(t, do, api+"chat.postMessage", map[string]any{"channel": slack.Ops, "text": "root"}).text("ts")
	tests := []struct {
		name string
		args map[string]any
		want string
	}{
		{"in a channel", map[string]any{"channel": slack.Ops, "text": "x"}, "ok"},
		{"to a person", map[string]any{"channel": slack.Ann, "text": "x"}, "ok"},
		{"to somebody gone", map[string]any{"channel": slack.Zoe, "text": "x"}, "channel_not_found"},
		{"in a public channel outside", map[string]any{"channel": slack.Random, "text": "x"}, "not_in_channel"},
		{"in a private channel outside", map[string]any{"channel": slack.Closed, "text": "x"}, "channel_not_found"},
		{"nowhere", map[string]any{"channel": "C0", "text": "x"}, "channel_not_found"},
		{"in an archived channel", map[string]any{"channel": slack.Old, "text": "x"}, "is_archived"},
		{"nothing", map[string]any{"channel": slack.Ops}, "no_text"},
		{"blocks alone", map[string]any{"channel": slack.Ops, "blocks": object(t, `[{'type':'divider'}]`)}, "ok"},
		{"in a thread", map[string]any{"channel": slack.Ops, "text": "x", "thread_ts": root}, "ok"},
		{"in no thread", map[string]any{"channel": slack.Ops, "text": "x", "thread_ts": "1.000001"}, "thread_not_found"},
		{"two kinds of text", map[string]any{"channel": slack.Ops, "text": "x", "markdown_text": "x"}, "markdown_text_conflict"},
		{"metadata of no shape", map[string]any{"channel": slack.Ops, "text": "x", "metadata": "x"}, "invalid_metadata_format"},
		{"metadata without a type", map[string]any{"channel": slack.Ops, "text": "x", "metadata": object(t, `{'event_payload':{}}`)}, "invalid_metadata_schema"},
		{"metadata too large", map[string]any{"channel": slack.Ops, "text": "x", "metadata": map[string]any{
			"event_type": "t", "event_payload": map[string]any{"x": strings.Repeat("x", 20000)},
		}}, "metadata_too_large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := call(t, do, api+"chat.postMessage", tt.args)
			if a.code() != tt.want {
				t.Errorf("%v, want %s", a, tt.want)
			}
		})
	}
	a := call(t, do, api+"chat.postMessage", map[string]any{"channel": slack.Ann, "text": "x"})
	if !strings.HasPrefix(a.text("channel"), "D") {
		t.Errorf("a message to a person went to %q", a.text("channel"))
	}
	seen := map[string]bool{}
	for _, m := range w.Messages(slack.Ops, slack.Ann) {
		if seen[m.TS] || len(m.TS) != len("1700000000.000000") {
			t.Errorf("ts %q is not unique, or of another shape", m.TS)
		}
		seen[m.TS] = true
	}
	if long := call(t, do, api+"chat.postMessage", map[string]any{"channel": slack.Ops, "text": strings.Repeat("é", 40001)}); len([]rune(long.text("message", "text"))) != 40000 {
		t.Error("a long text is not cut at 40,000 characters")
	}
}

func TestUpdating(t *testing.T) {
	w := slack.New(slack.Options{Switches: slack.Switches{NoLimits: true}})
	do := inProcess(w)
	fresh := func() string {
		return call(t, do, api+"chat.postMessage", map[string]any{
			"channel": slack.Ops, "text": "old", "blocks": object(t, `[{'type':'divider','block_id':'d'}]`),
			"metadata": object(t, `{'event_type':'t','event_payload':{'id':'1'}}`),
		}).text("ts")
	}
	shape := func(m slack.Message) string {
		s := m.Text
		if m.Blocks != nil {
			s += " blocks"
		}
		if m.Metadata != nil {
			s += " metadata"
		}
		if m.EditedTS != "" {
			s += " edited"
		}
		return s
	}
	tests := []struct {
		name string
		args map[string]any
		code string
		want string
	}{
		{"text alone", map[string]any{"text": "new"}, "ok", "new metadata edited"},
		{"blocks alone", map[string]any{"blocks": object(t, `[{'type':'divider'}]`)}, "ok", "old blocks metadata"},
		{"both", map[string]any{"text": "new", "blocks": object(t, `[{'type':'divider'}]`)}, "ok", "new blocks metadata"},
		{"no blocks any more", map[string]any{"blocks": []any{}}, "ok", "old metadata edited"},
		{"metadata alone", map[string]any{"metadata": map[string]any{}}, "ok", "old blocks"},
		{"nothing", map[string]any{}, "no_text", "old blocks metadata"},
		{"empty text", map[string]any{"text": ""}, "no_text", "old blocks metadata"},
		{"long text", map[string]any{"text": strings.Repeat("x", 4001)}, "msg_too_long", "old blocks metadata"},
		{"broadcasting what is no reply", map[string]any{"text": "x", "reply_broadcast": true}, "cant_broadcast_message", "old blocks metadata"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.args["channel"], tt.args["ts"] = slack.Ops, fresh()
			if a := call(t, do, api+"chat.update", tt.args); a.code() != tt.code {
				t.Fatalf("%v, want %s", a, tt.code)
			}
			all := w.Messages(slack.Ops, slack.Ann)
			if diff := cmp.Diff(tt.want, shape(all[len(all)-1])); diff != "" {
				t.Error(diff)
			}
		})
	}
	said, err := w.Say(slack.Ann, slack.Ops, "", "mine")
	if err != nil {
		t.Fatal(err)
	}
	for ts, want := range map[string]string{said.TS: "cant_update_message", "1.000001": "message_not_found"} {
		if a := call(t, do, api+"chat.update", map[string]any{"channel": slack.Ops, "ts": ts, "text": "x"}); a.code() != want {
			t.Errorf("updating %s: %v, want %s", ts, a, want)
		}
	}
}

func TestDeletingLeavesATombstone(t *testing.T) {
	w := slack.New(slack.Options{})
	do := inProcess(w)
	post := func(thread string) string {
		return call(t, do, api+"chat.postMessage", map[string]any{"channel": slack.Ops, "text": "x", "thread_ts": thread}).text("ts")
	}
	root := post("")
	reply := post(root)
	for _, ts := range []string{root, reply} {
		if a := call(t, do, api+"chat.delete", map[string]any{"channel": slack.Ops, "ts": ts}); a.code() != "ok" {
			t.Fatal(a)
		}
	}
	got := w.Thread(slack.Ops, root, slack.Ann)
	if len(got) != 1 || !got[0].Tombstone || got[0].ReplyCount != 0 {
		t.Errorf("%+v", got)
	}
}
