package cluster

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/watch"
)

// key names an object within its resource.
type key struct{ namespace, name string }

// path is the order of the real server's keys.
func (k key) path() string {
	if k.namespace == "" {
		return k.name
	}
	return k.namespace + "/" + k.name
}

// change is one write, kept so that watches resume and old versions can be read.
type change struct {
	version  uint64
	kind     watch.EventType
	resource *resource
	old, new object // nil when it was not there, or is no more
}

func (c change) key() key {
	o := c.new
	if o == nil {
		o = c.old
	}
	return key{o.GetNamespace(), o.GetName()}
}

// store holds objects by resource under one version counter. Objects in it are
// never changed: every write puts a new one, so readers share them.
type store struct {
	mu      sync.Mutex
	version uint64
	objects map[string]map[key]object
	written map[string]map[key]time.Time // last writes, for expiry
	changes []change
	floor   uint64 // what happened up to this version is forgotten
	history int    // how many changes are remembered
	moved   chan struct{}
	views   map[string]view
}

// view is the sorted content of a resource at a version.
type view struct {
	version uint64
	list    []object
}

func newStore(history int) *store {
	return &store{
		version: 1,
		objects: map[string]map[key]object{},
		written: map[string]map[key]time.Time{},
		history: history,
		moved:   make(chan struct{}),
		views:   map[string]view{},
	}
}

// write changes one object. The function gets the present object, or nil, and
// returns the next one (a fresh copy), nil to delete it, or the same to leave
// it alone. It runs under the lock and must not call the store.
func (s *store) write(r *resource, k key, next func(now object) (object, error)) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.objects[r.id()][k]
	out, err := next(now)
	if err != nil {
		return nil, err
	}
	if out == now {
		return now, nil
	}
	return s.put(r, k, now, out), nil
}

// put records the change and returns the object as clients see it: a deleted
// one carries the version of its deletion.
func (s *store) put(r *resource, k key, old, out object) object {
	s.version++
	entry := change{version: s.version, resource: r, old: old, new: out, kind: watch.Modified}
	if s.objects[r.id()] == nil {
		s.objects[r.id()] = map[key]object{}
		s.written[r.id()] = map[key]time.Time{}
	}
	switch out {
	case nil:
		entry.kind = watch.Deleted
		last, _ := old.DeepCopyObject().(object)
		last.SetResourceVersion(strconv.FormatUint(s.version, 10))
		delete(s.objects[r.id()], k)
		delete(s.written[r.id()], k)
		entry.new, out = nil, last
	default:
		if old == nil {
			entry.kind = watch.Added
		}
		out.SetResourceVersion(strconv.FormatUint(s.version, 10))
		s.objects[r.id()][k] = out
		s.written[r.id()][k] = time.Now()
	}
	s.changes = append(s.changes, entry)
	if len(s.changes) > 2*s.history {
		s.forget(s.changes[len(s.changes)-s.history-1].version)
	}
	close(s.moved)
	s.moved = make(chan struct{})
	return out
}

// forget drops the changes up to a version; reads and watches that need them
// get 410 from now on.
func (s *store) forget(upTo uint64) {
	at, found := slices.BinarySearchFunc(s.changes, upTo, func(c change, v uint64) int { return compare(c.version, v) })
	if found {
		at++
	}
	s.changes = slices.Clone(s.changes[at:])
	s.floor = max(s.floor, upTo)
}

func compare(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// compact forgets everything up to now. Continue tokens and open watches are
// then too old.
func (s *store) compact() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++ // as a write elsewhere would, so that nobody is current
	s.forget(s.version)
	clear(s.views)
	close(s.moved)
	s.moved = make(chan struct{})
}

func (s *store) get(r *resource, k key) (object, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[r.id()][k]
	return o, ok
}

func (s *store) now() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// read returns the sorted objects of a resource at a version, 0 for the present,
// and the version that they are of. It is false when that version is forgotten.
func (s *store) read(r *resource, version uint64) ([]object, uint64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if version == 0 || version > s.version {
		version = s.version
	}
	if version < s.floor {
		return nil, 0, false
	}
	if seen, ok := s.views[r.id()]; ok && !s.changedBetween(r, seen.version, version) {
		return seen.list, version, true
	}
	present := make(map[key]object, len(s.objects[r.id()]))
	maps.Copy(present, s.objects[r.id()])
	for _, c := range slices.Backward(s.changes) {
		if c.version <= version {
			break
		}
		if c.resource.id() != r.id() {
			continue
		}
		delete(present, c.key())
		if c.old != nil {
			present[c.key()] = c.old
		}
	}
	list := sorted(present)
	s.views[r.id()] = view{version, list}
	return list, version, true
}

// changedBetween tells whether the resource differs between two versions.
func (s *store) changedBetween(r *resource, a, b uint64) bool {
	if a > b {
		a, b = b, a
	}
	if a < s.floor {
		return true
	}
	for _, c := range slices.Backward(s.changes) {
		if c.version <= a {
			return false
		}
		if c.version <= b && c.resource.id() == r.id() {
			return true
		}
	}
	return false
}

func sorted(objects map[key]object) []object {
	type entry struct {
		path string
		o    object
	}
	entries := make([]entry, 0, len(objects))
	for k, o := range objects {
		entries = append(entries, entry{k.path(), o})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.path, b.path) })
	list := make([]object, len(entries))
	for i, e := range entries {
		list[i] = e.o
	}
	return list
}

// since returns the changes of a resource after a version, the version reached,
// and a channel that closes with the next change. It is false when some of them
// are forgotten.
func (s *store) since(r *resource, version uint64) (list []change, reached uint64, moved <-chan struct{}, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if version < s.floor {
		return nil, 0, nil, false
	}
	at, found := slices.BinarySearchFunc(s.changes, version, func(c change, v uint64) int { return compare(c.version, v) })
	if found {
		at++
	}
	for _, c := range s.changes[at:] {
		if c.resource.id() == r.id() {
			list = append(list, c)
		}
	}
	return list, s.version, s.moved, true
}

// expire deletes the objects of a resource that were last written before a time.
func (s *store) expire(r *resource, before time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, at := range s.written[r.id()] {
		if at.Before(before) {
			s.put(r, k, s.objects[r.id()][k], nil)
		}
	}
}

// next returns a channel that closes with the next change of anything.
func (s *store) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moved
}
