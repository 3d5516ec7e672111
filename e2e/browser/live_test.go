package browser_test

import (
	"fmt"
	"strings"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// live are about what changes while somebody looks.
func live() []scenario {
	return []scenario{
		{name: "scrolled up", run: scrolledUp},
		{name: "connection lost", run: connectionLost},
		{name: "unread", run: unread},
		{name: "deleted", run: deleted},
	}
}

func scrolledUp(v *visit) {
	for n := range 30 {
		v.app.call("chat.postMessage", map[string]any{"channel": slack.Ops, "text": fmt.Sprintf("line %d\nof two", n)})
	}
	v.open(slack.Ann)
	v.see("#messages .message", "line 29")
	v.until(bottom, "it begins at the end")
	v.app.call("chat.postMessage", map[string]any{"channel": slack.Ops, "text": "still at the end"})
	v.see("#messages .message", "still at the end")
	v.until(bottom, "it stays at the end")
	ask[bool](v, "document.querySelector('#messages').scrollTo(0, 200) === undefined")
	v.until("!("+bottom+")", "it is scrolled up")
	before := ask[float64](v, "document.querySelector('#messages').scrollTop")
	v.app.call("chat.postMessage", map[string]any{"channel": slack.Ops, "text": "far below"})
	v.see("#jump", "1 new message")
	if after := ask[float64](v, "document.querySelector('#messages').scrollTop"); after != before {
		v.t.Errorf("the place moved from %v to %v", before, after)
	}
	v.click("#jump")
	v.until(bottom, "the button leads to the end")
	v.gone("#jump", "new message")
	ask[bool](v, "document.querySelector('#messages').scrollTo(0, 0) === undefined")
	v.send("what I say is shown")
	v.see("#messages .message", "what I say is shown")
	v.until(bottom, "one's own message is in sight")
}

const bottom = `(() => { const e = document.querySelector('#messages'); return e.scrollHeight - e.scrollTop - e.clientHeight < 2 })()`

func connectionLost(v *visit) {
	v.open(slack.Ann)
	v.server.Close()
	v.see("#link", "Connection lost")
	if _, err := v.Say(slack.Bob, slack.Ops, "", "said in between"); err != nil {
		v.t.Fatal(err)
	}
	v.serve(strings.TrimPrefix(v.url, "http://"))
	v.see("#messages .message", "said in between")
	v.gone("#link", "Connection lost")
	if _, err := v.Say(slack.Bob, slack.Ops, "", "and live again"); err != nil {
		v.t.Fatal(err)
	}
	v.see("#messages .message", "and live again")
}

func unread(v *visit) {
	v.open(slack.Ann)
	if _, err := v.Say(slack.Bob, slack.Random, "", "over here"); err != nil {
		v.t.Fatal(err)
	}
	v.see("#sidebar .unread", "random")
	v.click(`[data-channel="` + slack.Random + `"]`)
	v.see("#messages .message", "over here")
	v.gone("#sidebar .unread", "random")
}

func deleted(v *visit) {
	v.open(slack.Ann)
	v.send("/pullfix diagnose shop checkout-7f9c4")
	v.see("#messages h3", "The tag 1.4.22")
	v.app.post(slack.Ops, "evidence.json", map[string]any{"thread_ts": v.app.root})
	v.see("#messages .reply-bar", "1 reply")
	v.app.call("chat.delete", map[string]any{"channel": slack.Ops, "ts": v.app.root})
	v.see("#messages .tombstone", "This message was deleted.")
	v.gone("#messages", "Diagnose again")
}
