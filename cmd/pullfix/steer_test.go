package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/control"
	"github.com/pullfix/pullfix/bot/journal"
	"github.com/pullfix/pullfix/sandbox/slack"
)

// typed is what a command in the terminal said.
type typed struct {
	code           int
	stdout, stderr string
}

// terminal runs a command with the configuration of the company.
func (s *stage) terminal(t *testing.T, args ...string) typed {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), env{
		args: append(args, "--config", filepath.Join(s.directory, "pullfix.yaml")), stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr,
		getenv: func(string) string { return "" }, columns: func(any) int { return 0 },
	})
	return typed{code, stdout.String(), stderr.String()}
}

func (got typed) want(t *testing.T, code int, words ...string) {
	t.Helper()
	if got.code != code || !hasAll(got.stdout+got.stderr, words) {
		t.Errorf("exit code %d, want %d with %q\n%s%s", got.code, code, words, got.stdout, got.stderr)
	}
}

// TestSteerFromTheTerminal takes, snoozes and closes an incident while Slack is
// down, and another one while the bot is.
func TestSteerFromTheTerminal(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	stop := s.serve(t, mention)
	s.command(t, slack.Ann, "diagnose media deployment/thumbnails")
	m := s.saw(t, "ecr-pull", "pullfix.escalate")
	first := s.open(t)
	s.Workspace.Switch(func(w *slack.Switches) { w.SocketModeOff = true })
	s.Workspace.Disrupt(slack.Kill, 0)
	user := control.NameOf(os.Geteuid(), "")
	s.terminal(t, "snooze", first, "--reason", "the vendor is at it").want(t, exitFine, "Incident "+first+" is snoozed by "+user)
	got := s.terminal(t, "ack", first, "-o", "json")
	var answer steeredAnswer
	if err := json.Unmarshal([]byte(got.stdout), &answer); err != nil || answer.By != user || !answer.Serving || answer.State != bot.Open {
		t.Errorf("%+v, %v, %s", answer, err, got.stderr)
	}
	s.terminal(t, "close", first[:9]+"0").want(t, exitUsage, "no such incident", "did you mean "+first+" (media/thumbnails)?")
	s.terminal(t, "close", "x").want(t, exitUsage, "no such incident", "open incidents: "+first)
	s.Workspace.Switch(func(w *slack.Switches) { w.SocketModeOff = false })
	s.online(t)
	// The thread may say so before the incident's own message is drawn again.
	wanted := []string{"thumbnails", user + " in the terminal"}
	s.await(t, func(got slack.Message) bool { return got.TS == m.TS && hasAll(words(got), wanted) }, wanted)
	stop()
	s.terminal(t, "close", first, "--reason", "token renewed").want(t, exitFine, "is closed by "+user, "notice: pullfix serve is not running")
	s.terminal(t, "close", first).want(t, exitRefused, "over already")
	stop = s.serve(t, mention)
	s.saw(t, "token renewed", user+" in the terminal")
	stop()
	if n := s.writes(); n != 0 {
		t.Errorf("%d writes", n)
	}
}

// open is the id of the only open incident, read from the journal's files.
func (s *stage) open(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.directory, "journal", "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	return strings.TrimSuffix(filepath.Base(files[0]), ".json")
}

// TestSteerWhileTheJournalIsHeld: a pullfix that holds the journal but does not
// listen is waited for, and then named.
func TestSteerWhileTheJournalIsHeld(t *testing.T) {
	t.Parallel()
	s := &stage{directory: t.TempDir()}
	if err := os.WriteFile(filepath.Join(s.directory, "pullfix.yaml"), []byte("listen: 127.0.0.1:0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	kept, err := journal.Open(journal.Options{Directory: filepath.Join(s.directory, "journal")})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	s.terminal(t, "ack", "k3x7q2mfna").want(t, exitUnsure, "does not listen to the terminal")
	if waited := time.Since(began); waited < time.Second {
		t.Errorf("it gave up after %s", waited)
	}
	if err := kept.Close(); err != nil {
		t.Error(err)
	}
	s.terminal(t, "ack", "k3x7q2mfna").want(t, exitUsage, "no such incident")
}
