package journal

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/bot"
)

func openToRead(t *testing.T, directory string) *Journal {
	t.Helper()
	j, err := OpenReadOnly(Options{Directory: directory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

// TestReadingNeedsNoLock: the journal is read while another has it, wherever the
// incident is by then, and what is being written stays.
func TestReadingNeedsNoLock(t *testing.T) {
	directory := t.TempDir()
	j := openAt(t, directory)
	r := openToRead(t, directory)
	version := save(t, j, incident("inc-1"), "")
	if i, _, err := r.Load(t.Context(), "inc-1"); err != nil || i.State != bot.Open {
		t.Errorf("in use: %s, %v", i.State, err)
	}
	save(t, j, ended(incident("inc-1"), opened.Add(time.Hour)), version)
	put(t, directory, "inc-2.json.new", "half of")
	if i, _, err := r.Load(t.Context(), "inc-1"); err != nil || i.State != bot.Resolved {
		t.Errorf("in the archive: %s, %v", i.State, err)
	}
	if recent, err := r.Recent(t.Context(), 5); err != nil || len(recent) != 1 {
		t.Errorf("recent: %v, %v", recent, err)
	}
	if _, _, err := r.Load(t.Context(), "inc-3"); !errors.Is(err, bot.ErrNoIncident) {
		t.Errorf("an unknown incident: %v", err)
	}
	if _, err := os.Stat(filepath.Join(directory, "inc-2.json.new")); err != nil {
		t.Errorf("a reader swept: %v", err)
	}
}

// TestAReaderChangesNothing: neither a document nor what is corrupt.
func TestAReaderChangesNothing(t *testing.T) {
	directory := t.TempDir()
	j := openAt(t, directory)
	save(t, j, incident("inc-1"), "")
	put(t, directory, "inc-2.json", "nonsense")
	before := names(t, directory)
	r := openToRead(t, directory)
	if _, err := r.Save(t.Context(), incident("inc-4"), ""); !errors.Is(err, ErrReadOnly) {
		t.Errorf("saving: %v", err)
	}
	if _, _, err := r.Load(t.Context(), "inc-2"); !errors.Is(err, ErrReadOnly) {
		t.Errorf("a corrupt incident: %v", err)
	}
	if _, err := r.Prune(t.Context(), opened.Add(keepAll)); err != nil {
		t.Errorf("pruning nothing: %v", err)
	}
	if diff := cmp.Diff(before, names(t, directory)); diff != "" {
		t.Errorf("a reader changed the journal: %s", diff)
	}
	if _, err := OpenReadOnly(Options{Directory: filepath.Join(directory, "none")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a journal that is not there: %v", err)
	}
}

func names(t *testing.T, directory string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(directory, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}
