//go:build linux

package cluster

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const cgroupRoot = "/sys/fs/cgroup"

// hierarchies lists the folders below which control groups are made: one in
// version 2, one a controller in version 1.
func hierarchies() []string {
	if _, err := os.Stat(filepath.Join(cgroupRoot, "cgroup.controllers")); err == nil {
		return []string{cgroupRoot}
	}
	dirs, _ := filepath.Glob(cgroupRoot + "/*") // the pattern is well formed
	return dirs
}

// makeCgroups makes the control group that the kubelet takes for the node's. It
// must not be the machine's root, whose limits the kubelet would set.
func (id ident) makeCgroups() error {
	for _, dir := range hierarchies() {
		err := os.Mkdir(filepath.Join(dir, id.cgroup()), 0o755)
		if err != nil && !os.IsExist(err) {
			return fmt.Errorf("making the node's control group: %w", err)
		}
	}
	return nil
}

// containersCgroup is where containerd puts the containers of a kubelet that
// names no parent for them; all clusters share it.
const containersCgroup = "k8s.io"

// bundles lists the folders of the containers that containerd has not
// forgotten; each bears the container's name.
func (id ident) bundles() []string {
	dirs, _ := filepath.Glob(id.path("state", "io.containerd.runtime.v2.task", "k8s.io", "*")) // the pattern is well formed
	return dirs
}

// cgroups lists the cluster's control groups of all hierarchies, the innermost
// first: the node's and those of containers whose state is still there.
func (id ident) cgroups() []string {
	names := []string{id.cgroup()}
	for _, bundle := range id.bundles() {
		names = append(names, filepath.Join(containersCgroup, filepath.Base(bundle)))
	}
	var dirs []string
	for _, hierarchy := range hierarchies() {
		for _, name := range names {
			_ = filepath.WalkDir(filepath.Join(hierarchy, name), func(path string, d fs.DirEntry, err error) error {
				if err == nil && d.IsDir() {
					dirs = append(dirs, path)
				}
				return nil // groups come and go while they are read
			})
		}
	}
	slices.Reverse(dirs)
	return dirs
}

// members lists the processes in the cluster's control groups: the containers.
func (id ident) members() []int {
	var pids []int
	for _, dir := range id.cgroups() {
		text, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs")) // it may be gone already
		for line := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(line); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// removeCgroups removes the control groups, which are empty by now, and the one
// that all clusters share when it was the last.
func (id ident) removeCgroups() {
	for _, dir := range id.cgroups() {
		_ = os.Remove(dir)
	}
	for _, dir := range hierarchies() {
		_ = os.Remove(filepath.Join(dir, containersCgroup))
	}
}
