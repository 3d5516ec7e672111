package journal

import (
	"io"
	"io/fs"
	"os"
)

// disk is what the directory needs of an operating system, so that tests can
// break it at every step. All names are inside the journal.
type disk interface {
	Open(name string, flag int) (diskFile, error)
	Mkdir(name string) error
	Rename(from, to string) error
	Remove(name string) error
}

// diskFile is an open file or folder. Sync makes a file's bytes, or a folder's
// names, outlive a loss of power.
type diskFile interface {
	io.ReadWriteCloser
	Sync() error
	ReadDir(n int) ([]fs.DirEntry, error)
}

// The permissions of everything in a journal: it names people, and what fails.
const (
	fileMode   fs.FileMode = 0o600
	folderMode fs.FileMode = 0o700
)

// rootDisk is the real disk below one folder, which no name and no link leaves.
type rootDisk struct{ root *os.Root }

func (d rootDisk) Open(name string, flag int) (diskFile, error) {
	f, err := d.root.OpenFile(name, flag, fileMode)
	if err != nil {
		return nil, err // not the nil *os.File, which is no nil diskFile
	}
	return f, nil
}

func (d rootDisk) Mkdir(name string) error      { return d.root.Mkdir(name, folderMode) }
func (d rootDisk) Rename(from, to string) error { return d.root.Rename(from, to) }
func (d rootDisk) Remove(name string) error     { return d.root.Remove(name) }
