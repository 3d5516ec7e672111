package journal

import (
	"context"
	"time"
)

// keeper keeps named bytes, each with a version that only compares. It must be
// safe for use by several goroutines.
type keeper interface {
	// Read returns the bytes, of which there may be one more than maxDocument,
	// and their version; errAbsent when there are none, and a *CorruptError when
	// they were set aside.
	Read(ctx context.Context, name string) (body []byte, version string, err error)
	// Write replaces the bytes if their version is still the expected one, "" for
	// new ones; else errMoved. When it returns they are safe. After another error
	// the old ones are there, or the new ones.
	Write(ctx context.Context, d document, expected string) (version string, err error)
	// List returns the entries that are finished, or those that are not, in no
	// order and without looking into the documents.
	List(ctx context.Context, finished bool) ([]entry, error)
}

// cleaner takes documents away.
type cleaner interface {
	// Delete deletes the document if it is still entered like that, else errMoved.
	Delete(ctx context.Context, e entry) error
	// SetAside moves the document away if it still has that version, else
	// errMoved, and returns where it is.
	SetAside(ctx context.Context, name, version string) (string, error)
}

// document is what a keeper keeps.
type document struct {
	entry
	body []byte
}

// entry is what a keeper knows of a document without looking into it.
type entry struct {
	name     string
	finished time.Time // in whole seconds; zero while something is to be done
}

// done tells that nothing more is to be done about the document.
func (e entry) done() bool { return !e.finished.IsZero() }
