package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheKeyIsMadeOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "pullfix.key")
	keys := make([]string, 8)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			key, _, err := openKey(file)
			if err != nil {
				t.Error(err)
				return
			}
			derived, err := key.derive("seal")
			if err != nil {
				t.Error(err)
			}
			keys[i] = string(derived)
		})
	}
	all.Wait()
	for _, key := range keys {
		if key != keys[0] || len(key) != keyBytes {
			t.Fatal("starts at the same time have different keys")
		}
	}
	left, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the key: %v, %v", left, err)
	}
	if _, made, err := openKey(file); err != nil || made {
		t.Errorf("made again: %v, %v", made, err)
	}
}

func TestTheKeyIsRefused(t *testing.T) {
	directory := t.TempDir()
	good, _, err := openKey(filepath.Join(directory, "good"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(directory, "good"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"group":   {string(text), 0o640, "others than its owner"},
		"writers": {string(text), 0o622, "others than its owner"},
		"short":   {"AAAA", 0o600, "32 bytes in base64"},
		"empty":   {"", 0o600, "32 bytes in base64"},
		"long":    {strings.Repeat(string(text), 9), 0o600, "32 bytes in base64"},
		"words":   {"a passphrase", 0o600, "32 bytes in base64"},
	} {
		file := filepath.Join(directory, name)
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, c.mode); err != nil {
			t.Fatal(err)
		}
		if _, _, err := openKey(file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := openKey(directory); err == nil {
		t.Error("a directory is no key")
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown := fmt.Sprintf(verb, good) + fmt.Sprintf(verb, parts{key: good}) + fmt.Sprintf(verb, &good)
		if strings.Contains(shown, *good.v) || strings.Contains(shown, fmt.Sprintf("%x", *good.v)) {
			t.Errorf("%s shows the key", verb)
		}
	}
	if encoded, err := json.Marshal(map[string]any{"key": good}); !errors.Is(err, errHiddenKey) {
		t.Errorf("%s, %v", encoded, err)
	}
	a, errA := good.derive("seal")
	b, errB := good.derive("fingerprint")
	if errA != nil || errB != nil || cmp.Equal(a, b) {
		t.Errorf("one key for two purposes: %v, %v", errA, errB)
	}
}
