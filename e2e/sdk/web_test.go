//go:build sdk

package sdk

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// webClient takes the Web API client through answers and errors.
func webClient(t *testing.T, k kit) {
	seed := slack.ExampleSeed()
	seed.App.Scopes = slices.DeleteFunc(seed.App.Scopes, func(s string) bool { return s == "im:write" })
	w := slack.New(slack.Options{Seed: seed})
	for _, f := range []slack.Fault{
		{Method: "users.info", Status: http.StatusTooManyRequests, RetryAfter: 1},
		{Method: "conversations.info", Status: http.StatusTooManyRequests, RetryAfter: 7},
		{Method: "usergroups.list", Status: http.StatusServiceUnavailable},
	} {
		w.Break(f)
	}
	p := begin(t, k, "web.mjs", w)
	p.reaches("refused")
	if m := p.Messages(slack.Ops, slack.Ann); len(m) != 0 {
		t.Errorf("refused calls left messages: %+v", m)
	}
	p.reaches("recovered")
	if n := p.Calls("users.info"); n != 2 {
		t.Errorf("users.info was called %d times, want once more after the limit", n)
	}
	root := p.reaches("answered")["root"]
	p.leftBehind(root)
	p.reaches("patient")
	p.ends()
	if m := p.Messages(slack.Secret, slack.Bob); len(m) != 7 || m[6].Text != "message 7" {
		t.Errorf("of seven messages came %d", len(m))
	}
	if p.count(limited("chat.postMessage")) == 0 {
		t.Error("posting seven messages at once met no limit")
	}
	k.sentFits(t, p.Transcript())
}

func limited(method string) func(slack.Entry) bool {
	return func(e slack.Entry) bool {
		return e.Kind == "answer" && e.Name == method && e.Status == http.StatusTooManyRequests
	}
}

// leftBehind looks at what the client left in #ops.
func (p *play) leftBehind(root string) {
	p.t.Helper()
	thread := p.Thread(slack.Ops, root, slack.Bob)
	if len(thread) != 3 || thread[0].Text != `a & b <tag> "quotes" ✓ 你好` || thread[1].Text != "reply" {
		p.t.Fatalf("the thread is %+v", thread)
	}
	if files := thread[2].Files; len(files) != 1 || files[0].Title != "Report" {
		p.t.Errorf("the file is %+v", files)
	} else if content, ok := p.FileContent(files[0].ID); !ok || string(content) != "# report\n" {
		p.t.Errorf("its content is %q", content)
	}
	if m := p.shown("for you alone"); m.VisibleTo != slack.Ann {
		p.t.Errorf("the ephemeral message is %+v", m)
	}
	if slices.ContainsFunc(p.Messages(slack.Ops, slack.Ann), func(m slack.Message) bool { return strings.Contains(m.Text, "gone") }) {
		p.t.Error("the deleted message is still there")
	}
}
