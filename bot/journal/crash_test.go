package journal

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/bot"
)

// history is what a process was told of its saves.
type history struct {
	saved map[string]bot.Incident // the newest that was confirmed
	tried map[string]bot.Incident // the one that was not, and may be there
}

// live saves incidents a dozen times, ends and reopens them, until it is done
// or the disk is gone.
func live(t *testing.T, j *Journal, h history, random *rand.Rand) {
	t.Helper()
	for range 12 {
		id := fmt.Sprintf("inc-%d", random.IntN(3))
		_, version, err := j.Load(t.Context(), id)
		if errors.Is(err, errCrashed) {
			return
		}
		next := incident(id)
		if before, ok := h.saved[id]; ok {
			next = reopened(before)
			next.Sequence++
		}
		if random.IntN(3) == 0 {
			next = ended(next, opened.AddDate(0, random.IntN(2), 0))
		}
		h.tried[id] = next
		if _, err := j.Save(t.Context(), next, version); err != nil {
			if !errors.Is(err, errCrashed) {
				t.Fatal(err)
			}
			return
		}
		h.saved[id] = next
		delete(h.tried, id)
	}
}

// holds checks a journal after a crash: for each incident the confirmed state
// or the one that was being saved, never neither, and nothing left over.
func holds(t *testing.T, j *Journal, h history) {
	t.Helper()
	var open []string
	for _, id := range slices.Sorted(maps.Keys(h.tried)) {
		if _, ok := h.saved[id]; !ok {
			if i, _, err := j.Load(t.Context(), id); err == nil {
				h.saved[id] = i
			} else if !errors.Is(err, bot.ErrNoIncident) {
				t.Error(err)
			}
		}
	}
	for id, want := range h.saved {
		got, _, err := j.Load(t.Context(), id)
		if err != nil {
			t.Errorf("a saved incident: %v", err)
			continue
		}
		if tried, ok := h.tried[id]; got.Sequence != want.Sequence && (!ok || got.Sequence != tried.Sequence) {
			t.Errorf("%s is at %d, was saved at %d", id, got.Sequence, want.Sequence)
		}
		if !got.State.Over() {
			open = append(open, id)
		}
	}
	slices.Sort(open)
	if ids := unfinished(t, j); !slices.Equal(ids, open) {
		t.Errorf("unfinished: %v, want %v", ids, open)
	}
	if troubles := j.Troubles(); len(troubles) > 0 {
		t.Error(troubles)
	}
}

// The power is lost at every step of a life, with all luck there is in what
// lasted of what was not synced.
func TestACrashLeavesTheOldOrTheNew(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for at := 1; ; at++ {
		random := rand.New(rand.NewPCG(seed, 1))
		m := newMemory()
		j, _ := openOn(t, m)
		m.steps, m.failAt, m.fail, m.persists = 0, at, errCrashed, true
		h := history{saved: map[string]bot.Incident{}, tried: map[string]bot.Incident{}}
		live(t, j, h, random)
		for luck := range 4 {
			after := m.crash(rand.New(rand.NewPCG(seed, uint64(at*10+luck))))
			again, _ := openOn(t, after)
			check := history{saved: maps.Clone(h.saved), tried: maps.Clone(h.tried)}
			holds(t, again, check)
			onlyOneEach(t, slices.Sorted(maps.Keys(after.now)))
			if t.Failed() {
				t.Fatalf("crash at step %d, luck %d: %v", at, luck, slices.Sorted(maps.Keys(after.now)))
			}
		}
		if m.steps < at {
			t.Logf("%d steps", m.steps)
			return // it lived to the end
		}
	}
}

// onlyOneEach checks that of each incident there is one document, and nothing
// half written.
func onlyOneEach(t *testing.T, names []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, name := range names {
		id, ok := parseInUse(name)
		if e, done := parseFinished(path.Base(path.Dir(name)), path.Base(name)); done {
			id, ok = e.name, true
		}
		if strings.HasSuffix(name, suffixNew) || ok && seen[id] {
			t.Errorf("%s is left", name)
		}
		seen[id] = true
	}
}

// After a sync of the folder has failed nobody may act upon what may be lost.
func TestWhatMayBeLostIsNotRead(t *testing.T) {
	m := newMemory()
	j, _ := openOn(t, m)
	m.steps = 0
	v := save(t, j, incident("inc-1"), "")
	next := incident("inc-1")
	next.Trouble = "changed"
	// The last step of a save is the sync of the folder, and the second of
	// whatever comes after is to try it again.
	m.failAt, m.fail, m.steps = m.steps, errors.New("the disk is broken"), 0
	if _, err := j.Save(t.Context(), next, v); !errors.Is(err, m.fail) {
		t.Fatal(err)
	}
	m.failAt, m.steps = 2, 0
	if _, _, err := j.Load(t.Context(), "inc-1"); !errors.Is(err, m.fail) {
		t.Errorf("it was read: %v", err)
	}
	m.steps = 0
	if _, err := j.Save(t.Context(), next, v); !errors.Is(err, m.fail) {
		t.Errorf("it was compared: %v", err)
	}
	m.fail = nil
	got, _ := load(t, j, "inc-1")
	for luck := range uint64(10) {
		again, _ := openOn(t, m.crash(rand.New(rand.NewPCG(luck, 1))))
		if lasting, _ := load(t, again, "inc-1"); lasting.Trouble != got.Trouble {
			t.Errorf("read %q, which did not last", got.Trouble)
		}
	}
}

func TestAnInterruptedEndingIsFinished(t *testing.T) {
	directory := t.TempDir()
	j := openAt(t, directory)
	body, err := encode(ended(incident("inc-1"), opened))
	if err != nil {
		t.Fatal(err)
	}
	put(t, directory, "inc-1.json", string(body))
	put(t, directory, "inc-2.json.new", `{"ver`)
	j = reopen(t, j, directory)
	if ids := unfinished(t, j); len(ids) > 0 {
		t.Errorf("unfinished: %v", ids)
	}
	want := []string{"finished/2026-03/" + opened.Format(stampLayout) + "-inc-1.json"}
	if got := files(t, directory); !slices.Equal(got, want) {
		t.Errorf("files: %v, want %v", got, want)
	}
	if i, _ := load(t, j, "inc-1"); !i.Ending.At.Equal(opened) {
		t.Errorf("ended %s", i.Ending.At)
	}
	if troubles := j.Troubles(); len(troubles) > 0 {
		t.Error(troubles)
	}
}
