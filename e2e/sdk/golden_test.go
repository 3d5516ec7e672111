//go:build sdk

package sdk

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// goldenFiles checks every message and modal that the bot can produce.
func goldenFiles(t *testing.T, k kit) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "bot", "slackbot", "testdata", "golden", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var samples []sample
	messages, modals := 0, 0
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s := goldenSample(t, filepath.Base(path), raw)
		if s.kind == modalType {
			modals++
		} else {
			messages++
		}
		samples = append(samples, s)
	}
	if messages == 0 || modals == 0 {
		t.Fatalf("%d messages and %d modals among the bot's golden files, want some of each", messages, modals)
	}
	for _, c := range k.compile(t, samples) {
		t.Error(c.text)
	}
	t.Logf("%d messages and %d modals", messages, modals)
}

const (
	messageType = "{ text: string; blocks?: types.KnownBlock[] }"
	// modalType is ModalView without its loophole: there a block that is none
	// of the known ones may have any type and keys.
	modalType = "Omit<types.ModalView, 'blocks'> & { blocks: types.KnownBlock[] }"
)

func goldenSample(t *testing.T, name string, raw []byte) sample {
	t.Helper()
	var golden map[string]json.RawMessage
	if err := json.Unmarshal(raw, &golden); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	s := sample{name: strings.TrimSuffix(name, ".json"), kind: messageType, json: raw}
	if view, ok := golden["view"]; ok {
		s.kind, s.json = modalType, view
	}
	return s
}
