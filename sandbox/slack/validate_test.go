package slack_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/sandbox/slack"
)

func problems(t *testing.T, kind slack.Kind, raw string) []string {
	t.Helper()
	list, err := slack.Validate(kind, []byte(strings.ReplaceAll(raw, "'", `"`)))
	if err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	var out []string
	for _, p := range list {
		out = append(out, p.String())
	}
	return out
}

func button(more string) string {
	return `{'type':'button','action_id':'a','text':{'type':'plain_text','text':'Go'}` + more + `}`
}

func actions(elements string) string { return `[{'type':'actions','elements':[` + elements + `]}]` }

func options(n int) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(`{'text':{'type':'plain_text','text':'o'},'value':'v%d'}`, i))
	}
	return "[" + strings.Join(out, ",") + "]"
}

func TestValidateTakesWhatTheBotEmits(t *testing.T) {
	blocks := `[
	{'type':'header','block_id':'h','text':{'type':'plain_text','text':'P1','emoji':false}},
	{'type':'section','text':{'type':'mrkdwn','text':'*x*','verbatim':true},'accessory':` + button("") + `},
	{'type':'section','fields':[{'type':'mrkdwn','text':'a'},{'type':'plain_text','text':'b'}],'expand':true},
	{'type':'context','elements':[{'type':'mrkdwn','text':'c'},{'type':'image','image_url':'https://x/y.png','alt_text':'y'}]},
	{'type':'divider'},
	{'type':'image','image_url':'https://x/y.png','alt_text':'y','title':{'type':'plain_text','text':'t'}},
	{'type':'actions','elements':[` + button(`,'style':'primary','value':'i-1 rollback','confirm':{'title':{'type':'plain_text','text':'Sure?'},'text':{'type':'mrkdwn','text':'*really*'},'confirm':{'type':'plain_text','text':'Yes'},'deny':{'type':'plain_text','text':'No'}}`) + `,
		{'type':'overflow','action_id':'more','options':` + options(5) + `},
		{'type':'static_select','action_id':'pick','placeholder':{'type':'plain_text','text':'Pick'},'options':` + options(100) + `}]},
	{'type':'rich_text','elements':[
		{'type':'rich_text_section','elements':[{'type':'text','text':'x','style':{'bold':true}},{'type':'link','url':'https://x'},{'type':'user','user_id':'U1'}]},
		{'type':'rich_text_preformatted','elements':[{'type':'text','text':'kubectl'}]}]}]`
	if got := problems(t, slack.MessageBlocks, blocks); got != nil {
		t.Errorf("problems: %q", got)
	}
	view := `{'type':'modal','title':{'type':'plain_text','text':'Reject'},'submit':{'type':'plain_text','text':'Reject'},
	'close':{'type':'plain_text','text':'Back'},'private_metadata':'{}','callback_id':'reject','notify_on_close':true,'blocks':[
	{'type':'input','block_id':'why','label':{'type':'plain_text','text':'Why'},'optional':true,'element':{'type':'plain_text_input','action_id':'t','multiline':true,'min_length':0,'max_length':3000}},
	{'type':'input','block_id':'r','label':{'type':'plain_text','text':'R'},'element':{'type':'radio_buttons','action_id':'r','options':` + options(10) + `}},
	{'type':'input','block_id':'c','label':{'type':'plain_text','text':'C'},'element':{'type':'checkboxes','action_id':'c','options':` + options(2) + `}},
	{'type':'input','block_id':'s','label':{'type':'plain_text','text':'S'},'element':{'type':'static_select','action_id':'s','option_groups':[{'label':{'type':'plain_text','text':'g'},'options':` + options(2) + `}],'initial_option':{'text':{'type':'plain_text','text':'o'},'value':'v1'}}}]}`
	if got := problems(t, slack.ModalView, view); got != nil {
		t.Errorf("problems: %q", got)
	}
}

func TestValidateRefusesMessages(t *testing.T) {
	long := func(n int) string { return strings.Repeat("é", n) }
	tests := []struct {
		name, blocks string
		want         []string
	}{
		{"too many blocks", "[" + strings.Repeat("{'type':'divider'},", 50) + "{'type':'divider'}]", []string{"no more than 50 items allowed [json-pointer:/blocks]"}},
		{"long section", `[{'type':'section','text':{'type':'mrkdwn','text':'` + long(3001) + `'}}]`, []string{
			"failed to match all allowed schemas [json-pointer:/blocks/0/text]",
			"must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
		}},
		{"empty text", `[{'type':'header','text':{'type':'plain_text','text':''}}]`, []string{"must be more than 0 characters [json-pointer:/blocks/0/text/text]"}},
		{"long header", `[{'type':'header','text':{'type':'plain_text','text':'` + long(151) + `'}}]`, []string{"must be less than 151 characters [json-pointer:/blocks/0/text/text]"}},
		{"markup in a header", `[{'type':'header','text':{'type':'mrkdwn','text':'x'}}]`, []string{"must be a valid enum value [json-pointer:/blocks/0/text/type]"}},
		{"unknown type", `[{'type':'table','rows':[]}]`, []string{"unsupported type: table [json-pointer:/blocks/0/type]"}},
		{"no type", `[{'text':'x'}]`, []string{"missing required field: type [json-pointer:/blocks/0]"}},
		{"stray field", `[{'type':'divider','text':'x'}]`, []string{"invalid additional property: text [json-pointer:/blocks/0]"}},
		{"neither text nor fields", `[{'type':'section'}]`, []string{"must define either `text` or `fields` [json-pointer:/blocks/0]"}},
		{"same block_id", `[{'type':'divider','block_id':'d'},{'type':'divider','block_id':'d'}]`, []string{"`block_id` \"d\" already exists for another block [json-pointer:/blocks/1/block_id]"}},
		{"same action_id", actions(button("") + "," + button("")), []string{
			"failed to match all allowed schemas [json-pointer:/blocks/0/elements/1]",
			"`action_id` \"a\" already exists for another element [json-pointer:/blocks/0/elements/1/action_id]",
		}},
		{"26 elements", actions(strings.TrimSuffix(strings.Repeat(button("")+",", 26), ",")), []string{"no more than 25 items allowed [json-pointer:/blocks/0/elements]"}},
		{"no elements", actions(""), []string{"no less than 1 items allowed [json-pointer:/blocks/0/elements]"}},
		{"button style", actions(button(`,'style':'success'`)), []string{
			"failed to match all allowed schemas [json-pointer:/blocks/0/elements/0]",
			"must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
		}},
		{"long value", actions(button(`,'value':'` + long(2001) + `'`)), []string{
			"failed to match all allowed schemas [json-pointer:/blocks/0/elements/0]",
			"must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
		}},
		{"six overflow options", actions(`{'type':'overflow','action_id':'o','options':` + options(6) + `}`), []string{
			"failed to match all allowed schemas [json-pointer:/blocks/0/elements/0]",
			"no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
		}},
		{"text input outside an input", actions(`{'type':'plain_text_input','action_id':'o'}`), []string{
			"failed to match all allowed schemas [json-pointer:/blocks/0/elements/0]",
			"unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
		}},
		{"empty url", actions(button(`,'url':''`)), []string{
			"failed to match all allowed schemas [json-pointer:/blocks/0/elements/0]",
			"must be more than 0 characters [json-pointer:/blocks/0/elements/0/url]",
			"invalid url [json-pointer:/blocks/0/elements/0/url]",
		}},
		{"eleven fields", `[{'type':'section','fields':[` + strings.TrimSuffix(strings.Repeat("{'type':'mrkdwn','text':'x'},", 11), ",") + `]}]`, []string{"no more than 10 items allowed [json-pointer:/blocks/0/fields]"}},
		{"a list in rich text", `[{'type':'rich_text','elements':[{'type':'rich_text_list','style':'bullet','elements':[]}]}]`, []string{"unsupported type: rich_text_list [json-pointer:/blocks/0/elements/0/type]"}},
		{"not an array", `{'type':'divider'}`, []string{"must provide an array [json-pointer:/blocks]"}},
		{"not an object", `['x']`, []string{"must provide an object [json-pointer:/blocks/0]"}},
		{"text as a number", `[{'type':'section','text':{'type':'mrkdwn','text':7}}]`, []string{
			"failed to match all allowed schemas [json-pointer:/blocks/0/text]",
			"must provide a string [json-pointer:/blocks/0/text/text]",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, problems(t, slack.MessageBlocks, tt.blocks)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestValidateRefusesModals(t *testing.T) {
	input := `{'type':'input','label':{'type':'plain_text','text':'L'},'element':{'type':'plain_text_input','action_id':'t'}}`
	modal := func(rest string) string {
		return `{'type':'modal','title':{'type':'plain_text','text':'T'}` + rest + `}`
	}
	tests := []struct {
		name, view string
		want       []string
	}{
		{"empty", `{}`, []string{
			"missing required field: type [json-pointer:/view]", "missing required field: title [json-pointer:/view]",
			"missing required field: blocks [json-pointer:/view]",
		}},
		{"input without submit", modal(`,'blocks':[` + input + `]`), []string{"missing required field: submit [json-pointer:/view]"}},
		{"long metadata", modal(`,'blocks':[],'private_metadata':'` + strings.Repeat("x", 3001) + `'`), []string{"must be less than 3001 characters [json-pointer:/view/private_metadata]"}},
		{"no blocks", modal(`,'blocks':null`), []string{"must provide an array [json-pointer:/view/blocks]"}},
		{"long title", `{'type':'modal','title':{'type':'plain_text','text':'` + strings.Repeat("x", 25) + `'},'blocks':[]}`, []string{"must be less than 25 characters [json-pointer:/view/title/text]"}},
		{"home", `{'type':'home','title':{'type':'plain_text','text':'T'},'blocks':[]}`, []string{"must be a valid enum value [json-pointer:/view/type]"}},
		{"stray field", modal(`,'blocks':[],'submit_disabled':true`), []string{"invalid additional property: submit_disabled [json-pointer:/view]"}},
		{"101 blocks", modal(`,'blocks':[` + strings.TrimSuffix(strings.Repeat("{'type':'divider'},", 101), ",") + `]`), []string{"no more than 100 items allowed [json-pointer:/view/blocks]"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, problems(t, slack.ModalView, tt.view)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzValidate shows that nothing can break it, and that what is taken has all
// the texts that are drawn.
func FuzzValidate(f *testing.F) {
	f.Add([]byte(`[{"type":"section","text":{"type":"mrkdwn","text":"x"}}]`))
	f.Add([]byte(`{"type":"modal","title":{"type":"plain_text","text":"T"},"blocks":[{"type":"input"}]}`))
	f.Add([]byte(`[{"type":"actions","elements":[{"type":"static_select","options":[{}],"initial_option":{}}]}]`))
	f.Add([]byte(`[null,{"type":7},{"type":"image","title":[]}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := slack.Validate(slack.ModalView, raw); err != nil {
			return
		}
		found, err := slack.Validate(slack.MessageBlocks, raw)
		if err != nil || len(found) > 0 {
			return
		}
		var blocks []map[string]any
		if err := json.Unmarshal(raw, &blocks); err != nil {
			t.Fatalf("taken, but not a list of blocks: %v", err)
		}
		if len(blocks) > 50 {
			t.Fatalf("%d blocks taken", len(blocks))
		}
	})
}
