package keyring

import (
	"cmp"
	"slices"
	"strings"
)

// NewKey is the key of a new entry for an image, as docker login writes it.
func NewKey(image string) string {
	subject, err := subjectOf(image)
	if err != nil || onHub(subject) {
		return hubKey
	}
	host, _, _ := strings.Cut(subject, "/")
	return host
}

// choose finds the entry that an edit is about; -1 when it is a new one.
func choose(entries object, e Edit) int {
	if e.Key != "" {
		return named(entries, e.Key)
	}
	subject, err := subjectOf(e.Image)
	if err != nil {
		return -1
	}
	if at := firstMatching(entries, func(index string) bool { return matches(index, subject) }); at >= 0 || !onDefaultRegistry(subject) {
		return at
	}
	return firstMatching(entries, func(index string) bool { return index == hubHost })
}

// named finds the entry of a key: as written, else as shown, else one that
// means the same. Of several with the same name the last one counts.
func named(entries object, key string) int {
	index, err := indexKey(key)
	for _, is := range []func(name string) bool{
		func(name string) bool { return name == key },
		func(name string) bool { return shownKey(name) == key },
		func(name string) bool {
			other, failed := indexKey(name)
			return err == nil && failed == nil && other == index
		},
	} {
		for i, m := range slices.Backward(entries.members) {
			if is(m.name) {
				return i
			}
		}
	}
	return -1
}

// matched is an entry that matches an image.
type matched struct {
	at     int
	index  string
	broken bool
}

// firstMatching is the first entry that matches, in the kubelet's order. One
// that cannot be decoded comes before all: it stops every pull.
func firstMatching(entries object, match func(index string) bool) int {
	var found []matched
	last := make(map[string]int)
	for i, m := range entries.members {
		last[m.name] = i
	}
	for i, m := range entries.members {
		index, err := indexKey(m.name)
		if err != nil || last[m.name] != i || !match(index) {
			continue
		}
		_, failed := configJSON().decodeEntry(entries.raw(m))
		found = append(found, matched{at: i, index: index, broken: failed != nil})
	}
	if len(found) == 0 {
		return -1
	}
	slices.SortStableFunc(found, func(a, b matched) int {
		if a.broken != b.broken {
			if a.broken {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.index, a.index)
	})
	return found[0].at
}
