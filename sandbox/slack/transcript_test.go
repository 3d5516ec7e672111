package slack_test

import (
	"context"
	"errors"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/sandbox/slack"
)

func TestTranscriptHasNoSecrets(t *testing.T) {
	o := newOffice(t, slack.Options{})
	a, _ := o.connect()
	form(t, overPort(t), o.APIURL+"chat.postMessage", url.Values{
		"token": {botToken}, "channel": {slack.Ops}, "text": {"my token is " + botToken + " and xoxp-123-abc"},
	})
	d := o.command("/pullfix help " + appToken)
	a.ack(a.next(), map[string]any{"text": botToken})
	o.settled(d)
	kinds := map[string]bool{}
	for _, e := range o.Transcript() {
		kinds[e.Kind] = true
		for _, secret := range []string{"xoxb-", "xoxp-", "xapp-", "ticket=0", "ticket=1"} {
			if strings.Contains(e.Body+e.Name, secret) {
				t.Errorf("%q in %+v", secret, e)
			}
		}
	}
	for _, kind := range []string{"call", "answer", "socket", "sent", "received", "act"} {
		if !kinds[kind] {
			t.Errorf("no %s in the transcript", kind)
		}
	}
	if n := o.Calls("chat.postMessage"); n != 1 {
		t.Errorf("%d calls counted", n)
	}
}

func TestServingOnlyOnLoopback(t *testing.T) {
	w := slack.New(slack.Options{})
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "example.com:0", "nonsense"} {
		if s, err := w.Serve(t.Context(), addr); err == nil {
			s.Close()
			t.Errorf("listens on %s", addr)
		}
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	w := slack.New(slack.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.WaitMessage(ctx, slack.Ops, func(slack.Message) bool { return true }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestStandsAlone keeps the client library that it stands in for out of it.
func TestStandsAlone(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.FieldsSeq(string(out)) {
		first, _, _ := strings.Cut(dep, "/")
		ours := dep == "github.com/pullfix/pullfix/sandbox/slack" || dep == "github.com/gorilla/websocket"
		if strings.Contains(first, ".") && !ours && first != "vendor" && first != "golang.org" {
			t.Errorf("depends on %s", dep)
		}
	}
}
