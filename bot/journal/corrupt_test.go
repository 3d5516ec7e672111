package journal

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pullfix/pullfix/bot"
)

func TestCorruptDocumentsAreSetAside(t *testing.T) {
	good := text(t, incident("inc-1"))
	for name, body := range map[string]string{
		"empty":           "",
		"zeros":           strings.Repeat("\x00", 4096),
		"cut":             good[:len(good)/2],
		"two":             good + good,
		"another's":       text(t, incident("inc-2")),
		"no object":       `["version"]`,
		"a wrong type":    `{"version":1,"id":"inc-1","state":7}`,
		"larger than fit": strings.TrimSuffix(good, "}") + `,"x":"` + strings.Repeat("x", maxDocument) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			put(t, directory, "inc-1.json", body)
			put(t, directory, "inc-3.json", text(t, incident("inc-3")))
			var log bytes.Buffer
			j, err := Open(Options{Directory: directory, Log: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(log.String(), "incident=inc-1 kept=inc-1.json.corrupt-1") {
				t.Errorf("log: %s", log.String())
			}
			if troubles := j.Troubles(); len(troubles) != 1 {
				t.Errorf("troubles: %v", troubles)
			} else {
				wantCorrupt(t, troubles[0], 1)
			}
			load(t, j, "inc-3")
			if ids := unfinished(t, j); !slices.Equal(ids, []string{"inc-3"}) {
				t.Errorf("unfinished: %v", ids)
			}
			j = reopen(t, j, directory)
			_, _, err = j.Load(t.Context(), "inc-1")
			wantCorrupt(t, err, 1)
			if kept, err := os.ReadFile(filepath.Join(directory, "inc-1.json.corrupt-1")); err != nil || string(kept) != body {
				t.Errorf("it was not kept as it was: %v", err)
			}
		})
	}
}

func wantCorrupt(t *testing.T, err error, n int) {
	t.Helper()
	corrupt, ok := errors.AsType[*CorruptError](err)
	if !ok {
		t.Fatalf("got %v, want a *CorruptError", err)
	}
	if want := pathAside("inc-1", n); corrupt.ID != "inc-1" || corrupt.Kept != want || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

// What is set aside is never written over, and does not stop a new beginning.
func TestCorruptDocumentsAreNumbered(t *testing.T) {
	directory := t.TempDir()
	j := openAt(t, directory)
	for n := range 3 {
		save(t, j, incident("inc-1"), "")
		put(t, directory, "inc-1.json", "damage")
		_, _, err := j.Load(t.Context(), "inc-1")
		wantCorrupt(t, err, n+1)
		if n == 1 {
			j = reopen(t, j, directory)
		}
	}
	want := []string{"inc-1.json.corrupt-1", "inc-1.json.corrupt-2", "inc-1.json.corrupt-3"}
	if got := files(t, directory); !slices.Equal(got, want) {
		t.Errorf("files: %v", got)
	}
}

func TestManyReadersSetADocumentAsideOnce(t *testing.T) {
	directory := t.TempDir()
	j := openAt(t, directory)
	save(t, j, ended(incident("inc-1"), opened), "")
	put(t, directory, files(t, directory)[0], "damage")
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			_, _, err := j.Load(t.Context(), "inc-1")
			wantCorrupt(t, err, 1)
		})
	}
	work.Wait()
	if got := files(t, directory); !slices.Equal(got, []string{"inc-1.json.corrupt-1"}) {
		t.Errorf("files: %v", got)
	}
}

func TestUnknownVersionsAreRefused(t *testing.T) {
	for body, form := range map[string]int{
		`{"version":2,"id":{"new":"form"}}`: 2, `{"version":0,"id":"inc-1"}`: 0, `{}`: 0, `{"version":-1}`: -1,
	} {
		directory := t.TempDir()
		put(t, directory, "inc-1.json", body)
		j := openAt(t, directory)
		_, _, err := j.Load(t.Context(), "inc-1")
		refused, ok := errors.AsType[*FormError](err)
		if !ok || refused.Form != form || refused.Known != bot.DocumentVersion {
			t.Errorf("%s: got %v", body, err)
		}
		if newer := strings.Contains(err.Error(), "newer"); newer != (form > bot.DocumentVersion) {
			t.Errorf("%s: %v", body, err)
		}
		if got := j.Troubles(); len(got) != 1 {
			t.Errorf("%s: troubles %v", body, got)
		}
		// Nobody knows whether it is over.
		if ids := unfinished(t, j); !slices.Equal(ids, []string{"inc-1"}) {
			t.Errorf("%s: unfinished %v", body, ids)
		}
		if _, err := j.Save(t.Context(), incident("inc-1"), ""); !errors.Is(err, bot.ErrConflict) {
			t.Errorf("%s: written over: %v", body, err)
		}
		if kept, err := os.ReadFile(filepath.Join(directory, "inc-1.json")); err != nil || string(kept) != body {
			t.Errorf("%s: not left as it is: %v", body, err)
		}
	}
	j := openAt(t, t.TempDir())
	newer := incident("inc-1")
	newer.Version++
	_, err := j.Save(t.Context(), newer, "")
	if _, ok := errors.AsType[*FormError](err); !ok {
		t.Errorf("saving: %v", err)
	}
}

func TestFieldsOfALaterPullfixArePassedOver(t *testing.T) {
	directory := t.TempDir()
	put(t, directory, "inc-1.json", strings.Replace(text(t, incident("inc-1")), "{", `{"mood":{"of":["the day"]},`, 1))
	j := openAt(t, directory)
	i, v := load(t, j, "inc-1")
	save(t, j, i, v)
}

func TestDocumentsAreBounded(t *testing.T) {
	j := openAt(t, t.TempDir())
	i := incident("inc-1")
	body, err := encode(i)
	if err != nil {
		t.Fatal(err)
	}
	i.Timeline[0].What += strings.Repeat("x", maxDocument-len(body))
	v := save(t, j, i, "") // fits to the byte
	load(t, j, "inc-1")
	larger := i
	larger.Trouble = "x"
	_, err = j.Save(t.Context(), larger, v)
	if e, ok := errors.AsType[*TooLargeError](err); !ok || e.Bytes <= e.Most || e.Most != maxDocument || !strings.Contains(err.Error(), "the journal takes 1048576") {
		t.Errorf("got %v", err)
	}
	if got, version := load(t, j, "inc-1"); got.Trouble != "" || version != v {
		t.Error("the old one is gone")
	}
}

func TestWhatIsNotOursIsLeftAlone(t *testing.T) {
	directory := t.TempDir()
	foreign := []string{
		"README", "a b.json", "inc-1.json.bak", "inc-1.json.corrupt-x", "inc-1.json.corrupt-0", "finished/notes/x.json", "finished/x.json",
		"finished/2026-03/inc-1.json", "finished/2026-03/20260402T150405Z-inc-1.json", "lost+found/x", "sub.json/x", " .json.new",
	}
	for _, file := range foreign {
		put(t, directory, file, "x")
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(directory, "link.json")); err != nil {
		t.Fatal(err)
	}
	j := openAt(t, directory)
	if ids := unfinished(t, j); len(ids) > 0 || len(j.Troubles()) > 0 {
		t.Errorf("taken for incidents: %v, %v", ids, j.Troubles())
	}
	slices.Sort(foreign)
	got := slices.DeleteFunc(files(t, directory), func(file string) bool { return file == "link.json" })
	if !slices.Equal(got, foreign) {
		t.Errorf("left: %v", got)
	}
}

func TestTwoRecordsOfOneIncident(t *testing.T) {
	directory := t.TempDir()
	older, newer := ended(incident("inc-1"), opened), ended(incident("inc-1"), opened.AddDate(0, 1, 0))
	for _, i := range []bot.Incident{older, newer} {
		put(t, directory, pathOf(entryOf(i)), text(t, i))
	}
	j := openAt(t, directory)
	if i, _ := load(t, j, "inc-1"); !i.Ending.At.Equal(newer.Ending.At) {
		t.Errorf("ended %s", i.Ending.At)
	}
	put(t, directory, "inc-1.json", text(t, incident("inc-1")))
	j = reopen(t, j, directory)
	if i, _ := load(t, j, "inc-1"); i.State != bot.Open {
		t.Errorf("it is %s", i.State)
	}
	if got := len(files(t, directory)); got != 3 {
		t.Errorf("%d files: one was lost", got)
	}
}
