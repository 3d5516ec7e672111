//go:build sdk

package sdk

import (
	"strings"
	"testing"

	"github.com/pullfix/pullfix/sandbox/slack"
)

const soundMessage = `{"text": "found", "blocks": [
	{"type": "header", "text": {"type": "plain_text", "text": "The tag does not exist"}},
	{"type": "section", "text": {"type": "mrkdwn", "text": "*shop/web-1*", "verbatim": true}},
	{"type": "actions", "elements": [
		{"type": "button", "action_id": "approve", "style": "primary", "text": {"type": "plain_text", "text": "Approve"}}
	]},
	{"type": "context", "elements": [{"type": "mrkdwn", "text": "asked by <@U01ANN>"}]}
]}`

const soundModal = `{"type": "modal", "callback_id": "reason", "title": {"type": "plain_text", "text": "Approve"}, "blocks": [
	{"type": "input", "block_id": "why", "label": {"type": "plain_text", "text": "Why"}, "element": {"type": "plain_text_input", "action_id": "text"}}
]}`

// fault is a mistake in sound JSON: one text in the place of another.
type fault struct {
	name, sound, wrong string
}

// plantedFaults makes sure that the checks can fail: the compiler has to find
// each mistake, and nothing else.
func plantedFaults(t *testing.T, k kit) {
	plant := func(kind, sound string, faults []fault) []sample {
		samples := []sample{{name: "sound", kind: kind, json: []byte(sound)}}
		for _, f := range faults {
			if strings.Count(sound, f.sound) != 1 {
				t.Fatalf("%s: %s is not in it once: %s", f.name, f.sound, sound)
			}
			samples = append(samples, sample{name: f.name, kind: kind, json: []byte(strings.Replace(sound, f.sound, f.wrong, 1))})
		}
		return samples
	}
	for name, samples := range map[string][]sample{
		"message": plant(messageType, soundMessage, []fault{
			{"header-of-markup", `{"type": "plain_text", "text": "The tag`, `{"type": "mrkdwn", "text": "The tag`},
			{"bare-text", `{"type": "mrkdwn", "text": "*shop/web-1*", "verbatim": true}`, `"*shop/web-1*"`},
			{"unknown-style", `"primary"`, `"success"`},
			{"unknown-element", `"button"`, `"buton"`},
			{"unknown-key", `"text": "asked by`, `"txt": "asked by`},
		}),
		"modal": plant(modalType, soundModal, []fault{
			{"no-title", `"title": {"type": "plain_text", "text": "Approve"}, `, ``},
			{"no-label", `"label": {"type": "plain_text", "text": "Why"}, `, ``},
		}),
		"command":    plant("bolt.SlashCommand", sentCommand(t), []fault{{"no-domain", `"team_domain":"acme",`, ``}}),
		"submission": submissionFaults(t, plant),
	} {
		t.Run(name, func(t *testing.T) {
			found := map[string]bool{}
			for _, c := range k.compile(t, samples) {
				found[c.sample] = true
			}
			for _, s := range samples {
				if found[s.name] != (s.name != "sound") {
					t.Errorf("%s: complained about is %t", s.name, found[s.name])
				}
			}
		})
	}
}

// sentCommand is a command's payload as the workspace makes it.
func sentCommand(t *testing.T) string {
	t.Helper()
	w := slack.New(slack.Options{})
	if _, err := w.Command(slack.Ann, slack.Ops, "/pullfix help"); err != nil {
		t.Fatal(err)
	}
	for _, e := range w.Transcript() {
		if e.Kind == "act" {
			return e.Body
		}
	}
	t.Fatal("no command in the transcript")
	return ""
}

const soundSubmission = `{"type": "view_submission", "team": {"id": "T01ACME", "domain": "acme"}, "user": {"id": "U02BOB", "name": "bob"},
	"api_app_id": "A01PULLFIX", "token": "x", "trigger_id": "1.2.x", "response_urls": [], "view": {
		"id": "V1", "callback_id": "reason", "team_id": "T01ACME", "app_id": "A01PULLFIX", "bot_id": "B00PULLFIX", "type": "modal",
		"title": {"type": "plain_text", "text": "Approve"}, "blocks": [], "close": null, "submit": null, "state": {"values": {}},
		"hash": "1.a", "private_metadata": "", "root_view_id": "V1", "previous_view_id": null, "clear_on_close": false,
		"notify_on_close": false
	}}`

func submissionFaults(t *testing.T, plant func(kind, sound string, faults []fault) []sample) []sample {
	t.Helper()
	return plant("bolt.ViewSubmitAction", soundSubmission, []fault{
		{"no-trigger", `"trigger_id": "1.2.x", `, ``},
		{"no-hash", `"hash": "1.a", `, ``},
		{"number-for-id", `"callback_id": "reason"`, `"callback_id": 1`},
	})
}
