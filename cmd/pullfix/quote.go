package main

import (
	"strings"
	"unicode"

	"github.com/pullfix/pullfix/runbook/scrub"
)

// oneLine is text from outside, fit to be shown.
func oneLine(s string) string { return scrub.Text(s) }

// visible takes from a command what could steer a terminal or mislead its
// reader. Nothing else is touched, since the command is meant to be copied.
func visible(command string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == ' ' || unicode.IsGraphic(r) && !unicode.IsSpace(r) {
			return r
		}
		return -1
	}, command)
}
