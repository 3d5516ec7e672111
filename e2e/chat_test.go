//go:build e2e && linux

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pullfix/pullfix/e2e/cluster"
	"github.com/pullfix/pullfix/sandbox/registry"
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
	// guarded is a registry that is spoken to over verified TLS, as one that a
	// configured credential may be sent to has to be.
	guarded *cluster.Registry
	caFile  string
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
	c.openGuarded(t)
	return c
}

// openGuarded serves the registry whose authority the node and the bot trust.
func (c *chat) openGuarded(t *testing.T) {
	t.Helper()
	ca, err := registry.NewCA("e2e")
	if err != nil {
		t.Fatal(err)
	}
	c.caFile = filepath.Join(c.folder, "ca.pem")
	if err := os.WriteFile(c.caFile, ca.PEM(), 0o644); err != nil {
		t.Fatal(err)
	}
	c.guarded, err = c.AddRegistry(t.Context(), cluster.RegistryOptions{
		Options: registry.Options{Auth: registry.AuthBasic, Accounts: []registry.Account{
			{User: robot, Password: robotSecret, Pull: []string{"*"}}, {User: limited, Password: robotSecret, Pull: []string{"open/*"}},
		}},
		TLS: &registry.TLS{CA: ca}, NodeScheme: "https",
	})
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("server = \"https://%[1]s\"\n[host.\"https://%[1]s\"]\n  capabilities = [\"pull\", \"resolve\"]\n  ca = %[2]q\n", c.guarded.Host, c.caFile)
	if err := os.WriteFile(filepath.Join(c.CertsD, c.guarded.Host, "hosts.toml"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
}

// sources are where new credentials come from: a good one, and one that the
// registry rejects.
func (c *chat) sources(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	text.WriteString("credentials:\n")
	for _, s := range []struct{ name, namespaces, password string }{{"robot", "cure-new-*", robotSecret}, {"old", "cure-wrong-*", wrongSecret + "-old"}} {
		file := filepath.Join(c.folder, s.name+".password")
		if err := os.WriteFile(file, []byte(s.password), 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "  - {name: %s, registry: %q, repositories: ['*'], clusters: ['*'], namespaces: [%q], file: {path: %q, user: %s}}\n",
			s.name, c.guarded.Host, s.namespaces, file, robot)
	}
	return text.String()
}

// keepsSecrets wants no password in anything that people or machines read.
func (c *chat) keepsSecrets(t *testing.T) {
	t.Helper()
	said := c.log.String()
	for _, m := range c.workspace.Transcript() {
		raw, _ := json.Marshal(m) // what was decoded always encodes
		said += string(raw)
	}
	err := filepath.WalkDir(filepath.Join(c.folder, "journal"), func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		said += string(text)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if found := leaks(said, robotSecret, wrongSecret); len(found) > 0 {
		t.Errorf("passwords are told: %q", found)
	}
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
	fmt.Fprintf(&text, "  - {host: %q, caFile: %q}\n%s", c.guarded.Host, c.caFile, c.sources(t))
	fmt.Fprintf(&text, "store: {directory: %q, keyFile: %q}\n", filepath.Join(c.folder, "journal"), filepath.Join(c.folder, "key"))
	fmt.Fprintf(&text, "listen: 127.0.0.1:0\naccess: [{groups: [%s], clusters: ['*'], namespaces: ['*']}]\n", askers)
	fmt.Fprintf(&text, "approvals: [{groups: [%s], clusters: ['*'], namespaces: ['*'], remedies: ['*']}]\n", slack.Platform)
	fmt.Fprintf(&text, "responders: {groups: [%s]}\n%s\n", slack.Platform, more)
	text.WriteString("watch: {off: true}\n") // people ask here: what fails on other stages is nobody's business
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
