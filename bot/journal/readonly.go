package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
)

// ErrReadOnly says that a journal was opened only to be read.
var ErrReadOnly = errors.New("the journal is open for reading only")

// OpenReadOnly opens a journal to look into it, also while another process uses
// it. It takes no lock, makes nothing, moves nothing and sweeps nothing, and
// what it finds is what is there at the moment of each call. The directory has
// to exist.
func OpenReadOnly(o Options) (*Journal, error) {
	if o.Directory == "" {
		return nil, errors.New("opening the journal: no directory is named")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	root, err := os.OpenRoot(filepath.Clean(o.Directory))
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	k := reader{disk: readDisk{rootDisk{root}}, log: o.Log}
	return &Journal{keeper: k, cleaner: k, log: o.Log, keep: keptFor, close: root.Close}, nil
}

// reader is a keeper that only reads. The process that writes moves documents
// about meanwhile, so it looks where they are at every call.
type reader struct {
	disk disk
	log  *slog.Logger
}

// looks bounds how often a document is sought that is not where it was a moment
// ago: it may be on its way to the archive, or back.
const looks = 3

func (r reader) Read(ctx context.Context, name string) (body []byte, version string, err error) {
	for range looks {
		k, err := newDirectory(r.disk, r.log)
		if err != nil {
			return nil, "", err
		}
		if body, version, err = k.Read(ctx, name); !errors.Is(err, errAbsent) {
			return body, version, err
		}
	}
	return nil, "", errAbsent
}

func (r reader) List(ctx context.Context, finished bool) ([]entry, error) {
	k, err := newDirectory(r.disk, r.log)
	if err != nil {
		return nil, err
	}
	return k.List(ctx, finished)
}

func (reader) Write(context.Context, document, string) (string, error) { return "", ErrReadOnly }

func (reader) Delete(context.Context, entry) error { return ErrReadOnly }

func (reader) SetAside(context.Context, string, string) (string, error) { return "", ErrReadOnly }

// readDisk is a disk on which nothing can be changed. What would be swept stays.
type readDisk struct{ rootDisk }

func (d readDisk) Open(name string, flag int) (diskFile, error) {
	if flag != os.O_RDONLY {
		return nil, ErrReadOnly
	}
	return d.rootDisk.Open(name, flag)
}

func (readDisk) Mkdir(string) error          { return ErrReadOnly }
func (readDisk) Rename(string, string) error { return ErrReadOnly }
func (readDisk) Remove(string) error         { return nil }
