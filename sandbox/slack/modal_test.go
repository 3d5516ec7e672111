package slack_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// modal is a view with a required reason and a choice.
func modal(t *testing.T, title, more string) any {
	t.Helper()
	return object(t, `{'type':'modal','callback_id':'reject','private_metadata':'i-1','title':{'type':'plain_text','text':'`+title+`'},
	'submit':{'type':'plain_text','text':'Send'},'blocks':[
	{'type':'input','block_id':'why','label':{'type':'plain_text','text':'Why'},'element':{'type':'plain_text_input','action_id':'text','min_length':3}},
	{'type':'input','block_id':'how','optional':true,'label':{'type':'plain_text','text':'How'},'element':{'type':'radio_buttons','action_id':'pick','options':[
		{'text':{'type':'plain_text','text':'A'},'value':'a'},{'text':{'type':'plain_text','text':'B'},'value':'b'}]}},
	{'type':'input','block_id':'many','optional':true,'label':{'type':'plain_text','text':'Many'},'element':{'type':'checkboxes','action_id':'box','options':[
		{'text':{'type':'plain_text','text':'X'},'value':'x'},{'text':{'type':'plain_text','text':'Y'},'value':'y'}]}},
	{'type':'actions','block_id':'go','elements':[{'type':'button','action_id':'next','text':{'type':'plain_text','text':'Next'}}]}]`+more+`}`)
}

// opened opens a modal for ann.
func (o *office) opened(a *app, more string) answer {
	o.t.Helper()
	o.command("/pullfix reject")
	f := a.next()
	a.ack(f, nil)
	got := o.call("views.open", map[string]any{"trigger_id": f.text("payload", "trigger_id"), "view": modal(o.t, "One", more)})
	if got.code() != "ok" {
		o.t.Fatal(got)
	}
	return got
}

func filled() map[string]map[string]any {
	return map[string]map[string]any{"why": {"text": "because"}, "how": {"pick": "b"}, "many": {"box": []string{"x", "y"}}}
}

func TestSubmissionPayload(t *testing.T) {
	o := newOffice(t, slack.Options{})
	a, _ := o.connect()
	id := o.opened(a, "").text("view", "id")
	d, err := o.Submit(slack.Ann, id, filled())
	if err != nil {
		t.Fatal(err)
	}
	f := a.next()
	if f.text("type") != "interactive" || f.text("payload", "type") != "view_submission" || f.text("payload", "view", "private_metadata") != "i-1" {
		t.Errorf("%v", f)
	}
	view, _ := f["payload"].(map[string]any)["view"].(map[string]any)
	option := func(text, value string) map[string]any {
		return map[string]any{"text": map[string]any{"type": "plain_text", "text": text}, "value": value}
	}
	want := map[string]any{"values": map[string]any{
		"why":  map[string]any{"text": map[string]any{"type": "plain_text_input", "value": "because"}},
		"how":  map[string]any{"pick": map[string]any{"type": "radio_buttons", "selected_option": option("B", "b")}},
		"many": map[string]any{"box": map[string]any{"type": "checkboxes", "selected_options": []any{option("X", "x"), option("Y", "y")}}},
	}}
	if diff := cmp.Diff(want, view["state"]); diff != "" {
		t.Error(diff)
	}
	if v, ok := o.OpenView(slack.Ann); !ok || !v.Submitting {
		t.Errorf("before the acknowledgement: %+v", v)
	}
	a.ack(f, nil)
	o.settled(d)
	if v, ok := o.OpenView(slack.Ann); ok {
		t.Errorf("after it: %+v", v)
	}
}

func TestResponseActions(t *testing.T) {
	tests := []struct {
		name    string
		payload func(t *testing.T) any
		want    string // the visible modal, its errors and its failure
	}{
		{"close", func(*testing.T) any { return nil }, "none"},
		{"clear", func(*testing.T) any { return map[string]any{"response_action": "clear"} }, "none"},
		{"errors", func(t *testing.T) any { return object(t, `{'response_action':'errors','errors':{'why':'too short'}}`) }, "One map[why:too short] "},
		{"errors elsewhere", func(t *testing.T) any { return object(t, `{'response_action':'errors','errors':{'go':'x'}}`) }, "One map[] We had some trouble connecting. Try again?"},
		{"update", func(t *testing.T) any {
			return map[string]any{"response_action": "update", "view": modal(t, "Two", "")}
		}, "Two map[] "},
		{"push", func(t *testing.T) any { return map[string]any{"response_action": "push", "view": modal(t, "Two", "")} }, "Two map[] "},
		{"a bad view", func(*testing.T) any { return map[string]any{"response_action": "push", "view": map[string]any{}} }, "One map[] We had some trouble connecting. Try again?"},
		{"something else", func(*testing.T) any { return map[string]any{"text": "hi"} }, "One map[] We had some trouble connecting. Try again?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t, slack.Options{})
			a, _ := o.connect()
			o.opened(a, "")
			d, err := o.Submit(slack.Ann, "", filled())
			if err != nil {
				t.Fatal(err)
			}
			a.ack(a.next(), tt.payload(t))
			o.settled(d)
			got := "none"
			if v, ok := o.OpenView(slack.Ann); ok {
				got = fmt.Sprint(v.Title, " ", v.Errors, " ", v.Failure)
			}
			if got != tt.want {
				t.Errorf("ann sees %s, want %s", got, tt.want)
			}
		})
	}
}

func TestUnansweredSubmissionStaysOpen(t *testing.T) {
	o := newOffice(t, slack.Options{AckWithin: 50 * time.Millisecond})
	a, _ := o.connect()
	o.opened(a, "")
	d, err := o.Submit(slack.Ann, "", filled())
	if err != nil {
		t.Fatal(err)
	}
	o.settled(d)
	v, ok := o.OpenView(slack.Ann)
	if !ok || v.Submitting || v.Failure != "We had some trouble connecting. Try again?" || v.Values["why"]["text"] != "because" {
		t.Errorf("%+v", v)
	}
}

func TestClientSideComplaints(t *testing.T) {
	o := newOffice(t, slack.Options{})
	a, _ := o.connect()
	o.opened(a, "")
	for _, text := range []string{"", "no"} {
		_, err := o.Submit(slack.Ann, "", map[string]map[string]any{"why": {"text": text}})
		var incomplete *slack.Incomplete
		if !errors.As(err, &incomplete) || len(incomplete.Blocks) != 1 || incomplete.Blocks["why"] == "" {
			t.Errorf("%q: %v", text, err)
		}
	}
	a.nothing(20 * time.Millisecond)
}

func TestStackOfModals(t *testing.T) {
	o := newOffice(t, slack.Options{})
	a, _ := o.connect()
	first := o.opened(a, `,'notify_on_close':true`)
	push := func() (answer, string) {
		o.act(slack.Press{User: slack.Ann, ViewID: visible(t, o), ActionID: "next"})
		f := a.next()
		a.ack(f, nil)
		if f.text("payload", "container", "type") != "view" || f.text("payload", "view", "hash") == "" {
			t.Errorf("%v", f)
		}
		trigger := f.text("payload", "trigger_id")
		return o.call("views.push", map[string]any{"trigger_id": trigger, "view": modal(t, "More", `,'notify_on_close':true`)}), trigger
	}
	second, trigger := push()
	if second.text("view", "root_view_id") != first.text("view", "id") || second.text("view", "previous_view_id") != first.text("view", "id") {
		t.Errorf("%v", second)
	}
	if got := o.call("views.push", map[string]any{"trigger_id": trigger, "view": modal(t, "More", "")}); got.code() != "exchanged_trigger_id" {
		t.Errorf("the same trigger again: %v", got)
	}
	if third, _ := push(); third.code() != "ok" {
		t.Errorf("%v", third)
	}
	if fourth, _ := push(); fourth.code() != "push_limit_reached" {
		t.Errorf("%v", fourth)
	}
	closing := func(all bool) answer {
		if _, err := o.CloseView(slack.Ann, "", all); err != nil {
			t.Fatal(err)
		}
		f := a.next()
		a.ack(f, nil)
		payload, _ := f["payload"].(map[string]any)
		return payload
	}
	if p := closing(false); p["is_cleared"] != false || p.text("type") != "view_closed" {
		t.Errorf("%v", p)
	}
	if visible(t, o) != second.text("view", "id") {
		t.Error("Cancel does not show the modal below")
	}
	if p := closing(true); p["is_cleared"] != true || p.text("view", "id") != first.text("view", "id") {
		t.Errorf("%v", p)
	}
	if _, ok := o.OpenView(slack.Ann); ok {
		t.Error("the ✕ leaves modals open")
	}
}

func visible(t *testing.T, o *office) string {
	t.Helper()
	v, ok := o.OpenView(slack.Ann)
	if !ok {
		t.Fatal("no modal")
	}
	return v.ID
}

func TestUpdatingModals(t *testing.T) {
	o := newOffice(t, slack.Options{})
	a, _ := o.connect()
	view := o.opened(a, "")
	id, hash := view.text("view", "id"), view.text("view", "hash")
	if _, err := o.Act(slack.Press{User: slack.Ann, ViewID: id, BlockID: "why", ActionID: "text", Value: "because"}); err != nil {
		t.Fatal(err)
	}
	a.nothing(20 * time.Millisecond) // no dispatch_action
	next := o.call("views.update", map[string]any{"view_id": id, "hash": hash, "view": modal(t, "Two", "")})
	if next.code() != "ok" || next.text("view", "hash") == hash {
		t.Fatalf("%v", next)
	}
	if got := next.text("view", "state", "values", "why", "text", "value"); got != "because" {
		t.Errorf("after an update the input holds %q", got)
	}
	if got := o.call("views.update", map[string]any{"view_id": id, "hash": hash, "view": modal(t, "Three", "")}); got.code() != "hash_conflict" {
		t.Errorf("a stale hash: %v", got)
	}
	if got := o.call("views.update", map[string]any{"view_id": id, "view": object(t, `{'type':'modal'}`)}); got.code() != "invalid_arguments" {
		t.Errorf("a bad view: %v", got)
	}
	if _, err := o.CloseView(slack.Ann, id, false); err != nil {
		t.Fatal(err)
	}
	if got := o.call("views.update", map[string]any{"view_id": id, "view": modal(t, "Three", "")}); got.code() != "not_found" {
		t.Errorf("a closed modal: %v", got)
	}
	a.nothing(20 * time.Millisecond) // no notify_on_close
}
