package page_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/sandbox/slack"
	"github.com/pullfix/pullfix/sandbox/slack/page"
)

// slackTypes are the types of Slack's Block Kit reference, and rich text's.
func slackTypes() []string {
	return strings.Fields(`actions alert call card carousel container context context_actions data_table data_visualization
		divider file header image input layout markdown plan rich_text section table task_card video
		button channels_select checkboxes conversations_select datepicker datetimepicker email_text_input
		external_select feedback_buttons file_input icon_button multi_channels_select multi_conversations_select
		multi_external_select multi_static_select multi_users_select number_input overflow plain_text_input
		radio_buttons rich_text_input static_select timepicker url_source url_text_input users_select
		workflow_button mrkdwn plain_text raw_text
		rich_text_list rich_text_preformatted rich_text_quote rich_text_section
		broadcast canvas channel color date emoji link team text user usergroup workflowtoken`)
}

// places are where a type can stand: a message or modal with %s for the type,
// and the pointer that Slack complains at when it does not know it there.
func places() []struct{ name, blocks, pointer string } {
	return []struct{ name, blocks, pointer string }{
		{"block", `[{"type":%q}]`, "/blocks/0/type"},
		{"accessory", `[{"type":"section","text":{"type":"plain_text","text":"x"},"accessory":{"type":%q}}]`, "/blocks/0/accessory/type"},
		{"actions", `[{"type":"actions","elements":[{"type":%q}]}]`, "/blocks/0/elements/0/type"},
		{"context", `[{"type":"context","elements":[{"type":%q}]}]`, "/blocks/0/elements/0/type"},
		{"input", `[{"type":"input","label":{"type":"plain_text","text":"x"},"element":{"type":%q}}]`, "/blocks/0/element/type"},
		{"rich_text", `[{"type":"rich_text","elements":[{"type":%q}]}]`, "/blocks/0/elements/0/type"},
		{"rich text", `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":%q}]}]}]`, "/blocks/0/elements/0/elements/0/type"},
	}
}

// TestDrawsWhatTheWorkspaceTakes finds out which types the workspace takes at
// all: a bot can post no others. Each must be drawn.
func TestDrawsWhatTheWorkspaceTakes(t *testing.T) {
	for _, place := range places() {
		taken := 0
		for _, kind := range slackTypes() {
			raw := []byte(fmt.Sprintf(place.blocks, kind))
			problems, err := slack.Validate(slack.MessageBlocks, raw)
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(problems, func(p slack.Problem) bool { return p.Pointer == place.pointer }) {
				continue
			}
			taken++
			undrawable, err := page.Undrawable(raw)
			if err != nil {
				t.Fatal(err)
			}
			if len(undrawable) > 0 {
				t.Errorf("the workspace takes %s as %s, but the page does not draw it: %q", kind, place.name, undrawable)
			}
		}
		if taken == 0 {
			t.Errorf("nothing is taken as %s", place.name)
		}
	}
}

func TestUndrawable(t *testing.T) {
	tests := []struct {
		name, raw string
		want      []string
	}{
		{"nothing", `[]`, nil},
		{"a message", `{"text":"x","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"x"}}]}`, nil},
		{"a block", `[{"type":"table","rows":[]}]`, []string{"table in a message or modal"}},
		{"an accessory", `[{"type":"section","accessory":{"type":"datepicker"}}]`, []string{"datepicker in accessory"}},
		{"an element", `[{"type":"actions","elements":[{"type":"timepicker"},{"type":"button","text":{"type":"plain_text","text":"x"}}]}]`, []string{"timepicker in actions"}},
		{"an input", `{"type":"modal","blocks":[{"type":"input","element":{"type":"file_input"}}]}`, []string{"file_input in input"}},
		{"a view", `{"view":{"type":"modal","blocks":[{"type":"input","element":{"type":"file_input"}}]}}`, []string{"file_input in input"}},
		{"a field", `[{"type":"section","fields":[{"type":"markdown","text":"x"}]}]`, []string{"markdown in fields"}},
		{"a context element", `[{"type":"context","elements":[{"type":"button"}]}]`, []string{"button in context"}},
		{"an option", `[{"type":"actions","elements":[{"type":"overflow","options":[{"text":{"type":"html","text":"x"}}]}]}]`, []string{"html in an option of overflow"}},
		{"a confirm dialog", `[{"type":"actions","elements":[{"type":"button","confirm":{"text":{"type":"html","text":"x"}}}]}]`, []string{"html in a confirm dialog"}},
		{"deep in rich text", `[{"type":"rich_text","elements":[{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[{"type":"canvas"},{"type":"text","text":"x"}]}]}]}]`, []string{"canvas in rich_text_section"}},
		{"twice the same", `[{"type":"video"},{"type":"video"}]`, []string{"video in a message or modal"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := page.Undrawable([]byte(tt.raw))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" && len(tt.want)+len(got) > 0 {
				t.Error(diff)
			}
		})
	}
	if _, err := page.Undrawable([]byte(`{`)); err == nil {
		t.Error("half an object is read")
	}
}

// FuzzUndrawable shows that whatever the workspace takes is drawn, and that
// nothing breaks the check.
func FuzzUndrawable(f *testing.F) {
	f.Add([]byte(`[{"type":"section","text":{"type":"mrkdwn","text":"x"},"accessory":{"type":"button","text":{"type":"plain_text","text":"x"}}}]`))
	f.Add([]byte(`[{"type":"rich_text","elements":[{"type":"rich_text_preformatted","elements":[{"type":"text","text":"x"}]}]}]`))
	f.Add([]byte(`{"blocks":[{"type":"context","elements":[{"type":"image","image_url":"x","alt_text":"y"}]}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		undrawable, err := page.Undrawable(raw)
		problems, refused := slack.Validate(slack.MessageBlocks, raw)
		if refused != nil || len(problems) > 0 {
			return
		}
		if err != nil || len(undrawable) > 0 {
			t.Errorf("taken, but not drawn: %q, %v", undrawable, err)
		}
	})
}
