package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pullfix/pullfix/sandbox/shop"
	"github.com/pullfix/pullfix/sandbox/slack"
)

// stage is a simulated company, with the bot in it or not.
type stage struct {
	*shop.World
	slack     *slack.Server
	directory string
	variables map[string]string // of the environment, besides the tokens
	log       shared
}

// shared is a buffer for what several goroutines write.
type shared struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *shared) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{directory: t.TempDir()}
	var err error
	s.World, err = shop.Open(t.Context(), shop.Options{
		Directory: s.directory, Scopes: botScopes(), Startup: 50 * time.Millisecond, Retry: 300 * time.Millisecond, MaxRetry: 2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if s.slack, err = s.Workspace.Serve(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.slack.Close)
	// Slack's rates are tested elsewhere; here they would only take time.
	s.Workspace.Switch(func(w *slack.Switches) { w.NoLimits = true })
	return s
}

// configure writes the configuration of the company; more is added to it.
func (s *stage) configure(t *testing.T, more string) string {
	t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "slack: {apiURL: %q, channel: %s}\n", s.slack.APIURL, slack.Ops)
	fmt.Fprintf(&text, "clusters: [{name: %s, kubeconfig: %q}]\nregistries:\n", shop.ClusterName, s.Kubeconfig)
	for _, host := range s.Hosts() {
		fmt.Fprintf(&text, "  - {host: %q, caFile: %q}\n", host, s.CAFile)
	}
	fmt.Fprintf(&text, "listen: 127.0.0.1:0\naccess: [{groups: [%s], clusters: [%s], namespaces: ['*']}]\n", shop.Developers, shop.ClusterName)
	fmt.Fprintf(&text, "approvals: [{groups: [%s], clusters: ['*'], namespaces: ['*'], remedies: ['*']}]\n", slack.Platform)
	if !strings.Contains(more, "watch:") {
		more += "\nwatch: {off: true}" // who asks wants to be the first
	}
	fmt.Fprintf(&text, "responders: {groups: [%s]}\n%s\n", slack.Platform, more)
	file := filepath.Join(s.directory, "pullfix.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// serve runs the bot until the function it returns is called, which wants it to
// end well.
func (s *stage) serve(t *testing.T, more string) (stop func()) {
	t.Helper()
	bot, app := s.Tokens()
	tokens := map[string]string{"SLACK_BOT_TOKEN": bot, "SLACK_APP_TOKEN": app}
	maps.Copy(tokens, s.variables)
	e := env{
		args: []string{"serve", "--config", s.configure(t, more)}, stdin: strings.NewReader(""), stdout: &s.log, stderr: &s.log,
		getenv: func(name string) string { return tokens[name] }, columns: func(any) int { return 0 }, openCluster: openCluster,
		openRegistry: func(choice registryChoice) (prober, error) {
			choice.network = s.Network
			return openRegistry(choice)
		},
		pace: pace{poll: 100 * time.Millisecond, settle: 300 * time.Millisecond},
	}
	ctx, cancel := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() { code <- run(ctx, e) }()
	s.online(t)
	return func() {
		cancel()
		select {
		case got := <-code:
			if got != exitFine {
				t.Errorf("serve ended with %d:\n%s", got, s.log.String())
			}
		case <-time.After(20 * time.Second):
			t.Error("serve does not end")
		}
	}
}

// online waits until the bot is in the workspace.
func (s *stage) online(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Workspace.WaitSockets(ctx, 1); err != nil {
		t.Fatalf("the bot does not come: %v\n%s", err, s.log.String())
	}
}

// command types a command, which has to be acknowledged.
func (s *stage) command(t *testing.T, user, text string) {
	t.Helper()
	d, err := s.Workspace.Command(user, slack.Ops, "/pullfix "+text)
	s.acknowledged(t, d, err)
}

func (s *stage) acknowledged(t *testing.T, d slack.Delivery, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if d, err = s.Workspace.WaitDelivery(t.Context(), d.EnvelopeID); err != nil || d.Failure != "" {
		t.Fatalf("not acknowledged: %+v, %v\n%s", d, err, s.log.String())
	}
}

// words are all that stands in a message.
func words(m slack.Message) string {
	blocks, _ := json.Marshal(m.Blocks) // what was decoded always encodes
	return m.Text + "\n" + string(blocks)
}

// saw waits for a message or a reply in the channel with all of the words.
func (s *stage) saw(t *testing.T, wanted ...string) slack.Message {
	t.Helper()
	return s.await(t, func(m slack.Message) bool { return !m.Ephemeral && hasAll(words(m), wanted) }, wanted)
}

// told waits for what only one person sees.
func (s *stage) told(t *testing.T, user string, wanted ...string) {
	t.Helper()
	s.await(t, func(m slack.Message) bool { return m.VisibleTo == user && hasAll(words(m), wanted) }, wanted)
}

func (s *stage) await(t *testing.T, fits func(slack.Message) bool, wanted []string) slack.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	m, err := s.Workspace.WaitMessage(ctx, slack.Ops, fits)
	if err != nil {
		var seen []string
		for _, viewer := range []string{slack.Ann, slack.Bob} {
			for _, m := range s.Workspace.Messages(slack.Ops, viewer) {
				seen = append(seen, fmt.Sprintf("%s %s to %q: %s", m.TS, m.ThreadTS, m.VisibleTo, m.Text))
			}
		}
		t.Fatalf("nobody said %q: %v\n%s\n%s", wanted, err, strings.Join(seen, "\n\n"), s.log.String())
	}
	return m
}

func hasAll(text string, wanted []string) bool {
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// press presses a button of the message, or chooses an entry of its menu.
func (s *stage) press(t *testing.T, user string, m slack.Message, button string) {
	t.Helper()
	p := slack.Press{User: user, Channel: m.Channel, TS: m.TS, ActionID: button}
	if _, _, there := m.Element(button); !there {
		p.ActionID, p.Value = "pullfix.more", option(t, m, button)
	}
	d, err := s.Workspace.Act(p)
	s.acknowledged(t, d, err)
}

// option finds the entry of the menu for an action.
func option(t *testing.T, m slack.Message, button string) string {
	t.Helper()
	_, menu, _ := m.Element("pullfix.more")
	options, _ := menu["options"].([]any)
	for _, o := range options {
		if entry, _ := o.(map[string]any); entry != nil {
			if value, _ := entry["value"].(string); strings.HasPrefix("pullfix."+value, button) {
				return value
			}
		}
	}
	t.Fatalf("no %s in %s", button, words(m))
	return ""
}

// approve presses the button and confirms what the modal shows.
func (s *stage) approve(t *testing.T, user string, m slack.Message) {
	t.Helper()
	s.press(t, user, m, "pullfix.approve")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	v, err := s.Workspace.WaitView(ctx, user, func(v slack.View) bool { return v.Submit == "Approve" })
	if err != nil {
		t.Fatalf("no modal opens: %v\n%s", err, s.log.String())
	}
	d, err := s.Workspace.Submit(user, v.ID, nil)
	s.acknowledged(t, d, err)
}

// eventually tries for a while.
func eventually(reached func() bool) bool {
	for range 200 {
		if reached() {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}
