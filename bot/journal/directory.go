package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
)

// directory keeps documents as files. It must be the only one to use the disk.
type directory struct {
	disk disk
	log  *slog.Logger

	// locks are of the documents, many to a lock: one is held for the file work
	// on a document, and never while waiting for anything else.
	locks  [64]sync.Mutex
	seed   maphash.Seed
	closed atomic.Bool // set with all locks held
	// unsure says that names were changed which may not outlive a loss of power.
	unsure atomic.Bool

	looks sync.Mutex // of the record of first looks

	mu       sync.Mutex // of what follows; held for memory only
	inUse    map[string]entry
	finished map[string]entry
	aside    map[string]int // the highest number of a document's corrupt ones
}

// newDirectory looks at the names of what is there, and at nothing else, since
// there may be ten thousand finished documents.
func newDirectory(d disk, log *slog.Logger) (*directory, error) {
	k := &directory{disk: d, log: log, seed: maphash.MakeSeed(), inUse: map[string]entry{}, finished: map[string]entry{}, aside: map[string]int{}}
	if err := k.scan(); err != nil {
		return nil, err
	}
	return k, nil
}

// Close waits for the work that is under way; nothing can be done afterwards.
func (k *directory) Close() {
	for n := range k.locks {
		k.locks[n].Lock()
		defer k.locks[n].Unlock()
	}
	k.closed.Store(true)
}

// begin locks a document for work on its files.
func (k *directory) begin(ctx context.Context, name string) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	lock := &k.locks[maphash.String(k.seed, name)%uint64(len(k.locks))]
	lock.Lock()
	if err := k.ready(); err != nil {
		lock.Unlock()
		return nil, err
	}
	return lock.Unlock, nil
}

// ready refuses while names could still be lost that were not made safe before:
// nobody may act upon what they read then.
func (k *directory) ready() error {
	if k.closed.Load() {
		return ErrClosed
	}
	if !k.unsure.Load() {
		return nil
	}
	if err := k.sync(top); err != nil {
		return err
	}
	k.unsure.Store(false)
	return nil
}

func (k *directory) Read(ctx context.Context, name string) ([]byte, string, error) {
	unlock, err := k.begin(ctx, name)
	if err != nil {
		return nil, "", err
	}
	defer unlock()
	body, err := k.read(name)
	if err != nil {
		return nil, "", err
	}
	return body, versionOf(body), nil
}

// read returns the bytes of a document.
func (k *directory) read(name string) ([]byte, error) {
	f, err := k.disk.Open(pathOf(k.entered(name)), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, k.absent(name)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the document: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("reading the document: %w", err)
	}
	return body, nil
}

// absent says why there is no document.
func (k *directory) absent(name string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n := k.aside[name]; n > 0 {
		return &CorruptError{ID: name, Kept: pathAside(name, n)}
	}
	return errAbsent
}

// versionOf is a hash of the contents, so that an edit by hand is a new version.
func versionOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func (k *directory) Write(ctx context.Context, d document, expected string) (string, error) {
	unlock, err := k.begin(ctx, d.name)
	if err != nil {
		return "", err
	}
	defer unlock()
	if err := k.expect(d.name, expected); err != nil {
		return "", err
	}
	if err := k.replace(d.name, d.body); err != nil {
		return "", err
	}
	if d.done() {
		// The document is safe where it is; the next start tries again.
		if err := k.shelve(d.entry); err != nil {
			k.log.Warn("could not move a finished incident to the archive", "incident", d.name, "err", err)
		}
	}
	return versionOf(d.body), nil
}

// expect compares versions; an absent document has the version "".
func (k *directory) expect(name, expected string) error {
	body, err := k.read(name)
	_, corrupt := errors.AsType[*CorruptError](err)
	current := ""
	switch {
	case err == nil:
		current = versionOf(body)
	case !corrupt && !errors.Is(err, errAbsent):
		return err
	}
	if current != expected {
		return errMoved
	}
	return nil
}

func (k *directory) List(ctx context.Context, finished bool) ([]entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if k.closed.Load() {
		return nil, ErrClosed
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if finished {
		return slices.Collect(maps.Values(k.finished)), nil
	}
	return slices.Collect(maps.Values(k.inUse)), nil
}

// entered returns what is known of a document; of an unknown one, where it
// would be.
func (k *directory) entered(name string) entry {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e, ok := k.finished[name]; ok {
		return e
	}
	return entry{name: name}
}

// enter notes where a document is now.
func (k *directory) enter(e entry) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.inUse, e.name)
	delete(k.finished, e.name)
	if e.done() {
		k.finished[e.name] = e
		return
	}
	k.inUse[e.name] = e
}

// strike notes that a document is no longer there.
func (k *directory) strike(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.inUse, name)
	delete(k.finished, name)
}
