//go:build sdk

package sdk

import (
	"os/exec"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"
)

// manifest checks what `pullfix manifest` prints, with scopes and events by
// name.
func manifest(t *testing.T, k kit) {
	root := filepath.Join("..", "..")
	command := exec.CommandContext(t.Context(), "go", "run", "./cmd/pullfix", "manifest", "--config", "config.example.yaml")
	command.Dir = root
	out, err := command.Output()
	if err != nil {
		t.Fatalf("pullfix manifest: %v", err)
	}
	sound, err := yaml.YAMLToJSONStrict(out)
	if err != nil {
		t.Fatalf("reading the manifest: %v", err)
	}
	for _, c := range k.compile(t, []sample{{name: "manifest", kind: "web.AppsManifestCreateArguments['manifest']", json: sound}}) {
		t.Error(c.text)
	}
}
