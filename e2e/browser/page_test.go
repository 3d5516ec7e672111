package browser_test

import (
	"testing"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// scenario is one way through the page.
type scenario struct {
	name    string
	options slack.Options
	run     func(v *visit)
}

// TestPage runs all of them in one Chromium, each in a tab and a workspace of
// its own.
func TestPage(t *testing.T) {
	browser := startBrowser(t)
	for _, list := range [][]scenario{looks(), acts(), keys(), texts(), live(), emitted()} {
		for _, s := range list {
			t.Run(s.name, func(t *testing.T) { s.run(newVisit(t, browser, s.options)) })
		}
	}
}
