// Package slackbot is where people meet pullfix: it brings commands and clicks
// from Slack to the desk, and draws incidents where people are. It is the only
// user of slack-go.
//
// Slack is a slow, lossy, at-least-once pipe. What comes in is recorded by the
// desk, then acknowledged within three seconds, and worked on afterwards; what
// goes out waits its turn by channel, is drawn from the newest state, and is
// looked for before it is posted a second time.
package slackbot
