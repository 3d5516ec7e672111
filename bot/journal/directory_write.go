package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// replace writes a document in use: whole beside the old one, then over it in
// one step, so that a crash leaves the one or the other.
func (k *directory) replace(name string, body []byte) error {
	now, inUse := k.entered(name), entry{name: name}
	if err := k.create(pathNew(name), body); err != nil {
		// What is left is swept at the next start, should this fail too.
		return errors.Join(err, ignoreAbsent(k.disk.Remove(pathNew(name))))
	}
	if now.done() {
		// It comes back into use before it changes: nobody looks into the archive
		// for what is to be done.
		if err := k.move(now, inUse); err != nil {
			return err
		}
	}
	if err := k.disk.Rename(pathNew(name), pathOf(inUse)); err != nil {
		return fmt.Errorf("replacing the document: %w", err)
	}
	k.enter(inUse)
	if err := k.sync(top); err != nil {
		k.unsure.Store(true)
		return err
	}
	return nil
}

// create writes a file and waits until its bytes are safe.
func (k *directory) create(name string, body []byte) error {
	f, err := k.disk.Open(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return fmt.Errorf("creating the document: %w", err)
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing the document: %w", err)
	}
	return nil
}

// shelve moves a document that is in use to the archive.
func (k *directory) shelve(e entry) error {
	folder := path.Dir(pathOf(e))
	for _, f := range []string{archive, folder} {
		if err := k.mkdir(f); err != nil {
			return err
		}
	}
	return k.move(entry{name: e.name}, e)
}

func (k *directory) mkdir(name string) error {
	err := k.disk.Mkdir(name)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	return k.sync(path.Dir(name))
}

// move renames a document within the journal. It needs no sync of its own: where
// a crash puts it back to, the next start finds it.
func (k *directory) move(from, to entry) error {
	if err := k.disk.Rename(pathOf(from), pathOf(to)); err != nil {
		return fmt.Errorf("moving the document: %w", err)
	}
	k.enter(to)
	return nil
}

// sync makes the names in a folder safe. Some file systems cannot sync folders,
// say so, and do without.
func (k *directory) sync(folder string) error {
	f, err := k.disk.Open(folder, os.O_RDONLY)
	if err != nil {
		return fmt.Errorf("opening the folder: %w", err)
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("syncing the folder: %w", err)
	}
	return nil
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
