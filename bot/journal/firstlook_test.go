package journal

import (
	"errors"
	"testing"
	"time"
)

// TestTheFirstLookIsRemembered for each cluster, over a restart, and it is no
// incident.
func TestTheFirstLookIsRemembered(t *testing.T) {
	directory := t.TempDir()
	j := openAt(t, directory)
	look := func(cluster string, now time.Time) time.Time {
		t.Helper()
		at, err := j.FirstLook(cluster, now)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	look("prod", opened)
	j = reopen(t, j, directory)
	if at := look("prod", opened.Add(time.Hour)); !at.Equal(opened) {
		t.Errorf("prod: %s", at)
	}
	if at := look("", opened.Add(2*time.Hour)); !at.Equal(opened.Add(2 * time.Hour)) {
		t.Errorf("a second cluster: %s", at)
	}
	if ids, err := j.Unfinished(t.Context()); err != nil || len(ids) != 0 || len(j.Troubles()) != 0 {
		t.Errorf("incidents %v, troubles %v, %v", ids, j.Troubles(), err)
	}
	for _, text := range []string{"nonsense", "null", `{"prod":"yesterday"}`, ""} {
		put(t, directory, firstLooks, text)
		if at := look("prod", opened.Add(3*time.Hour)); !at.Equal(opened.Add(3 * time.Hour)) {
			t.Errorf("%q: %s", text, at)
		}
	}
	if _, err := openToRead(t, directory).FirstLook("prod", opened); !errors.Is(err, ErrReadOnly) {
		t.Errorf("a reader: %v", err)
	}
}

// TestWhatEndedLatelyIsFound, the last one first, and nothing older.
func TestWhatEndedLatelyIsFound(t *testing.T) {
	directory := t.TempDir()
	j := openAt(t, directory)
	for n, id := range []string{"inc-1", "inc-2", "inc-3"} {
		save(t, j, ended(incident(id), opened.Add(time.Duration(n)*time.Hour)), "")
	}
	save(t, j, incident("inc-4"), "")
	list, err := j.EndedSince(t.Context(), opened.Add(time.Hour))
	if err != nil || len(list) != 2 || list[0].ID != "inc-3" || list[1].ID != "inc-2" {
		t.Errorf("%v, %v", list, err)
	}
}
