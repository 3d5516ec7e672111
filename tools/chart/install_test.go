package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestInstallWithoutHelm runs the command of docs/install.md as it stands there,
// on the values that stand there, in a folder that looks like the repository.
func TestInstallWithoutHelm(t *testing.T) {
	text, err := os.ReadFile("../../docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile("`(go run -C tools/chart [^|`]+)").FindSubmatch(text)
	if command == nil {
		t.Fatal("docs/install.md has no command without helm")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, name := range []string{"tools", "charts"} {
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(documented(t), filepath.Join(folder, "values.yaml")); err != nil {
		t.Fatal(err)
	}
	sh := exec.CommandContext(t.Context(), "sh", "-c", string(command[1]))
	sh.Dir = folder
	out, err := sh.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "kind: Deployment") || !strings.Contains(string(out), "registry.example.com/ops/pullfix") {
		t.Errorf("%s: %v\n%s", command[1], err, out)
	}
}

// documented are the values that docs/install.md shows.
func documented(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	values := regexp.MustCompile("(?s)```yaml\n(image:.*?)```").FindSubmatch(text)
	if values == nil {
		t.Fatal("docs/install.md has no values")
	}
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, values[1], 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestNotesSayWhenNobodyIsCalled: the defaults have no route; the values that
// people copy have one.
func TestNotesSayWhenNobodyIsCalled(t *testing.T) {
	for values, warned := range map[string]bool{"testdata/values/defaults.yaml": true, documented(t): false} {
		files, err := templates(release{chart: chartFolder, name: "pullfix", namespace: "ops", values: []string{values}})
		if err != nil {
			t.Fatal(err)
		}
		notes := files["pullfix/templates/NOTES.txt"]
		if said := strings.Contains(notes, "nobody is ever called"); said != warned || !strings.Contains(notes, "rollout status") {
			t.Errorf("%s: warned %t, want %t:\n%s", values, said, warned, notes)
		}
	}
}

// TestRelativeValuesAreExplained: go run -C starts the tool elsewhere than its
// caller, so that a relative file is not found.
func TestRelativeValuesAreExplained(t *testing.T) {
	err := render(os.Stdout, release{chart: chartFolder, values: []string{"values.yaml"}})
	if err == nil || !strings.Contains(err.Error(), `write -f "$PWD/values.yaml"`) {
		t.Errorf("got %v", err)
	}
}
