package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// demonstrated is a running demonstration, as a browser reaches it.
type demonstrated struct {
	url      string
	out, log shared
}

func startDemo(t *testing.T, variables map[string]string, args ...string) (d *demonstrated, stop func()) {
	t.Helper()
	d = &demonstrated{}
	e := env{
		args: append([]string{"demo"}, args...), stdin: strings.NewReader(""), stdout: &d.out, stderr: &d.log,
		getenv: func(name string) string { return variables[name] }, columns: func(any) int { return 0 },
		openCluster: openCluster, openRegistry: openRegistry, pace: usualPace(),
	}
	ctx, cancel := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() { code <- run(ctx, e) }()
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	if !eventually(func() bool { d.url = address.FindString(d.out.String()); return d.url != "" }) {
		cancel()
		t.Fatalf("no address is printed:\n%s%s", d.out.String(), d.log.String())
	}
	return d, func() {
		cancel()
		select {
		case got := <-code:
			if got != exitFine {
				t.Errorf("the demonstration ended with %d:\n%s", got, d.log.String())
			}
		case <-time.After(20 * time.Second):
			t.Error("the demonstration does not end")
		}
	}
}

// control asks the remote control of the workspace, as the page does.
func (d *demonstrated) control(t *testing.T, path string, body map[string]any, into any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(d.url+"/control/"+path, "application/json", bytes.NewReader(text))
	if body == nil {
		answer, err = http.Get(d.url + "/control/" + path)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err = io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", path, answer.Status, text, err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// root waits for a message in the channel.
func (d *demonstrated) root(t *testing.T, wanted ...string) slack.Message {
	t.Helper()
	var found slack.Message
	if !eventually(func() bool {
		var state slack.State
		d.control(t, "state?user="+slack.Ann, nil, &state)
		for _, c := range state.Channels {
			for _, m := range c.Messages {
				if hasAll(words(m), wanted) {
					found = m
					return true
				}
			}
		}
		return false
	}) {
		t.Fatalf("nobody said %q:\n%s", wanted, d.log.String())
	}
	return found
}

// TestDemo clicks through the demonstration as its page does: from the command
// to the proof of the cure.
func TestDemo(t *testing.T) {
	room := t.TempDir()
	t.Setenv("TMPDIR", room)
	d, stop := startDemo(t, nil, "--addr", "127.0.0.1:0")
	for path, want := range map[string]string{"/": "<!doctype html>", "/page/settings.json": "diagnose shop deployment/checkout"} {
		answer, err := http.Get(d.url + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		if err := answer.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(strings.ToLower(string(text)), strings.ToLower(want)) {
			t.Errorf("%s: %s, no %q in it", path, answer.Status, want)
		}
	}
	d.control(t, "command", map[string]any{"user": slack.Ann, "channel": slack.Ops, "text": "/pullfix diagnose shop deployment/cart", "wait": true}, nil)
	m := d.root(t, "Delete the 2 waiting pods in shop on demo")
	block, _, _ := m.Element("pullfix.approve")
	d.control(t, "act", map[string]any{"user": slack.Bob, "channel": m.Channel, "ts": m.TS, "block_id": block, "action_id": "pullfix.approve", "wait": true}, nil)
	var state slack.State
	if !eventually(func() bool {
		d.control(t, "state?user="+slack.Bob, nil, &state)
		return len(state.Modals) == 1
	}) {
		t.Fatal("no modal opens")
	}
	d.control(t, "submit", map[string]any{"user": slack.Bob, "view_id": state.Modals[0].ID, "values": map[string]any{}, "wait": true}, nil)
	d.root(t, "Resolved", "approved by <@"+slack.Bob+">", "2 of 2 pods pulled")
	stop()
	left, err := os.ReadDir(room)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestDemoSaysThatThePortIsTaken, where the person asked for this one.
func TestDemoSaysThatThePortIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	var said shared
	e := env{
		args: []string{"demo", "--no-browser", "--addr", taken.Addr().String()}, stdin: strings.NewReader(""), stdout: &said, stderr: &said,
		getenv: func(string) string { return "" }, columns: func(any) int { return 0 },
		openCluster: openCluster, openRegistry: openRegistry, pace: usualPace(),
	}
	if code := run(t.Context(), e); code != exitUsage {
		t.Errorf("exit code %d", code)
	}
	if text := said.String(); !hasAll(text, []string{"pullfix: " + taken.Addr().String() + " is taken", "hint: choose another", "make demo ADDR="}) {
		t.Errorf("it says\n%s", text)
	}
}

// TestDemoFindsAnotherAddress: the friendly one may be taken, and a browser may
// be there or not, or fail.
func TestDemoFindsAnotherAddress(t *testing.T) {
	taken, err := net.Listen("tcp", demoAddress)
	if err == nil {
		t.Cleanup(func() { _ = taken.Close() })
	} // else somebody else has it, which is as good
	bin := t.TempDir()
	opened := filepath.Join(bin, "opened")
	script := "#!/bin/sh\necho \"$1\" > " + opened + "\nexit 4\n"
	if err := os.WriteFile(filepath.Join(bin, "xdg-open"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	d, stop := startDemo(t, map[string]string{"DISPLAY": ":0"})
	if strings.HasSuffix(d.url, ":8765") {
		t.Errorf("%s was taken", d.url)
	}
	if !eventually(func() bool {
		text, err := os.ReadFile(opened)
		return err == nil && strings.TrimSpace(string(text)) == d.url
	}) {
		t.Error("the browser was not opened")
	}
	stop()
}
