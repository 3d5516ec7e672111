//go:build unix

package main

import (
	"io/fs"
	"os"
	"syscall"
)

// strangeOwner tells that root would write among the files of another user, who
// could not read them then.
func strangeOwner(found fs.FileInfo) (uid int, strange bool) {
	stat, ok := found.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return 0, false
	}
	return int(stat.Uid), stat.Uid != 0
}
