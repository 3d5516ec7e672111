package journal

import (
	"errors"
	"path"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What decodes is an incident of that id, and lasts as it is.
func FuzzDecode(f *testing.F) {
	good, err := encode(incident("inc-1"))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		string(good), "", "{}", "null", "[]", `{"version":1,"id":"inc-1"}`, `{"version":1,"ID":"inc-1","decision":{"granted":[{}]}}`,
		`{"version":2,"id":"inc-1"}`, `{"version":1,"id":"inc-1","opened":"0001-01-01T00:00:00Z","case":null}`, string(good[:100]),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		i, err := decode("inc-1", body)
		if err != nil {
			return
		}
		entryOf(i)
		again, err := encode(i)
		if _, ok := errors.AsType[*TooLargeError](err); ok {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		back, err := decode("inc-1", again)
		if err != nil {
			t.Fatal(err)
		}
		if i.ID != "inc-1" {
			t.Errorf("it is %q", i.ID)
		}
		last, err := encode(back)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(again), string(last)); diff != "" {
			t.Error(diff)
		}
	})
}

// A path says what it was made from, and no two things share one.
func FuzzPaths(f *testing.F) {
	for _, seed := range [][2]string{
		{"2026-03", "20260302T150405Z-inc-1.json"},
		{"2026-04", "20260302T150405Z-a.json"},
		{".", "inc-1.json"},
		{"x", "a.json.new"},
		{"..", "a.json.corrupt-1"},
		{"2026-03", "20260302T150405Z-.json"},
		{"0001-01", "00010101T000000Z-a.json"},
		{"", "a.json.corrupt-+1"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, month, file string) {
		var kinds int
		if id, ok := parseInUse(file); ok {
			kinds++
			if pathOf(entry{name: id}) != file {
				t.Errorf("%q in use", file)
			}
		}
		if parseNew(file) {
			kinds++
		}
		if id, n, ok := parseAside(file); ok {
			kinds++
			if checkID(id) != nil || n < 1 {
				t.Errorf("%q aside", file)
			}
		}
		if kinds > 1 {
			t.Errorf("%q is %d things", file, kinds)
		}
		if e, ok := parseFinished(month, file); ok && (checkID(e.name) != nil || pathOf(e) != path.Join(archive, month, file)) {
			t.Errorf("%q in %q", file, month)
		}
	})
}
