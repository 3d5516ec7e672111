package journal

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"testing/fstest"
)

var errCrashed = errors.New("the machine has crashed")

// memory is a disk that forgets what was not synced. Bytes last when their file
// was synced; a name that was made, moved or removed lasts when a folder that
// it is or was in was synced, and else perhaps.
type memory struct {
	now     map[string]*inode // as the process sees it
	lasting map[string]*inode
	pending []change
	opened  []string // the files that were opened

	steps int
	// At step failAt, and if it persists at all later ones, fail is returned
	// instead of doing it; a write is done by half.
	failAt   int
	fail     error
	persists bool
}

type inode struct {
	folder bool
	body   []byte
	safe   []byte // what was synced
}

// change is one of the names that may be lost.
type change struct {
	folders []string
	apply   func(names map[string]*inode)
}

func newMemory() *memory {
	top := map[string]*inode{".": {folder: true}}
	return &memory{now: top, lasting: maps.Clone(top)}
}

func (m *memory) step() error {
	m.steps++
	if m.fail != nil && (m.steps == m.failAt || m.persists && m.steps > m.failAt) {
		return m.fail
	}
	return nil
}

// change changes the names now, and for good after a sync of a folder.
func (m *memory) change(apply func(map[string]*inode), names ...string) {
	c := change{apply: apply}
	for _, name := range names {
		c.folders = append(c.folders, path.Dir(name))
	}
	apply(m.now)
	m.pending = append(m.pending, c)
}

func (m *memory) Open(name string, flag int) (diskFile, error) {
	if err := m.step(); err != nil {
		return nil, err
	}
	n, ok := m.now[name]
	if !ok && flag&os.O_CREATE == 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if !ok {
		n = &inode{}
		m.change(func(names map[string]*inode) { names[name] = n }, name)
	}
	if flag&os.O_TRUNC != 0 {
		n.body = nil
	}
	if !n.folder {
		m.opened = append(m.opened, name)
	}
	return &memoryFile{m: m, name: name, inode: n, read: bytes.NewReader(n.body)}, nil
}

func (m *memory) Mkdir(name string) error {
	if err := m.step(); err != nil {
		return err
	}
	if m.now[name] != nil {
		return fs.ErrExist
	}
	n := &inode{folder: true}
	m.change(func(names map[string]*inode) { names[name] = n }, name)
	return nil
}

func (m *memory) Rename(from, to string) error {
	if err := m.step(); err != nil {
		return err
	}
	n := m.now[from]
	if n == nil || m.now[path.Dir(to)] == nil {
		return fs.ErrNotExist
	}
	m.change(func(names map[string]*inode) {
		delete(names, from)
		names[to] = n
	}, from, to)
	return nil
}

func (m *memory) Remove(name string) error {
	if err := m.step(); err != nil {
		return err
	}
	if m.now[name] == nil {
		return fs.ErrNotExist
	}
	for other := range m.now {
		if path.Dir(other) == name {
			return errors.New("the folder is not empty")
		}
	}
	m.change(func(names map[string]*inode) { delete(names, name) }, name)
	return nil
}

// crash returns a disk as it may be found after a loss of power.
func (m *memory) crash(random *rand.Rand) *memory {
	names := maps.Clone(m.lasting)
	for _, c := range m.pending[:random.IntN(len(m.pending)+1)] {
		c.apply(names)
	}
	after := newMemory()
	for name, n := range names {
		if n.folder {
			after.now[name] = &inode{folder: true}
			continue
		}
		body := n.safe
		if !bytes.Equal(n.body, n.safe) && random.IntN(2) == 0 {
			body = n.body[:random.IntN(len(n.body)+1)]
		}
		after.now[name] = &inode{body: body, safe: body}
	}
	for name := range names {
		for above := path.Dir(name); above != "."; above = path.Dir(above) {
			if names[above] == nil {
				delete(after.now, name)
			}
		}
	}
	after.lasting = maps.Clone(after.now)
	return after
}

type memoryFile struct {
	*inode
	m    *memory
	name string
	read *bytes.Reader
}

func (f *memoryFile) Read(p []byte) (int, error) {
	if f.folder {
		return 0, errors.New("is a folder")
	}
	return f.read.Read(p)
}

func (f *memoryFile) Write(p []byte) (int, error) {
	if err := f.m.step(); err != nil {
		f.body = append(f.body, p[:len(p)/2]...)
		return len(p) / 2, err
	}
	f.body = append(f.body, p...)
	return len(p), nil
}

func (f *memoryFile) Close() error { return nil }

func (f *memoryFile) Sync() error {
	if err := f.m.step(); err != nil {
		return err
	}
	f.safe = slices.Clone(f.body)
	if !f.folder {
		return nil
	}
	f.m.pending = slices.DeleteFunc(f.m.pending, func(c change) bool {
		mine := slices.Contains(c.folders, f.name)
		if mine {
			c.apply(f.m.lasting)
		}
		return mine
	})
	return nil
}

func (f *memoryFile) ReadDir(int) ([]fs.DirEntry, error) {
	if err := f.m.step(); err != nil {
		return nil, err
	}
	all := fstest.MapFS{}
	for name, n := range f.m.now {
		if path.Dir(name) == f.name && name != f.name {
			all[path.Base(name)] = &fstest.MapFile{Mode: map[bool]fs.FileMode{true: fs.ModeDir}[n.folder]}
		}
	}
	return all.ReadDir(".")
}

var _ io.ReadWriteCloser = (*memoryFile)(nil)
