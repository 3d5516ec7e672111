package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/bot"
)

func TestWhatIsSavedComesBack(t *testing.T) {
	directory := t.TempDir()
	j := openAt(t, directory)
	want := incident("inc-1")
	saved := save(t, j, want, "")
	for _, when := range []string{"now", "after a restart"} {
		got, version := load(t, j, "inc-1")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
		if version != saved {
			t.Errorf("%s: version %s, saved as %s", when, version, saved)
		}
		j = reopen(t, j, directory)
	}
}

func TestSaveExpectsAVersion(t *testing.T) {
	j := openAt(t, t.TempDir())
	first := incident("inc-1")
	v1 := save(t, j, first, "")
	second := first
	second.Trouble = "the cluster does not answer"
	v2 := save(t, j, second, v1)
	if v1 == v2 {
		t.Fatal("two states have one version")
	}
	for name, test := range map[string]struct {
		id       string
		expected bot.Version
	}{
		"new, but there is one":      {"inc-1", ""},
		"the version before":         {"inc-1", v1},
		"a version that never was":   {"inc-1", "nonsense"},
		"changed, but there is none": {"inc-2", v2},
	} {
		third := incident(test.id)
		third.Trouble = "lost"
		if _, err := j.Save(t.Context(), third, test.expected); !errors.Is(err, bot.ErrConflict) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if got, version := load(t, j, "inc-1"); got.Trouble != second.Trouble || version != v2 {
		t.Errorf("a refused save left %q", got.Trouble)
	}
	if _, _, err := j.Load(t.Context(), "inc-2"); !errors.Is(err, bot.ErrNoIncident) {
		t.Errorf("a refused save left something: %v", err)
	}
}

func TestOnlyIDsNameFiles(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "in", "journal")
	j := openAt(t, directory)
	for _, id := range []string{
		"", ".", "..", "../x", "a/b", `a\b`, "/etc/passwd", ".hidden", "-rf", "_x", "a.json", "a b", "a\x00b", "a\n", "ü",
		strings.Repeat("a", 65), "lock.json", "inc-1.json.corrupt-1",
	} {
		if _, err := j.Save(t.Context(), incident(id), ""); !errors.Is(err, ErrID) {
			t.Errorf("saving %q: %v", id, err)
		}
		if _, _, err := j.Load(t.Context(), id); !errors.Is(err, bot.ErrNoIncident) {
			t.Errorf("loading %q: %v", id, err)
		}
	}
	for _, id := range []string{"a", "7", "inc-1", "01JX5_Z", "lock", "finished", strings.Repeat("a", 64)} {
		save(t, j, incident(id), "")
	}
	if got := len(files(t, directory)); got != 7 {
		t.Errorf("%d files: %v", got, files(t, directory))
	}
}

func TestNobodyElseCanReadAJournal(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "new", "journal")
	j := openAt(t, directory)
	save(t, j, incident("inc-1"), "")
	save(t, j, ended(incident("inc-2"), opened), "")
	err := filepath.WalkDir(directory, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		stat, err := d.Info()
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if err == nil && stat.Mode().Perm() != want {
			t.Errorf("%s has mode %o", path, stat.Mode().Perm())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOptions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]Options{
		"no directory": {}, "a file": {Directory: file}, "below a file": {Directory: filepath.Join(file, "x")},
		"a negative time": {Directory: t.TempDir(), KeepFinished: -time.Hour},
	} {
		if j, err := Open(o); err == nil {
			t.Errorf("%s: opened %v", name, j)
		}
	}
	j, err := Open(Options{Directory: t.TempDir()})
	if err != nil {
		t.Fatalf("without a log: %v", err)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}

func TestAClosedJournalRefuses(t *testing.T) {
	j := openAt(t, t.TempDir())
	v := save(t, j, incident("inc-1"), "")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	_, err1 := j.Save(t.Context(), incident("inc-1"), v)
	_, _, err2 := j.Load(t.Context(), "inc-1")
	_, err3 := j.Unfinished(t.Context())
	_, err4 := j.Recent(t.Context(), 1)
	_, err5 := j.Prune(t.Context(), time.Now())
	for n, err := range []error{err1, err2, err3, err4, err5} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%d: %v", n, err)
		}
	}
}

func TestACancelledContextChangesNothing(t *testing.T) {
	j := openAt(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Save(ctx, incident("inc-1"), ""); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if ids := unfinished(t, j); len(ids) > 0 {
		t.Error(ids)
	}
}

// Of many that change the same version one wins, each time; nothing is lost.
func TestCompareAndSwapAmongGoroutines(t *testing.T) {
	directory := t.TempDir()
	j := openAt(t, directory)
	const workers, rounds = 8, 10
	for n := range 3 {
		save(t, j, incident(fmt.Sprintf("inc-%d", n)), "")
	}
	var work sync.WaitGroup
	for w := range workers {
		work.Go(func() {
			for n := range rounds {
				if err := addOne(t.Context(), j, fmt.Sprintf("inc-%d", (w+n)%3)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	j = reopen(t, j, directory)
	total := 0
	for n := range 3 {
		i, _ := load(t, j, fmt.Sprintf("inc-%d", n))
		total += i.Sequence - 1
	}
	if total != workers*rounds {
		t.Errorf("%d changes are there, of %d", total, workers*rounds)
	}
}

// addOne changes an incident as the desk does: on a conflict, again. It ends
// and reopens it in turn, so that the document moves about.
func addOne(ctx context.Context, j *Journal, id string) error {
	for {
		i, version, err := j.Load(ctx, id)
		if err != nil {
			return err
		}
		i.Sequence++
		if i = reopened(i); i.Sequence%3 == 0 {
			i = ended(i, opened.Add(time.Duration(i.Sequence)*time.Hour))
		}
		_, err = j.Save(ctx, i, version)
		if !errors.Is(err, bot.ErrConflict) {
			return err
		}
	}
}
