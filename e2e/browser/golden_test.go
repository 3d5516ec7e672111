package browser_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/pullfix/pullfix/sandbox/slack"
	"github.com/pullfix/pullfix/sandbox/slack/page"
)

// golden is where the bot's tests keep every message and modal it can produce.
const golden = "../../bot/slackbot/testdata/golden/"

// emitted shows all of it in the page: each block is drawn, and nothing is too
// wide, not even the longest names on a narrow screen.
func emitted() []scenario {
	return []scenario{
		{name: "messages of the bot", run: func(v *visit) {
			v.open(slack.Ann)
			names := goldenFiles(v, "message-")
			for _, name := range names {
				v.drawn(name)
				ts, _ := v.app.call("chat.postMessage", with(v.app.load(golden+name), "channel", slack.Ops))["ts"].(string)
				v.complete(`#messages .message[data-ts="` + ts + `"]`)
			}
			v.t.Logf("%d messages", len(names))
			v.shot("golden")
			v.fits()
			v.size(360, 780)
			v.shot("golden-narrow")
			v.fits()
		}},
		{name: "modals of the bot", run: func(v *visit) {
			v.size(360, 780)
			v.open(slack.Bob)
			names := goldenFiles(v, "modal-")
			for _, name := range names {
				v.drawn(name)
				v.modal(name)
				v.complete("dialog")
				v.shot("golden-" + strings.TrimSuffix(name, ".json"))
				v.fits()
				if _, err := v.CloseView(slack.Bob, "", true); err != nil {
					v.t.Fatal(err)
				}
				v.until("!document.querySelector('dialog')", "the modal is closed")
			}
			v.t.Logf("%d modals", len(names))
		}},
	}
}

func goldenFiles(v *visit, prefix string) []string {
	v.t.Helper()
	found, err := filepath.Glob(golden + prefix + "*.json")
	if err != nil || len(found) == 0 {
		v.t.Fatalf("there is nothing of the bot in %s: %v", golden, err)
	}
	var names []string
	for _, path := range found {
		names = append(names, filepath.Base(path))
	}
	return names
}

// drawn asks the list that the page and Go share.
func (v *visit) drawn(name string) {
	v.t.Helper()
	raw, err := os.ReadFile(golden + name)
	if err != nil {
		v.t.Fatal(err)
	}
	undrawable, err := page.Undrawable(raw)
	if err != nil || len(undrawable) > 0 {
		v.t.Errorf("%s: %q %v", name, undrawable, err)
	}
	var body struct {
		Blocks []json.RawMessage `json:"blocks"`
		View   struct {
			Blocks []json.RawMessage `json:"blocks"`
		} `json:"view"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		v.t.Fatal(err)
	}
	v.blocks = len(body.Blocks) + len(body.View.Blocks)
}

// complete waits until as many blocks are drawn as were sent, and all of them.
func (v *visit) complete(selector string) {
	v.t.Helper()
	v.until("document.querySelectorAll("+quoted(selector+" [data-block]")+").length === "+quoted(v.blocks), "all blocks are drawn")
	if text := ask[string](v, "[...document.querySelectorAll('.undrawable')].map((e) => e.innerText).join()"); text != "" {
		v.t.Error(text)
	}
}

// modal lets the bot open a modal for Bob, by a button that names the file.
func (v *visit) modal(name string) {
	v.t.Helper()
	answer := v.app.call("chat.postMessage", map[string]any{"channel": slack.Ops, "text": name, "blocks": []any{map[string]any{
		"type": "actions", "elements": []any{map[string]any{
			"type": "button", "action_id": "golden", "value": golden + name, "text": map[string]any{"type": "plain_text", "text": "Open"},
		}},
	}}})
	ts, _ := answer["ts"].(string)
	if _, err := v.Act(slack.Press{User: slack.Bob, Channel: slack.Ops, TS: ts, ActionID: "golden"}); err != nil {
		v.t.Fatal(err)
	}
}

func with(args map[string]any, key string, value any) map[string]any {
	args[key] = value
	return args
}
