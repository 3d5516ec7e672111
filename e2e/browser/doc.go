// Package browser holds the tests of the sandbox's page in a real Chromium: a
// person's way through a channel, by mouse and by keyboard. It has nothing but
// tests.
package browser
