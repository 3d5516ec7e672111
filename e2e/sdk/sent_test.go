//go:build sdk

package sdk

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// sentFits checks all that the workspace sent, frames and answers, against the
// types that Slack's SDKs give to it.
func (k kit) sentFits(t *testing.T, transcript []slack.Entry) {
	t.Helper()
	samples := sentSamples(t, transcript)
	if len(samples) == 0 {
		t.Fatal("nothing was sent")
	}
	for _, c := range k.compile(t, samples) {
		t.Error(c.text)
	}
}

func sentSamples(t *testing.T, transcript []slack.Entry) []sample {
	t.Helper()
	var samples []sample
	for _, e := range transcript {
		s := sample{json: []byte(e.Body)}
		switch e.Kind {
		case "answer":
			if s.kind = answerType(e.Name); s.kind == "" {
				continue
			}
			s.json = typedPart(t, e.Name, s.json)
		case "sent":
			var frame struct{ Payload json.RawMessage }
			if err := json.Unmarshal([]byte(e.Body), &frame); err != nil {
				t.Fatalf("the frame %s: %v", e.Body, err)
			}
			if frame.Payload == nil {
				continue // hello and disconnect, which have no type
			}
			s.kind, s.json = payload(t, e.Name, frame.Payload)
		default:
			continue
		}
		s.name = fmt.Sprintf("%03d-%s", len(samples), e.Name)
		samples = append(samples, s)
	}
	return samples
}

// answerType names the type of a method's answer: chat.postMessage's is
// ChatPostMessageResponse. It is empty for the method that does not exist.
func answerType(method string) string {
	if method == "pullfix.none" {
		return ""
	}
	kind := "web."
	for part := range strings.SplitSeq(method, ".") {
		kind += strings.ToUpper(part[:1]) + part[1:]
	}
	return "Answer<" + kind + "Response>"
}

// typedPart is the answer without what Slack sends and the types, which were
// made from samples, leave out: nulls, for they know only that a key may be
// missing; and what an updated message says of its thread, which is in the
// samples of Slack's SDK for Java.
func typedPart(t *testing.T, method string, raw []byte) []byte {
	t.Helper()
	var answer map[string]any
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatalf("the answer %s: %v", raw, err)
	}
	if m, ok := answer["message"].(map[string]any); ok && method == "chat.update" {
		for _, key := range []string{"thread_ts", "reply_count", "latest_reply"} {
			delete(m, key)
		}
	}
	out, err := json.Marshal(dropNulls(answer))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func dropNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		maps.DeleteFunc(v, func(_ string, value any) bool { return value == nil })
		for key, value := range v {
			v[key] = dropNulls(value)
		}
	case []any:
		for i, value := range v {
			v[i] = dropNulls(value)
		}
	}
	return v
}

// payload is the type of a payload, and the payload without what Slack sends
// and its types leave out.
func payload(t *testing.T, kind string, raw []byte) (string, []byte) {
	t.Helper()
	var p map[string]any
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatalf("the payload %s: %v", raw, err)
	}
	switch kind {
	case "slash_commands":
		return "bolt.SlashCommand", raw
	case "events_api":
		return "bolt.EnvelopedEvent<types.AppMentionEvent>", raw
	}
	if p["enterprise"] == nil {
		delete(p, "enterprise") // null outside of an enterprise
	}
	name, ok := map[string]string{
		"block_actions": "bolt.BlockAction", "view_submission": "bolt.ViewSubmitAction", "view_closed": "bolt.ViewClosedAction",
	}[kind]
	if !ok {
		t.Fatalf("no type is known for %s", kind)
	}
	if u, ok := p["user"].(map[string]any); ok && kind != "block_actions" {
		delete(u, "username") // beside the name
	}
	actions, _ := p["actions"].([]any)
	for _, a := range actions {
		if a, ok := a.(map[string]any); ok {
			delete(a, "style") // of buttons
		}
	}
	if _, inView := p["view"]; inView && kind == "block_actions" {
		name = "Omit<bolt.BlockAction, 'response_url'>" // which only messages have
	}
	out, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return name, out
}
