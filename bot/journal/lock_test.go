package journal

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestASecondProcessIsKeptOut(t *testing.T) {
	directory := t.TempDir()
	c := start(t, directory)
	c.lines(t, 1) // it is up
	_, err := Open(Options{Directory: directory})
	locked, ok := errors.AsType[*LockedError](err)
	if !ok || locked.PID != c.process.Pid {
		t.Fatalf("got %v, want the pid %d", err, c.process.Pid)
	}
	if want := "another pullfix uses this journal (pid " + strconv.Itoa(c.process.Pid) + ")"; !strings.Contains(err.Error(), want) {
		t.Errorf("%q does not say %q", err, want)
	}
	c.kill(t)
	openAt(t, directory) // a lock does not outlive its holder, however that ended
}

func TestOneProcessCannotOpenAJournalTwice(t *testing.T) {
	directory := t.TempDir()
	j := openAt(t, directory)
	_, err := Open(Options{Directory: directory})
	if locked, ok := errors.AsType[*LockedError](err); !ok || locked.PID != os.Getpid() {
		t.Errorf("got %v", err)
	}
	save(t, j, incident("inc-1"), "") // the attempt took nothing from the first
	reopen(t, j, directory)
}

func TestTheHolderOfALockMayBeUnknown(t *testing.T) {
	directory := t.TempDir()
	openAt(t, directory)
	for _, text := range []string{"", "nonsense", strings.Repeat("9", 100)} {
		put(t, directory, "lock", text)
		_, err := Open(Options{Directory: directory})
		if locked, ok := errors.AsType[*LockedError](err); !ok || locked.PID != 0 || strings.Contains(err.Error(), "pid") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
