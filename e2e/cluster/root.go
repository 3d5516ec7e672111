//go:build linux

package cluster

import (
	"fmt"
	"os"
	"path/filepath"
)

// Root returns the folder of the repository: the nearest one above the working
// folder that holds the tools modules.
func Root() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the repository: %w", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, kubernetesModule, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no folder above %s is the repository: it would hold %s", start, kubernetesModule)
		}
	}
}
