//go:build sdk

package sdk

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

//go:embed scripts/*.mjs scripts/package.json scripts/package-lock.json
var scripts embed.FS

// oldestNode is the oldest major version that the SDKs run on.
const oldestNode = 20

const nodeHint = "hint: install Node 20 or newer with npm; Slack's own SDKs run on it"

// kit is Slack's SDKs, installed.
type kit struct {
	// modules is their node_modules directory.
	modules string
}

// install installs the SDKs once for each lock file, outside the checkout.
func install(t *testing.T) kit {
	t.Helper()
	if err := checkNode(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, nodeHint)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatalf("%v\nhint: set HOME or XDG_CACHE_HOME", err)
	}
	lock, err := scripts.ReadFile("scripts/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(lock)
	dir := filepath.Join(cache, "pullfix", "sdk", hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		err = fetch(t.Context(), dir)
		if err != nil {
			t.Fatalf("%v\nhint: the first run needs npm's registry, or a mirror that npm is configured for", err)
		}
	} else if err != nil {
		t.Fatal(err)
	}
	return kit{modules: filepath.Join(dir, "node_modules")}
}

// checkNode says what is missing.
func checkNode(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "node", "--version").Output()
	if err != nil {
		return fmt.Errorf("asking node for its version: %w", err)
	}
	version := strings.TrimSpace(string(out))
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < oldestNode {
		return fmt.Errorf("node is %s, which is older than %d", version, oldestNode)
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return fmt.Errorf("looking for npm: %w", err)
	}
	return nil
}

// fetch installs into a directory beside dir, which takes dir's name once it is
// complete: neither an interruption nor a second run leaves half of it.
func fetch(ctx context.Context, dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("making the cache: %w", err)
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), "new-")
	if err != nil {
		return fmt.Errorf("making the cache: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	if err := unpack(work, "package"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	npm.Dir = work
	if out, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	if err := os.Rename(work, dir); err != nil {
		if _, there := os.Stat(dir); there == nil {
			return nil // another run was faster
		}
		return fmt.Errorf("keeping what npm installed: %w", err)
	}
	return nil
}

// unpack writes the embedded scripts whose names start with prefix to dir.
func unpack(dir, prefix string) error {
	entries, err := scripts.ReadDir("scripts")
	if err != nil {
		return fmt.Errorf("reading the scripts: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		content, err := scripts.ReadFile("scripts/" + e.Name())
		if err != nil {
			return fmt.Errorf("reading the scripts: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), content, 0o644); err != nil {
			return fmt.Errorf("unpacking the scripts: %w", err)
		}
	}
	return nil
}

// room is a directory of its own in which imports find the SDKs.
func (k kit) room(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(k.modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return dir
}
