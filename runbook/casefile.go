package runbook

import (
	"encoding/json"
	"fmt"
	"io"
)

// maxCase bounds a stored case, in bytes.
const maxCase = 16 << 20

// DecodeCase reads a stored case. Its errors say what is wrong with the file.
func DecodeCase(r io.Reader) (Case, error) {
	var c Case
	body, err := io.ReadAll(io.LimitReader(r, maxCase+1))
	if err != nil {
		return Case{}, fmt.Errorf("reading the case: %w", err)
	}
	if len(body) > maxCase {
		return Case{}, fmt.Errorf("the case is larger than %d MiB", maxCase>>20)
	}
	if err := json.Unmarshal(body, &c); err != nil {
		return Case{}, fmt.Errorf("decoding the case: %w", err)
	}
	if c.Version != CaseVersion {
		return Case{}, fmt.Errorf("the case has version %d; this pullfix reads version %d", c.Version, CaseVersion)
	}
	return c, nil
}

// Encode writes the case as indented JSON.
func (c Case) Encode(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(c); err != nil {
		return fmt.Errorf("writing the case: %w", err)
	}
	return nil
}
