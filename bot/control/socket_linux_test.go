package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/journal"
	"github.com/pullfix/pullfix/runbook"
)

const strangerVariable = "PULLFIX_TEST_STRANGER"

// TestMain is also a caller of another user, when a test starts it as one.
func TestMain(m *testing.M) {
	directory := os.Getenv(strangerVariable)
	if directory == "" {
		os.Exit(m.Run())
	}
	said, err := Call(context.Background(), directory, request("ab"))
	if err != nil {
		said.Why = err.Error()
	}
	_ = json.NewEncoder(os.Stdout).Encode(said)
}

func request(id string) Request {
	return Request{Key: "k", Do: bot.CloseIt, Incident: id, Reason: "mended by hand"}
}

// desk is the stored incidents with one that is open.
func desk(t *testing.T, directory string) bot.Records {
	t.Helper()
	kept, err := journal.Open(journal.Options{Directory: directory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	i, _ := bot.Begin(bot.Opening{ID: "ab", Ask: bot.Ask{Target: runbook.Target{Namespace: "shop", Name: "web-1"}}, After: time.Hour}, time.Now())
	if _, err := kept.Save(t.Context(), i, ""); err != nil {
		t.Fatal(err)
	}
	return bot.Records{Store: kept}
}

// serving listens in a directory until the test ends or stop is called.
func serving(t *testing.T, change func(*Socket)) (directory string, records bot.Records, stop func()) {
	t.Helper()
	directory = t.TempDir()
	records = desk(t, directory)
	s, err := Listen(directory, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, records) }()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		ended <- nil
	}
	t.Cleanup(stop)
	return directory, records, stop
}

func TestCall(t *testing.T) {
	directory, records, stop := serving(t, nil)
	found, err := os.Lstat(filepath.Join(directory, socketName))
	if err != nil || found.Mode() != fs.ModeSocket|socketMode {
		t.Fatalf("%v, %v", found, err)
	}
	said, err := Call(t.Context(), directory, request("ab"))
	if err != nil || said.Fault != "" || said.State != bot.Closed {
		t.Fatalf("%+v, %v", said, err)
	}
	i, err := records.Find(t.Context(), "ab")
	if err != nil {
		t.Fatal(err)
	}
	if want := bot.InTerminal(NameOf(os.Geteuid(), "")); i.Ending.By != want || i.Ending.Resolution != "mended by hand" {
		t.Errorf("ended %+v, want by %+v", i.Ending, want)
	}
	if said, err := Call(t.Context(), directory, request("ab")); err != nil || said.Fault != "" && said.Fault != Refused {
		t.Errorf("delivered twice: %+v, %v", said, err)
	}
	stop()
	if _, err := Call(t.Context(), directory, request("ab")); !errors.Is(err, ErrNobody) {
		t.Errorf("after the end: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(directory, socketName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}

func TestFaults(t *testing.T) {
	directory, _, _ := serving(t, nil)
	long := request("ab")
	long.Reason = strings.Repeat("ä", mostReason+1)
	for name, test := range map[string]struct {
		asked Request
		fault Fault
		why   string
	}{
		"unknown":  {request("abc"), Unknown, "no such incident"},
		"path":     {request("../ab"), Unknown, "no such incident"},
		"reason":   {long, Refused, "longer than 500"},
		"approve":  {Request{Key: "k", Do: bot.Approve, Incident: "ab"}, Refused, "cannot be done from the terminal"},
		"keyless":  {Request{Do: bot.CloseIt, Incident: "ab"}, Trouble, "different versions"},
		"too long": {Request{Key: strings.Repeat("k", 2*mostLine), Do: bot.CloseIt, Incident: "ab"}, Trouble, "buffer full"},
	} {
		t.Run(name, func(t *testing.T) {
			said, err := Call(t.Context(), directory, test.asked)
			if name == "too long" && err != nil {
				return // it may also be hung up on while it still talks
			}
			if err != nil || said.Fault != test.fault || !strings.Contains(said.Why, test.why) {
				t.Errorf("%+v, %v", said, err)
			}
			if test.fault == Unknown && fmt.Sprint(said.Current) != "[{ab shop/web-1}]" {
				t.Errorf("open incidents %v", said.Current)
			}
		})
	}
}

// TestStrangersAreRefused: whoever is neither the owner nor root may not steer,
// even where the file modes would let them.
func TestStrangersAreRefused(t *testing.T) {
	if os.Geteuid() != 0 { // the owner is somebody else, then
		directory, _, _ := serving(t, func(s *Socket) { s.owner++ })
		wantStranger(t, func() (Outcome, error) { return Call(t.Context(), directory, request("ab")) })
		return
	}
	directory, _, _ := serving(t, nil)
	for d := directory; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(directory, socketName), 0o666); err != nil {
		t.Fatal(err)
	}
	wantStranger(t, func() (said Outcome, err error) {
		self, err := os.Open(os.Args[0])
		if err != nil {
			return said, err
		}
		defer func() { _ = self.Close() }()
		// The test's binary lies where a stranger cannot look; they are handed it.
		cmd := exec.CommandContext(t.Context(), "/proc/self/fd/3")
		cmd.ExtraFiles = []*os.File{self}
		cmd.Env = []string{strangerVariable + "=" + directory}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.Output()
		if err != nil {
			return said, err
		}
		return said, json.Unmarshal(out, &said)
	})
}

func wantStranger(t *testing.T, call func() (Outcome, error)) {
	t.Helper()
	said, err := call()
	if err != nil || said.Fault != Refused || !strings.Contains(said.Why, "may steer incidents here") {
		t.Errorf("%+v, %v", said, err)
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	directory := t.TempDir()
	for range 2 { // the first is never taken away, as by a crash
		s, err := Listen(directory, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.listener.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := Call(t.Context(), directory, request("ab")); !errors.Is(err, ErrNobody) {
			t.Errorf("nobody listens: %v", err)
		}
	}
}

func TestOnlySocketsAreReplaced(t *testing.T) {
	for _, name := range []string{socketName, socketName + ".new"} {
		directory := t.TempDir()
		file := filepath.Join(directory, name)
		if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Listen(directory, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%s was replaced", name)
		}
		if text, err := os.ReadFile(file); err != nil || string(text) != "mine" {
			t.Errorf("%q, %v", text, err)
		}
	}
	deep := filepath.Join(t.TempDir(), strings.Repeat("d", 120))
	if err := os.Mkdir(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(deep, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a path that is longer than sockets can have")
	}
}

// TestSilentCallers: those who say nothing are hung up on, and others get their
// turn.
func TestSilentCallers(t *testing.T) {
	directory, _, _ := serving(t, func(s *Socket) { s.patience = 100 * time.Millisecond })
	for range mostCallers {
		conn, err := net.Dial("unix", filepath.Join(directory, socketName))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
	}
	if said, err := Call(t.Context(), directory, request("ab")); err != nil || said.Fault != "" {
		t.Errorf("%+v, %v", said, err)
	}
}

func TestNameOf(t *testing.T) {
	for _, test := range []struct {
		uid     int
		claimed string
		want    string
	}{
		{0, "", "root"},
		{0, "ann", "root for ann"},
		{0, "root", "root"},
		{0, "<@U0ANN>", "root"},
		{0, "a b", "root"},
		{4_000_000, "ann", "uid 4000000"},
	} {
		if got := NameOf(test.uid, test.claimed); got != test.want {
			t.Errorf("uid %d for %q: %q, want %q", test.uid, test.claimed, got, test.want)
		}
	}
}
