//go:build linux

package cluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Binaries is the folder that holds the programs of a cluster.
type Binaries struct {
	// Dir is absolute.
	Dir string
}

// Path returns the absolute path of the program with this name.
func (b Binaries) Path(name string) string { return filepath.Join(b.Dir, name) }

// program is one program to build: its name, the folder of its module below
// the root of the repository, its package and its build tags.
type program struct {
	name, module, pkg, tags string
	// version is a variable of the linker: a kubelet that does not know its
	// version would tell the node so.
	version string
}

const (
	kubernetesModule = "e2e/tools/kubernetes"
	containerdModule = "e2e/tools/containerd"
	// containerdTags leaves out the snapshotters that need cgo or headers.
	containerdTags = "no_btrfs,no_zfs,no_devmapper"
	// workloadProgram is what runs in the containers of the tests.
	workloadProgram = "workload"
)

// programs lists what the two tools modules build, the small ones first, so
// that a broken tool chain shows early.
func programs() []program {
	return []program{
		{name: "containerd-shim-runc-v2", module: containerdModule, pkg: "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2", tags: containerdTags},
		{name: "containerd", module: containerdModule, pkg: "github.com/containerd/containerd/v2/cmd/containerd", tags: containerdTags},
		{name: "etcd", module: kubernetesModule, pkg: "go.etcd.io/etcd/server/v3"},
		kubernetesProgram("kubectl"),
		kubernetesProgram("kube-scheduler"),
		kubernetesProgram("kube-controller-manager"),
		kubernetesProgram("kube-apiserver"),
		kubernetesProgram("kubelet"),
	}
}

func kubernetesProgram(name string) program {
	return program{name: name, module: kubernetesModule, pkg: "k8s.io/kubernetes/cmd/" + name, version: "k8s.io/component-base/version.gitVersion"}
}

// Build makes the programs of a cluster, unless the cache below
// os.UserCacheDir holds them already, and returns their folder. The cache is
// keyed by the requirements of the tools modules. root is the folder of the
// repository. A cold build takes a quarter of an hour on two cores, a warm one
// a second, so it belongs before a test's own time limit.
func Build(ctx context.Context, root string, log *slog.Logger) (Binaries, error) {
	dir, err := cacheDir(root)
	if err != nil {
		return Binaries{}, err
	}
	unlock, err := lockFile(ctx, dir+".lock")
	if err != nil {
		return Binaries{}, err
	}
	defer unlock()
	if _, err := os.Stat(dir); err != nil {
		if err := buildAll(ctx, root, dir, log); err != nil {
			return Binaries{}, err
		}
	}
	// The workload belongs to the repository itself and may change with any
	// commit; Go's own cache makes this instant.
	own := program{name: workloadProgram, module: ".", pkg: "./e2e/cmd/workload"}
	if err := buildOne(ctx, root, dir, own); err != nil {
		return Binaries{}, err
	}
	return Binaries{Dir: dir}, nil
}

// Built returns the folder of the programs when Build has made them, and an
// error that says how to make them when not. It builds nothing.
func Built(root string) (Binaries, error) {
	dir, err := cacheDir(root)
	if err != nil {
		return Binaries{}, err
	}
	if _, err := os.Stat(filepath.Join(dir, workloadProgram)); err != nil {
		return Binaries{}, fmt.Errorf("the cluster's programs are not built yet: run `go run ./e2e/cmd/cluster build` (%w)", err)
	}
	return Binaries{Dir: dir}, nil
}

// cacheDir names the folder for the programs that the tools modules of this
// checkout describe.
func cacheDir(root string) (string, error) {
	sum := sha256.New()
	_, _ = fmt.Fprintln(sum, programs()) // a hash takes everything
	for _, module := range []string{kubernetesModule, containerdModule} {
		for _, name := range []string{"go.mod", "go.sum"} {
			text, err := os.ReadFile(filepath.Join(root, module, name))
			if err != nil {
				return "", fmt.Errorf("reading the tools module: %w", err)
			}
			_, _ = fmt.Fprintf(sum, "%s/%s %d\n%s", module, name, len(text), text)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the cache folder: %w", err)
	}
	return filepath.Join(cache, "pullfix-e2e", hex.EncodeToString(sum.Sum(nil))[:16]), nil
}

// buildAll builds into a folder beside dir and renames it when all is there,
// so that an interrupted build leaves nothing that looks complete.
func buildAll(ctx context.Context, root, dir string, log *slog.Logger) error {
	partial := dir + ".partial"
	if err := os.MkdirAll(partial, 0o755); err != nil {
		return fmt.Errorf("making the cache folder: %w", err)
	}
	began := time.Now()
	for _, p := range programs() {
		if _, err := os.Stat(filepath.Join(partial, p.name)); err == nil {
			continue
		}
		log.Info("building", "program", p.name, "elapsed", time.Since(began).Round(time.Second))
		stop := tick(log, p.name)
		err := buildOne(ctx, root, partial, p)
		stop()
		if err != nil {
			return err
		}
	}
	if err := os.Rename(partial, dir); err != nil {
		return fmt.Errorf("publishing the built programs: %w", err)
	}
	log.Info("built", "elapsed", time.Since(began).Round(time.Second), "folder", dir)
	return nil
}

// buildOne builds one program into dir; a half-written program never bears its
// final name.
func buildOne(ctx context.Context, root, dir string, p program) error {
	out := filepath.Join(dir, p.name)
	link := "-s -w"
	if p.version != "" {
		version, err := kubernetesVersion(root)
		if err != nil {
			return err
		}
		link += " -X " + p.version + "=" + version
	}
	args := []string{"build", "-C", filepath.Join(root, p.module), "-trimpath", "-ldflags=" + link}
	if p.tags != "" {
		args = append(args, "-tags", p.tags)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "-o", out+".new", p.pkg)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", p.name, err, lastLines(text.String(), 30))
	}
	if err := os.Rename(out+".new", out); err != nil {
		return fmt.Errorf("publishing %s: %w", p.name, err)
	}
	return nil
}

// kubernetesVersion reads from the tools module which Kubernetes it builds.
func kubernetesVersion(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, kubernetesModule, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("reading the tools module: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "k8s.io/kubernetes" {
			return fields[1], nil
		}
	}
	return "", fmt.Errorf("the tools module %s requires no k8s.io/kubernetes", kubernetesModule)
}

// tick logs twice a minute that a build is still going on, until stop is
// called.
func tick(log *slog.Logger, name string) (stop func()) {
	began, done := time.Now(), make(chan struct{})
	go func() {
		t := time.NewTicker(30 * time.Second)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				log.Info("still building", "program", name, "elapsed", time.Since(began).Round(time.Second))
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}

// lockFile takes an exclusive lock, so that two runs don't build the same
// programs side by side. It waits until the other is done or ctx ends.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("making the cache folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the lock: %w", err)
	}
	err = poll(ctx, 200*time.Millisecond, func() (bool, error) {
		return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil, nil
	})
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("waiting for the build that holds %s: %w", path, err)
	}
	return func() { _ = f.Close() }, nil
}
