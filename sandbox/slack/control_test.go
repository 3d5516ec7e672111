package slack_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// control posts to the remote control.
func (o *office) control(what, body string) answer {
	o.t.Helper()
	a, _ := o.controlAs(what, body, nil)
	return a
}

func (o *office) controlAs(what, body string, header http.Header) (answer, int) {
	o.t.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(o.ctx, method, o.URL+"/control/"+what, strings.NewReader(strings.ReplaceAll(body, "'", `"`)))
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for key, values := range header {
		r.Header[key] = values
		if key == "Host" {
			r.Host = values[0]
		}
	}
	a, resp := read(o.t, overPort(o.t)(r))
	return a, resp.StatusCode
}

func (o *office) state(user string) slack.State {
	o.t.Helper()
	s, err := o.State(user)
	if err != nil {
		o.t.Fatal(err)
	}
	return s
}

func TestALifeByRemoteControl(t *testing.T) {
	o := newOffice(t, slack.Options{})
	a, _ := o.connect()
	answering := make(chan struct{})
	go func() { // an app that acknowledges everything
		defer close(answering)
		for f := range a.frames {
			if f.text("payload", "type") == "view_submission" {
				a.ack(f, map[string]any{"response_action": "errors", "errors": map[string]any{"why": "no"}})
				continue
			}
			a.ack(f, nil)
			if trigger := f.text("payload", "trigger_id"); f.text("payload", "text") == "modal" {
				o.call("views.open", map[string]any{"trigger_id": trigger, "view": modal(t, "One", "")})
			}
		}
	}()
	ts := o.posted("", buttons)
	for what, body := range map[string]string{
		"command": `{'user':'U01ANN','channel':'C01OPS','text':'/pullfix modal','wait':true}`,
		"act":     `{'user':'U01ANN','channel':'C01OPS','ts':'` + ts + `','action_id':'approve','wait':true}`,
	} {
		if got := o.control(what, body); got.code() != "ok" || got.text("delivery", "acked_at") == "" {
			t.Errorf("%s: %v", what, got)
		}
	}
	if _, err := o.WaitView(o.ctx, slack.Ann, func(v slack.View) bool { return v.Title == "One" }); err != nil {
		t.Fatal(err)
	}
	if got := o.control("submit", `{'user':'U01ANN','values':{}}`); got.code() != "incomplete" || got.text("errors", "why") == "" {
		t.Errorf("an empty submission: %v", got)
	}
	if got := o.control("submit", `{'user':'U01ANN','values':{'why':{'text':'because'}},'wait':true}`); got.code() != "ok" {
		t.Errorf("submission: %v", got)
	}
	if m := o.state(slack.Ann).Modals; len(m) != 1 || m[0].Errors["why"] != "no" {
		t.Errorf("modals %+v", m)
	}
	if got := o.control("close", `{'user':'U01ANN','all':true}`); got.code() != "ok" {
		t.Errorf("close: %v", got)
	}
	if got := o.control("say", `{'user':'U02BOB','channel':'C01OPS','text':'hello','thread_ts':'`+ts+`'}`); got.text("message", "thread_ts") != ts {
		t.Errorf("say: %v", got)
	}
	if got := o.control("join", `{'user':'U00PULLFIX','channel':'C02RANDOM'}`); got.code() != "ok" {
		t.Errorf("join: %v", got)
	}
	if got := o.control("sockets", `{'action':'kill'}`); got["sockets"] != float64(1) {
		t.Errorf("kill: %v", got)
	}
	if err := <-a.closed; err == nil {
		t.Error("the killed socket ended without an error")
	}
	close(a.frames)
	<-answering
}

func TestBreakingByRemoteControl(t *testing.T) {
	o := newOffice(t, slack.Options{})
	for what, body := range map[string]string{
		"fault":    `{'method':'auth.test','times':1,'error':'fatal_error'}`,
		"clock":    `{'offset_seconds':60}`,
		"switches": `{'no_limits':true,'redeliver':true}`,
		"event":    `{'payload':{'type':'app_mention'}}`,
		"inject":   `{'kind':'block_actions','payload':{'type':'block_actions'}}`,
	} {
		if got := o.control(what, body); got.code() != "ok" {
			t.Errorf("%s: %v", what, got)
		}
	}
	if got := o.control("switches", `{'redeliver':false}`); got.code() != "ok" {
		t.Fatal(got)
	}
	if s := o.state(slack.Ann).Switches; !s.NoLimits || s.Redeliver {
		t.Errorf("%+v", s)
	}
	if got := o.call("auth.test", nil).code() + " " + o.call("auth.test", nil).code(); got != "fatal_error ok" {
		t.Errorf("auth.test answers %s", got)
	}
	if got := o.control("mend", `{}`); got.code() != "ok" {
		t.Errorf("mend: %v", got)
	}
	for what, want := range map[string]string{
		"sockets": "unknown_action", "command": "user_not_found", "act": "channel_not_found", "submit": "view_not_found",
		"close": "view_not_found", "say": "user_not_found", "join": "channel_not_found",
	} {
		body := `{}`
		if what == "act" {
			body = `{'user':'U01ANN'}`
		}
		if got, status := o.controlAs(what, body, nil); got.code() != want || status != http.StatusBadRequest {
			t.Errorf("%s: %d %v, want %s", what, status, got, want)
		}
		if got, _ := o.controlAs(what, `{`, nil); got.code() != "invalid_json" {
			t.Errorf("%s with broken JSON: %v", what, got)
		}
	}
}

func TestOtherSitesCannotControl(t *testing.T) {
	o := newOffice(t, slack.Options{})
	host := strings.TrimPrefix(o.URL, "http://")
	for _, tt := range []struct {
		name   string
		header http.Header
		want   int
	}{
		{"nobody in particular", nil, http.StatusOK},
		{"the page itself", http.Header{"Origin": {"http://" + host}, "Sec-Fetch-Site": {"same-origin"}}, http.StatusOK},
		{"another site", http.Header{"Origin": {"https://evil.example"}}, http.StatusForbidden},
		{"another port of this machine", http.Header{"Origin": {"http://127.0.0.1:1"}}, http.StatusForbidden},
		{"a sandboxed frame", http.Header{"Origin": {"null"}}, http.StatusForbidden},
		{"a request without an origin, from elsewhere", http.Header{"Sec-Fetch-Site": {"cross-site"}}, http.StatusForbidden},
		{"a name that was made to point here", http.Header{"Host": {"evil.example:80"}}, http.StatusForbidden},
		{"a form", http.Header{"Content-Type": {"text/plain"}}, http.StatusUnsupportedMediaType},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if a, status := o.controlAs("mend", `{}`, tt.header); status != tt.want {
				t.Errorf("%d %v, want %d", status, a, tt.want)
			}
		})
	}
}

func TestStatesDiffer(t *testing.T) {
	o := newOffice(t, slack.Options{})
	o.call("chat.postEphemeral", map[string]any{"channel": slack.Ops, "user": slack.Ann, "text": "psst"})
	o.call("chat.postMessage", map[string]any{"channel": slack.Secret, "text": "private"})
	channels := func(user string) string {
		var names []string
		for _, c := range o.state(user).Channels {
			name := c.Name
			if len(c.Messages) > 0 {
				name += "+"
			}
			names = append(names, name)
		}
		return strings.Join(names, " ")
	}
	for user, want := range map[string]string{
		slack.Ann:  "ops+ random board partner old-ops",
		slack.Bob:  "ops random platform-private+ partner old-ops",
		slack.Gina: "ops",
		slack.Erik: "partner",
	} {
		if got := channels(user); got != want {
			t.Errorf("%s sees %s, want %s", user, got, want)
		}
	}
	got, status := o.controlAs("state?user=U01ANN", "", nil)
	if status != http.StatusOK || strings.Contains(jsonOf(t, got), "xoxb") || strings.Contains(jsonOf(t, got), "xapp") {
		t.Errorf("%d, or a token is in the state", status)
	}
	if got, status := o.controlAs("state?user=nobody", "", nil); status != http.StatusNotFound {
		t.Errorf("%d %v", status, got)
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestEventsStream(t *testing.T) {
	o := newOffice(t, slack.Options{})
	ctx, cancel := context.WithCancel(o.ctx)
	defer cancel()
	listen := func(query string) *bufio.Scanner {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, o.URL+"/control/events?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp := overPort(t)(r)
		t.Cleanup(func() { _ = resp.Body.Close() })
		lines := bufio.NewScanner(resp.Body)
		if !lines.Scan() || lines.Text() != ": connected" {
			t.Fatalf("%q", lines.Text())
		}
		return lines
	}
	change := func(lines *bufio.Scanner) slack.Change {
		for lines.Scan() {
			if line, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var c slack.Change
				if err := json.Unmarshal([]byte(line), &c); err != nil {
					t.Fatal(err)
				}
				return c
			}
		}
		t.Fatal("the stream ended")
		return slack.Change{}
	}
	bob := listen("user=" + slack.Bob)
	o.call("chat.postEphemeral", map[string]any{"channel": slack.Ops, "user": slack.Ann, "text": "psst"})
	ts := o.call("chat.postMessage", map[string]any{"channel": slack.Ops, "text": "hello"}).text("ts")
	c := change(bob)
	if c.Kind != "message" || c.TS != ts || c.Channel != slack.Ops {
		t.Errorf("bob's first change: %+v", c)
	}
	if again := change(listen("since=0&user=" + slack.Bob)); again != c {
		t.Errorf("resumed: %+v, want %+v", again, c)
	}
	o.call("chat.update", map[string]any{"channel": slack.Ops, "ts": ts, "text": "bye"})
	if c := change(bob); c.Kind != "message_changed" || c.TS != ts {
		t.Errorf("%+v", c)
	}
}
