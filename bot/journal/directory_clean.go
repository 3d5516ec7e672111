package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

func (k *directory) Delete(ctx context.Context, e entry) error {
	unlock, err := k.begin(ctx, e.name)
	if err != nil {
		return err
	}
	defer unlock()
	if k.entered(e.name) != e {
		return errMoved
	}
	if err := ignoreAbsent(k.disk.Remove(pathOf(e))); err != nil {
		return fmt.Errorf("deleting the document: %w", err)
	}
	k.strike(e.name)
	if folder := path.Dir(pathOf(e)); folder != top {
		// The folder goes with its last document; until then this fails.
		_ = k.disk.Remove(folder)
	}
	return nil
}

func (k *directory) SetAside(ctx context.Context, name, version string) (string, error) {
	unlock, err := k.begin(ctx, name)
	if err != nil {
		return "", err
	}
	defer unlock()
	if err := k.expect(name, version); err != nil {
		return "", err
	}
	k.mu.Lock()
	n := k.aside[name] + 1
	k.mu.Unlock()
	from, to := pathOf(k.entered(name)), pathAside(name, n)
	if err := k.disk.Rename(from, to); err != nil {
		return "", fmt.Errorf("setting the document aside: %w", err)
	}
	k.strike(name)
	k.mu.Lock()
	k.aside[name] = n
	k.mu.Unlock()
	return to, errors.Join(k.sync(top), k.sync(path.Dir(from)))
}

// scan enters what is there, and removes what a crash left half written.
func (k *directory) scan() error {
	files, err := k.list(top)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !f.Type().IsRegular() {
			continue
		}
		if err := k.scanFile(f.Name()); err != nil {
			return err
		}
	}
	months, err := k.list(archive)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, month := range months {
		if err := k.scanMonth(month); err != nil {
			return err
		}
	}
	return nil
}

func (k *directory) scanFile(file string) error {
	if id, ok := parseInUse(file); ok {
		k.enter(entry{name: id})
		return nil
	}
	if id, n, ok := parseAside(file); ok {
		k.aside[id] = max(k.aside[id], n)
		k.log.Warn("a corrupt incident was set aside earlier", "incident", id, "kept", file)
		return nil
	}
	if parseNew(file) {
		if err := k.disk.Remove(file); err != nil {
			return fmt.Errorf("sweeping %s: %w", file, err)
		}
	}
	return nil
}

func (k *directory) scanMonth(month fs.DirEntry) error {
	if !month.IsDir() {
		return nil
	}
	files, err := k.list(path.Join(archive, month.Name()))
	if err != nil {
		return err
	}
	for _, f := range files {
		e, ok := parseFinished(month.Name(), f.Name())
		if !ok || !f.Type().IsRegular() {
			continue
		}
		if k.older(e) {
			continue
		}
		k.enter(e)
	}
	return nil
}

// older tells whether another record of the incident counts: the one in use,
// then the newest. Only a person can have made a second one; it stays.
func (k *directory) older(e entry) bool {
	_, inUse := k.inUse[e.name]
	other, finished := k.finished[e.name]
	if !inUse && !finished {
		return false
	}
	k.log.Warn("an incident has two records", "incident", e.name, "one", pathOf(k.entered(e.name)), "other", pathOf(e))
	return inUse || other.finished.After(e.finished)
}

func (k *directory) list(folder string) ([]fs.DirEntry, error) {
	f, err := k.disk.Open(folder, os.O_RDONLY)
	if err != nil {
		return nil, fmt.Errorf("listing the journal: %w", err)
	}
	files, err := f.ReadDir(-1)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("listing the journal: %w", err)
	}
	return files, nil
}
