package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pullfix/pullfix/runbook"
)

// saveCase writes a case beside its place and renames it, so that there is
// never half a case. Only its owner may read it: it holds no credential, but it
// tells much about a cluster.
func saveCase(path string, c runbook.Case) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".pullfix-case-*") // mode 0600
	if err != nil {
		return fmt.Errorf("storing the case: %w", err)
	}
	err = errors.Join(c.Encode(file), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("storing the case in %s: %w", path, err), os.Remove(file.Name()))
	}
	return nil
}
