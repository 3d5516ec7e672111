//go:build sdk

package sdk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// play is a scenario: an app of Slack's SDKs in a workspace. The test acts as
// the people.
type play struct {
	*slack.Workspace
	t     *testing.T
	ctx   context.Context
	app   *exec.Cmd
	stdin io.Closer
	// steps are what the app reached, in order; closed when it ended.
	steps  chan step
	stderr bytes.Buffer
}

// step is a line of the app's standard output.
type step struct {
	Name string            `json:"step"`
	Seen map[string]string `json:"seen"`
}

// perform opens a workspace and starts the script in it.
func perform(t *testing.T, k kit, script string, o slack.Options) *play {
	t.Helper()
	return begin(t, k, script, slack.New(o))
}

// begin starts the script in a workspace that is prepared.
func begin(t *testing.T, k kit, script string, w *slack.Workspace) *play {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	server, err := w.Serve(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	dir := k.room(t)
	if err := unpack(dir, ""); err != nil {
		t.Fatal(err)
	}
	app := slack.ExampleSeed().App
	p := &play{Workspace: w, t: t, ctx: ctx, steps: make(chan step, 100)}
	p.app = exec.CommandContext(ctx, "node", script)
	p.app.Dir = dir
	p.app.Env = append(os.Environ(), "SLACK_API_URL="+server.APIURL, "SLACK_BOT_TOKEN="+app.BotToken, "SLACK_APP_TOKEN="+app.AppToken)
	p.app.Stderr = &p.stderr
	p.stdin, err = p.app.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.app.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.app.Start(); err != nil {
		t.Fatal(err)
	}
	go p.follow(out)
	return p
}

func (p *play) follow(out io.Reader) {
	defer close(p.steps)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var s step
		if json.Unmarshal(lines.Bytes(), &s) != nil {
			s = step{Name: "not a step: " + lines.Text()}
		}
		p.steps <- s
	}
}

// reaches waits for the app's next step, which has to be this one.
func (p *play) reaches(name string) map[string]string {
	p.t.Helper()
	s, ok := <-p.steps
	switch {
	case !ok:
		err := p.app.Wait()
		p.t.Fatalf("the app ended before %q: %v\n%s\n%s", name, err, p.stderr.String(), p.lately())
	case s.Name != name:
		p.t.Fatalf("the app reached %q %v, want %q", s.Name, s.Seen, name)
	}
	return s.Seen
}

// lately is the end of the transcript.
func (p *play) lately() string {
	entries := p.Transcript()
	var out strings.Builder
	for _, e := range entries[max(0, len(entries)-10):] {
		fmt.Fprintf(&out, "%s %s %s %.200s\n", e.At.Format("15:04:05.000"), e.Kind, e.Name, e.Body)
	}
	return out.String()
}

// ends tells the app to go, and expects that it had no complaint.
func (p *play) ends() {
	p.t.Helper()
	_ = p.stdin.Close()
	for s := range p.steps {
		p.t.Errorf("one step too many: %q %v", s.Name, s.Seen)
	}
	if err := p.app.Wait(); err != nil {
		p.t.Fatalf("the app ended with %v\n%s", err, p.stderr.String())
	}
}

// command types the command as Ann in #ops.
func (p *play) command(text string) slack.Delivery {
	p.t.Helper()
	return p.sent(p.Command(slack.Ann, slack.Ops, text))
}

// press acts on the message as Bob.
func (p *play) press(ts, action, value string) slack.Delivery {
	p.t.Helper()
	return p.sent(p.Act(slack.Press{User: slack.Bob, Channel: slack.Ops, TS: ts, ActionID: action, Value: value}))
}

func (p *play) sent(d slack.Delivery, err error) slack.Delivery {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

// acked waits until the delivery is over, and expects that the app took it.
func (p *play) acked(d slack.Delivery) slack.Delivery {
	p.t.Helper()
	d, err := p.WaitDelivery(p.ctx, d.EnvelopeID)
	if err != nil {
		p.t.Fatal(err)
	}
	if d.Failure != "" || d.AckedAt.IsZero() {
		p.t.Fatalf("the app did not take it: %+v", d)
	}
	return d
}

// shown waits for a message of the text in #ops.
func (p *play) shown(text string) slack.Message {
	p.t.Helper()
	m, err := p.WaitMessage(p.ctx, slack.Ops, func(m slack.Message) bool { return m.Text == text })
	if err != nil {
		p.t.Fatalf("%q: %v", text, err)
	}
	return m
}

// reconnected waits for a socket that is not the given one, and is alone.
func (p *play) reconnected(old int) int {
	p.t.Helper()
	for p.ctx.Err() == nil {
		now := p.Sockets()
		if len(now) == 1 && now[0].ID != old && !now[0].Leaving {
			return now[0].ID
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.t.Fatalf("no new socket: %+v", p.Sockets())
	return 0
}

// count counts the entries of the transcript that fit.
func (p *play) count(fits func(slack.Entry) bool) int {
	return len(slices.DeleteFunc(p.Transcript(), func(e slack.Entry) bool { return !fits(e) }))
}
