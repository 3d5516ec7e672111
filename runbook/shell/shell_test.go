package shell_test

import (
	"os/exec"
	"testing"

	"github.com/pullfix/pullfix/runbook/shell"
)

// FuzzQuote asks a real shell for the word back.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"plain", "", "it's", "$(rm -rf /)", "`id`", "a b", "x;y", "!", "~", "*", "{a,b}", "\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, word string) {
		for _, r := range word {
			if r == 0 || r == '\uFFFD' {
				return
			}
		}
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+shell.Quote(word)).Output()
		if err != nil || string(out) != word {
			t.Errorf("%q comes back as %q: %v", word, out, err)
		}
	})
}
