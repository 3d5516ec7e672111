//go:build e2e && linux

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// chat is a workspace with the bot in it: the program that users install,
// serving the real cluster.
type chat struct {
	*bed
	workspace *slack.Workspace
	apiURL    string
	log       journal
	folder    string
	people    int // how many askers and approvers there are
}

// askers is the group of those who may ask; slack.Platform approves.
const askers = "S03ASKERS"

func asker(n int) string    { return fmt.Sprintf("U3%03dASKER", n) }
func approver(n int) string { return fmt.Sprintf("U2%03dAPPROVER", n) }

// journal is a buffer for what a process writes while tests read it.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// openChat serves a workspace with a pair of people for each cure, since a
// person looks at one modal at a time and may not ask without end.
func (b *bed) openChat(t *testing.T, people int) *chat {
	t.Helper()
	c := &chat{bed: b, folder: t.TempDir(), people: people}
	c.workspace = slack.New(slack.Options{Seed: crowd(people)})
	c.workspace.Switch(func(w *slack.Switches) { w.NoLimits = true }) // Slack's rates are tested elsewhere
	server, err := c.workspace.Serve(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	c.apiURL = server.APIURL
	return c
}

func crowd(people int) slack.Seed {
	seed := slack.ExampleSeed()
	ask, approve := slack.Group{ID: askers, Handle: "askers", Name: "Askers", IDPGroup: true}, &seed.Groups[0]
	for n := range people {
		for _, id := range []string{asker(n), approver(n)} {
			seed.Users = append(seed.Users, slack.User{ID: id, Name: strings.ToLower(id), RealName: id})
			seed.Channels[0].Members = append(seed.Channels[0].Members, id)
		}
		ask.Users, approve.Users = append(ask.Users, asker(n)), append(approve.Users, approver(n))
	}
	seed.Groups = append(seed.Groups, ask)
	return seed
}

// configure writes the bot's configuration; more is added to it.
func (c *chat) configure(t *testing.T, more string) string {
	t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "slack: {apiURL: %q, channel: %s}\n", c.apiURL, slack.Ops)
	fmt.Fprintf(&text, "clusters: [{name: e2e, kubeconfig: %q}]\nregistries:\n", c.Kubeconfig)
	for _, host := range []string{c.Public.Host, c.Private.Host, c.Token.Host} {
		fmt.Fprintf(&text, "  - {host: %q, plainHTTP: true}\n", host)
	}
	fmt.Fprintf(&text, "store: {directory: %q, keyFile: %q}\n", filepath.Join(c.folder, "journal"), filepath.Join(c.folder, "key"))
	fmt.Fprintf(&text, "listen: 127.0.0.1:0\naccess: [{groups: [%s], clusters: ['*'], namespaces: ['*']}]\n", askers)
	fmt.Fprintf(&text, "approvals: [{groups: [%s], clusters: ['*'], namespaces: ['*'], remedies: ['*']}]\n", slack.Platform)
	fmt.Fprintf(&text, "responders: {groups: [%s]}\n%s\n", slack.Platform, more)
	file := filepath.Join(c.folder, "pullfix.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// serve runs the bot until the test ends, which wants it to end well.
func (c *chat) serve(t *testing.T, more string) {
	t.Helper()
	app := slack.ExampleSeed().App
	cmd := exec.Command(c.pullfix, "serve", "--config", c.configure(t, more))
	cmd.Env = []string{"HOME=" + c.home, "PATH=" + os.Getenv("PATH"), "SLACK_BOT_TOKEN=" + app.BotToken, "SLACK_APP_TOKEN=" + app.AppToken}
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.folder, &c.log, &c.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the bot ended badly: %v", err)
		}
		if t.Failed() {
			t.Logf("the bot said:\n%s", c.log.String())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := c.workspace.WaitSockets(ctx, 1); err != nil {
		t.Fatalf("the bot does not come: %v\n%s", err, c.log.String())
	}
}
