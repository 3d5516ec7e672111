package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
)

func TestUnfinishedIsWhatHasSomethingToDo(t *testing.T) {
	directory := t.TempDir()
	j := openAt(t, directory)
	for n, state := range []bot.State{bot.Diagnosing, bot.Open, bot.Asking, bot.Changing, bot.Watching, bot.Resolved, bot.Closed} {
		i := incident(fmt.Sprintf("idle-%d", n))
		i.State, i.Outbox = state, nil
		save(t, j, i, "")
		i = incident(fmt.Sprintf("busy-%d", n))
		i.State = state
		save(t, j, i, "")
	}
	want := []string{
		"busy-0", "busy-1", "busy-2", "busy-3", "busy-4", "busy-5", "busy-6",
		"idle-0", "idle-1", "idle-2", "idle-3", "idle-4",
	}
	for _, when := range []string{"now", "after a restart"} {
		if ids := unfinished(t, j); !slices.Equal(ids, want) {
			t.Errorf("%s: %v", when, ids)
		}
		j = reopen(t, j, directory)
	}
}

func TestFinishedOnesGoToTheArchiveAndComeBack(t *testing.T) {
	directory := t.TempDir()
	j := openAt(t, directory)
	i := incident("inc-1")
	v := save(t, j, i, "")
	archived := []string{"finished/2026-03/20260302T031209Z-inc-1.json"}
	for range 2 {
		for n, step := range []struct {
			next bot.Incident
			want []string
			open int
		}{
			{ended(i, opened), archived, 0},
			{ended(i, opened.AddDate(0, 1, 0)), []string{"finished/2026-04/20260402T031209Z-inc-1.json"}, 0},
			{reopened(i), []string{"inc-1.json"}, 1},
			{ended(i, opened), archived, 0},
			{ended(i, opened), archived, 0},
		} {
			v = save(t, j, step.next, v)
			if got := files(t, directory); !slices.Equal(got, step.want) {
				t.Fatalf("step %d: %v, want %v", n, got, step.want)
			}
			if got, version := load(t, j, "inc-1"); got.State != step.next.State || version != v {
				t.Errorf("step %d: %s", n, got.State)
			}
			if got := unfinished(t, j); len(got) != step.open {
				t.Errorf("step %d: unfinished %v", n, got)
			}
			if _, err := j.Save(t.Context(), i, "not this"); !errors.Is(err, bot.ErrConflict) {
				t.Errorf("step %d: %v", n, err)
			}
		}
		j = reopen(t, j, directory)
	}
}

func TestRecent(t *testing.T) {
	directory := t.TempDir()
	j := openAt(t, directory)
	for n := range 4 {
		i := incident(fmt.Sprintf("open-%d", n))
		i.Opened = opened.Add(time.Duration(n) * time.Minute)
		save(t, j, i, "")
		save(t, j, ended(incident(fmt.Sprintf("done-%d", n)), opened.AddDate(0, n, n)), "")
	}
	all := "open-3 open-2 open-1 open-0 done-3 done-2 done-1 done-0"
	for _, test := range []struct {
		n    int
		want string
	}{{-1, ""}, {0, ""}, {2, "open-3 open-2"}, {6, "open-3 open-2 open-1 open-0 done-3 done-2"}, {8, all}, {100, all}} {
		recent, err := j.Recent(t.Context(), test.n)
		var ids []string
		for _, i := range recent {
			ids = append(ids, i.ID)
		}
		if got := strings.Join(ids, " "); err != nil || got != test.want {
			t.Errorf("%d: %q, %v", test.n, got, err)
		}
	}
	put(t, directory, "finished/2026-06/"+opened.AddDate(0, 3, 3).Format(stampLayout)+"-done-3.json", "{")
	recent, err := j.Recent(t.Context(), 5)
	if err != nil || len(recent) != 5 || recent[4].ID != "done-2" {
		t.Errorf("a corrupt one stops the others: %d, %v", len(recent), err)
	}
}

func TestPruneDeletesWhatIsOldAndFinished(t *testing.T) {
	directory := t.TempDir()
	j, err := Open(Options{Directory: directory, KeepFinished: 48 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	save(t, j, ended(incident("new"), now), "")
	save(t, j, ended(incident("just"), now.Add(-48*time.Hour)), "")
	save(t, j, ended(incident("old"), now.Add(-48*time.Hour-time.Second)), "")
	back := ended(incident("back"), now.AddDate(-1, 0, 0))
	v := save(t, j, back, "")
	save(t, j, reopened(back), v)
	save(t, j, incident("open"), "")
	for n, want := range []int{1, 0} {
		if deleted, err := j.Prune(t.Context(), now); deleted != want || err != nil {
			t.Errorf("%d: deleted %d, %v", n, deleted, err)
		}
	}
	if _, _, err := j.Load(t.Context(), "old"); !errors.Is(err, bot.ErrNoIncident) {
		t.Errorf("old: %v", err)
	}
	for _, id := range []string{"new", "just", "back", "open"} {
		load(t, j, id)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	// Open prunes too, by default what is older than 90 days.
	young, old := now.AddDate(0, 0, -89), now.AddDate(0, 0, -91)
	put(t, directory, pathOf(entry{name: "young", finished: young}), text(t, ended(incident("young"), young)))
	put(t, directory, pathOf(entry{name: "ancient", finished: old}), text(t, ended(incident("ancient"), old)))
	j, err = Open(Options{Directory: directory})
	if err != nil {
		t.Fatal(err)
	}
	load(t, j, "young")
	if _, _, err := j.Load(t.Context(), "ancient"); !errors.Is(err, bot.ErrNoIncident) {
		t.Errorf("ancient: %v", err)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}

func text(t *testing.T, i bot.Incident) string {
	t.Helper()
	body, err := json.Marshal(i)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// A start looks into no finished document, however many there are.
func TestAStartReadsOnlyWhatIsInUse(t *testing.T) {
	m := newMemory()
	j, _ := openOn(t, m)
	save(t, j, incident("inc-1"), "")
	for n := range 10 {
		save(t, j, ended(incident(fmt.Sprintf("done-%d", n)), opened.AddDate(0, n%3, 0)), "")
	}
	m.opened = nil
	again, _ := openOn(t, m)
	unfinished(t, again)
	if want := []string{"inc-1.json"}; !slices.Equal(m.opened, want) {
		t.Errorf("opened %v", m.opened)
	}
	load(t, again, "done-7")
}

func BenchmarkTenThousandFinished(b *testing.B) {
	directory := b.TempDir()
	body, err := json.Marshal(ended(incident("x"), opened))
	if err != nil {
		b.Fatal(err)
	}
	for n := range 10_000 {
		path := filepath.Join(directory, pathOf(entry{name: fmt.Sprintf("inc-%d", n), finished: opened.AddDate(0, n%4, 0).UTC().Truncate(time.Second)}))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, body, 0o600)); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("Open", func(b *testing.B) {
		for b.Loop() {
			j, err := Open(Options{Directory: directory, KeepFinished: keepAll})
			if err != nil {
				b.Fatal(err)
			}
			if err := j.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	j, err := Open(Options{Directory: directory, KeepFinished: keepAll})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Unfinished", func(b *testing.B) {
		for b.Loop() {
			if ids, err := j.Unfinished(b.Context()); len(ids) > 0 || err != nil {
				b.Fatal(ids, err)
			}
		}
	})
	b.Run("Save", func(b *testing.B) {
		i := incident("open")
		var v bot.Version
		for b.Loop() {
			i.Sequence++
			if v, err = j.Save(b.Context(), i, v); err != nil {
				b.Fatal(err)
			}
		}
	})
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
}
