package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/pullfix/pullfix/bot"
)

// A disk that is full, read-only or broken at any step of a save: the error
// says so, the old document is whole, and saving works again when the disk does.
func TestAFaultLeavesTheDocumentWhole(t *testing.T) {
	for _, fault := range []error{syscall.ENOSPC, syscall.EROFS, syscall.EIO} {
		for name, before := range map[string]bot.Incident{
			"in use":   incident("inc-1"),
			"finished": ended(incident("inc-1"), opened),
		} {
			for at := 1; failsAt(t, fault, before, at); at++ {
				t.Logf("%v, %s: step %d", fault, name, at)
			}
		}
	}
}

// failsAt tells whether a save has such a step.
func failsAt(t *testing.T, fault error, before bot.Incident, at int) bool {
	t.Helper()
	m := newMemory()
	j, _ := openOn(t, m)
	v1 := save(t, j, before, "")
	next := reopened(before)
	next.Trouble = "changed"
	m.steps, m.failAt, m.fail, m.persists = 0, at, fmt.Errorf("write: %w", fault), true
	_, err := j.Save(t.Context(), next, v1)
	if err == nil {
		return false
	}
	if !errors.Is(err, fault) || !strings.Contains(err.Error(), "saving incident inc-1: ") {
		t.Errorf("step %d: got %v", at, err)
	}
	m.fail = nil
	got, version := load(t, j, "inc-1")
	if got.Trouble != before.Trouble && got.Trouble != next.Trouble {
		t.Errorf("step %d: neither the old nor the new: %q", at, got.Trouble)
	}
	save(t, j, next, version)
	if m.now["inc-1.json"] == nil || m.now["inc-1.json.new"] != nil {
		t.Errorf("step %d: %v", at, slices.Sorted(maps.Keys(m.now)))
	}
	return true
}

// The way to the archive is no part of the save: its faults are logged.
func TestAnEndingIsSavedWithoutTheArchive(t *testing.T) {
	m := newMemory()
	j, log := openOn(t, m)
	v := save(t, j, incident("inc-1"), "")
	m.steps = 0
	v = save(t, j, incident("inc-1"), v)
	m.failAt, m.fail, m.persists, m.steps = m.steps+1, syscall.ENOSPC, true, 0
	save(t, j, ended(incident("inc-1"), opened), v)
	m.fail = nil
	if !strings.Contains(log.String(), "archive") {
		t.Errorf("log: %s", log)
	}
	if i, _ := load(t, j, "inc-1"); i.State != bot.Resolved {
		t.Errorf("it is %s", i.State)
	}
	again, _ := openOn(t, m)
	if ids := unfinished(t, again); len(ids) > 0 {
		t.Errorf("the next start left it: %v", ids)
	}
}

// A document that cannot be read now is not called corrupt, and not over.
func TestAFaultWhileReadingSetsNothingAside(t *testing.T) {
	m := newMemory()
	j, _ := openOn(t, m)
	save(t, j, incident("inc-1"), "")
	m.steps, m.failAt, m.fail, m.persists = 0, 1, syscall.EIO, true
	if _, _, err := j.Load(t.Context(), "inc-1"); !errors.Is(err, syscall.EIO) {
		t.Error(err)
	}
	m.fail = nil
	k, err := newDirectory(m, j.log)
	if err != nil {
		t.Fatal(err)
	}
	m.fail = syscall.EIO
	again := newJournal(k, Options{Log: j.log})
	again.survey(t.Context())
	if ids := unfinished(t, again); !slices.Equal(ids, []string{"inc-1"}) {
		t.Errorf("unfinished: %v", ids)
	}
	if troubles := again.Troubles(); len(troubles) != 1 || !errors.Is(troubles[0], syscall.EIO) {
		t.Errorf("troubles: %v", troubles)
	}
	m.fail = nil
	load(t, again, "inc-1")
}

func TestAJournalThatCannotBeListedIsNotOpened(t *testing.T) {
	for at := 1; at <= 4; at++ {
		m := newMemory()
		j, _ := openOn(t, m)
		save(t, j, ended(incident("inc-1"), opened), "")
		m.steps, m.failAt, m.fail = 0, at, syscall.EIO
		if _, err := newDirectory(m, j.log); !errors.Is(err, syscall.EIO) {
			t.Errorf("step %d: %v", at, err)
		}
	}
}

// Some file systems cannot sync folders.
func TestAFolderThatCannotBeSyncedIsNoFault(t *testing.T) {
	d := unsyncable{newMemory()}
	j, _ := openOn(t, d)
	save(t, j, incident("inc-1"), "")
	load(t, j, "inc-1")
}

type unsyncable struct{ *memory }

func (d unsyncable) Open(name string, flag int) (diskFile, error) {
	f, err := d.memory.Open(name, flag)
	if err == nil && name == top {
		f = unsyncableFolder{f}
	}
	return f, err
}

type unsyncableFolder struct{ diskFile }

func (unsyncableFolder) Sync() error {
	return &fs.PathError{Op: "sync", Path: ".", Err: syscall.EINVAL}
}

// A corrupt document on a disk that takes no rename is reported all the same.
func TestACorruptDocumentThatCannotBeMoved(t *testing.T) {
	m := newMemory()
	j, log := openOn(t, m)
	save(t, j, incident("inc-1"), "")
	m.now["inc-1.json"].body = []byte("damage")
	m.steps, m.failAt, m.fail, m.persists = 0, 3, syscall.EROFS, true // the second reading and the rename
	_, _, err := j.Load(t.Context(), "inc-1")
	if _, ok := errors.AsType[*CorruptError](err); !ok || !errors.Is(err, syscall.EROFS) || strings.Contains(err.Error(), "as inc-1") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(log.String(), "corrupt") {
		t.Errorf("log: %s", log)
	}
	if m.now["inc-1.json"] == nil {
		t.Error("it is gone")
	}
}
