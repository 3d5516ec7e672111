package sdk

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestVersionsArePinned keeps ranges out of package.json, and addresses of
// registries out of the lock file: which registry is asked is npm's setting.
func TestVersionsArePinned(t *testing.T) {
	raw, err := os.ReadFile("scripts/package.json")
	if err != nil {
		t.Fatal(err)
	}
	var wanted struct {
		DevDependencies map[string]string `json:"devDependencies"`
	}
	if err := json.Unmarshal(raw, &wanted); err != nil {
		t.Fatal(err)
	}
	raw, err = os.ReadFile("scripts/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct{ Version, Resolved, Integrity string }
	}
	if err := json.Unmarshal(raw, &lock); err != nil {
		t.Fatal(err)
	}
	exact := regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	for name, version := range wanted.DevDependencies {
		if !exact.MatchString(version) || lock.Packages["node_modules/"+name].Version != version {
			t.Errorf("%s %s: locked is %s", name, version, lock.Packages["node_modules/"+name].Version)
		}
	}
	if len(wanted.DevDependencies) == 0 {
		t.Error("nothing is wanted")
	}
	for path, p := range lock.Packages {
		if p.Resolved != "" {
			t.Errorf("%s names its registry: %s", path, p.Resolved)
		}
		if strings.HasPrefix(path, "node_modules/") && p.Integrity == "" {
			t.Errorf("%s has no checksum", path)
		}
	}
}
