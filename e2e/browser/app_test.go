package browser_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// app is a small bot: enough to press, choose, open, refuse and update.
type app struct {
	t      *testing.T
	base   string
	client *socketmode.Client
	root   string // ts of the message that it updates
}

func startApp(t *testing.T, w *slack.Workspace, base string) *app {
	t.Helper()
	api := slackgo.New("xoxb-1-sandbox", slackgo.OptionAppLevelToken("xapp-1-sandbox"), slackgo.OptionAPIURL(base+"/api/"))
	a := &app{t: t, base: base, client: socketmode.New(api)}
	go func() { _ = a.client.RunContext(t.Context()) }()
	go a.listen()
	if err := w.WaitSockets(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *app) listen() {
	for {
		select {
		case <-a.t.Context().Done():
			return
		case e := <-a.client.Events:
			switch data := e.Data.(type) {
			case slackgo.SlashCommand:
				a.command(e, data)
			case slackgo.InteractionCallback:
				a.interaction(e, data)
			}
		}
	}
}

// ack acknowledges, with a payload if there is one.
func (a *app) ack(e socketmode.Event, payload ...any) {
	_ = a.client.Ack(*e.Request, payload...)
}

func (a *app) command(e socketmode.Event, c slackgo.SlashCommand) {
	switch {
	case c.Text == "silence":
		return // which Slack has something to say about
	case strings.HasPrefix(c.Text, "diagnose"):
		a.ack(e)
		a.root = a.post(c.ChannelID, "running.json", nil)
		a.update(c.ChannelID, a.root, "verdict.json")
	case c.Text == "status":
		a.ack(e, map[string]any{"text": "No incident is open that you may see."})
	default:
		a.ack(e, map[string]any{"text": "There is no such command."})
	}
}

func (a *app) interaction(e socketmode.Event, i slackgo.InteractionCallback) {
	if i.Type == slackgo.InteractionTypeViewSubmission {
		a.submission(e, i)
		return
	}
	a.ack(e)
	if len(i.ActionCallback.BlockActions) == 0 {
		return
	}
	action := i.ActionCallback.BlockActions[0]
	switch action.ActionID {
	case "approve":
		a.call("views.open", map[string]any{"trigger_id": i.TriggerID, "view": a.load("approve.json")})
	case "more":
		a.call("views.open", map[string]any{"trigger_id": i.TriggerID, "view": a.load("close.json")})
	case "again":
		a.update(i.Channel.ID, i.Container.MessageTs, "resolved.json")
	case "golden":
		a.call("views.open", with(a.load(action.Value), "trigger_id", i.TriggerID))
	case "explain":
		a.call("views.push", map[string]any{"trigger_id": i.TriggerID, "view": a.load("explain.json")})
	case "environment":
		a.call("chat.postEphemeral", map[string]any{
			"channel": i.Channel.ID, "user": i.User.ID, "text": "You chose *" + action.SelectedOption.Value + "*.",
		})
	}
}

// submission refuses a short reason, and otherwise closes.
func (a *app) submission(e socketmode.Event, i slackgo.InteractionCallback) {
	if i.View.CallbackID != "close" {
		a.ack(e)
		return
	}
	reason := i.View.State.Values["reason"]["reason"].Value
	switch {
	case len(reason) < 10:
		a.ack(e, map[string]any{"response_action": "errors", "errors": map[string]string{"reason": "Say a little more: at least ten letters."}})
	case strings.Contains(reason, "really"):
		a.ack(e, map[string]any{"response_action": "update", "view": a.load("sure.json")})
	default:
		a.ack(e)
		a.call("chat.postMessage", map[string]any{"channel": slack.Ops, "text": "Closed: " + reason, "thread_ts": a.root, "reply_broadcast": true})
	}
}

// load reads a message or view of testdata, or of another directory.
func (a *app) load(name string) map[string]any {
	if !strings.Contains(name, "/") {
		name = "testdata/" + name
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		a.t.Error(err)
		return nil
	}
	var body map[string]any
	if err := json.Unmarshal(raw, &body); err != nil {
		a.t.Errorf("%s: %v", name, err)
	}
	return body
}

// post posts a message of testdata, with more arguments.
func (a *app) post(channel, name string, more map[string]any) string {
	args := a.load(name)
	args["channel"] = channel
	for key, value := range more {
		args[key] = value
	}
	ts, _ := a.call("chat.postMessage", args)["ts"].(string)
	return ts
}

func (a *app) update(channel, ts, name string) {
	args := a.load(name)
	args["channel"], args["ts"] = channel, ts
	a.call("chat.update", args)
}

func (a *app) call(method string, args map[string]any) map[string]any {
	raw, err := json.Marshal(args)
	if err != nil {
		a.t.Error(err)
		return nil
	}
	r, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, a.base+"/api/"+method, bytes.NewReader(raw))
	if err != nil {
		a.t.Error(err)
		return nil
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer xoxb-1-sandbox")
	answer, err := send(r)
	if err != nil || answer["ok"] != true {
		a.t.Errorf("%s: %v %v", method, answer, err)
	}
	return answer
}

func send(r *http.Request) (map[string]any, error) {
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("calling: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	var answer map[string]any
	if err := json.Unmarshal(raw, &answer); err != nil {
		return map[string]any{"ok": resp.StatusCode == http.StatusOK}, nil
	}
	return answer, nil
}

// upload posts a file into the channel.
func (a *app) upload(channel, name, content string) {
	place := a.call("files.getUploadURLExternal", map[string]any{"filename": name, "length": len(content)})
	at, _ := place["upload_url"].(string)
	if _, err := url.Parse(at); err != nil || at == "" {
		a.t.Errorf("upload to %q", at)
		return
	}
	r, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, at, strings.NewReader(content))
	if err != nil {
		a.t.Error(err)
		return
	}
	if answer, err := send(r); err != nil || answer["ok"] != true {
		a.t.Errorf("upload: %v %v", answer, err)
	}
	a.call("files.completeUploadExternal", map[string]any{
		"files": []any{map[string]any{"id": place["file_id"], "title": name}}, "channel_id": channel,
	})
}
