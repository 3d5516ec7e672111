package page_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestScriptsBuildNodes keeps out what could make markup or code of a text,
// and what would not be readable.
func TestScriptsBuildNodes(t *testing.T) {
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|srcdoc|setAttribute\(['"]style`)
	elsewhere := regexp.MustCompile(`(?:from|import\()\s*['"][^./]|https?://[a-z0-9]`)
	files, err := filepath.Glob("static/*")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(raw), "\n"); n > 300 {
			t.Errorf("%s has %d lines", name, n)
		}
		if found := forbidden.FindString(string(raw)); found != "" {
			t.Errorf("%s uses %s", name, found)
		}
		if found := elsewhere.FindString(strings.ReplaceAll(string(raw), "http://www.w3.org/2000/svg", "")); found != "" {
			t.Errorf("%s reaches elsewhere: %s", name, found)
		}
	}
}
