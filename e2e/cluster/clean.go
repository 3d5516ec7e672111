//go:build linux

package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ownerFile names, in a cluster's folder, the process that keeps it.
const ownerFile = "owner"

// Sweep removes what clusters left behind whose process died without Stop.
func Sweep(log *slog.Logger) {
	dirs, _ := filepath.Glob("/tmp/" + prefix + "*") // the pattern is well formed
	for _, dir := range dirs {
		if id := ident(filepath.Base(dir)); id.abandoned() {
			log.Info("sweeping a cluster that was not stopped", "folder", dir)
			if err := id.clean(); err != nil {
				log.Warn("sweeping a cluster", "folder", dir, "err", err)
			}
		}
	}
}

// abandoned says whether the cluster's process is gone. A folder without owner
// may belong to a cluster that starts at this moment.
func (id ident) abandoned() bool {
	if _, err := os.Stat(id.path(ownerFile)); err == nil {
		return Running(id.path(ownerFile)) == 0
	}
	stat, err := os.Stat(id.dir())
	return err == nil && time.Since(stat.ModTime()) > time.Minute
}

// clean removes every trace of the cluster, whatever state it is in.
func (id ident) clean() error {
	id.killAll()
	id.unmountAll()
	id.removeCgroups()
	err := deleteLink(id.bridge())
	// libcni and the kubelet know no other folders than these.
	removeAll("/var/lib/cni/results/" + string(id) + "-*")
	id.removeLogLinks()
	err = errors.Join(err, id.removeDir())
	removeShared()
	return err
}

// removeShared removes what kubelet and libcni made outside the folder and all
// clusters share, once nobody uses it: folders only when they are empty.
func removeShared() {
	if others, _ := filepath.Glob("/tmp/" + prefix + "*"); len(others) > 0 {
		return
	}
	const socket = "/var/lib/kubelet/device-plugins/kubelet.sock"
	conn, err := net.Dial("unix", socket)
	switch {
	case err == nil:
		_ = conn.Close() // another kubelet listens
	case errors.Is(err, syscall.ECONNREFUSED):
		_ = os.Remove(socket)
	}
	for _, dir := range []string{filepath.Dir(socket), "/var/lib/kubelet", "/var/lib/cni/results", "/var/lib/cni", "/var/log/containers"} {
		_ = os.Remove(dir)
	}
}

// shims lists containerd's shims of this cluster, which outlive containerd.
func (id ident) shims() []int {
	var pids []int
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is well formed
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it ended meanwhile
		}
		args := strings.Split(string(text), "\x00")
		if strings.HasSuffix(args[0], "containerd-shim-runc-v2") && slices.Contains(args, id.socket()) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// killAll kills shims and containers and waits until they are gone. The other
// programs die with the process that started them.
func (id ident) killAll() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = poll(ctx, 50*time.Millisecond, func() (bool, error) {
		pids := append(id.shims(), id.members()...)
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		return len(pids) == 0, nil
	})
}

// unmountAll unmounts what is mounted in the cluster's folder, the last mount
// first.
func (id ident) unmountAll() {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return // removing the folder will say what is in the way
	}
	lines := bytes.Split(text, []byte("\n"))
	slices.Reverse(lines)
	for _, line := range lines {
		// The mount point is the fifth field. proc(5).
		fields := strings.Fields(string(line))
		if len(fields) > 4 && strings.HasPrefix(fields[4], id.dir()+"/") {
			const noFollow = 0x8 // UMOUNT_NOFOLLOW, umount(2)
			_ = syscall.Unmount(fields[4], syscall.MNT_DETACH|noFollow)
		}
	}
}

// removeLogLinks removes the kubelet's links to container logs in this folder.
func (id ident) removeLogLinks() {
	links, _ := filepath.Glob("/var/log/containers/*.log") // the pattern is well formed
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, id.dir()+"/") {
			_ = os.Remove(link)
		}
	}
}

// removeDir removes the folder. A dying process may still write into it.
func (id ident) removeDir() error {
	var err error
	for range 20 {
		if err = os.RemoveAll(id.dir()); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("removing the cluster's folder: %w", err)
}

func removeAll(pattern string) {
	files, _ := filepath.Glob(pattern) // the pattern is well formed
	for _, file := range files {
		_ = os.Remove(file)
	}
}
