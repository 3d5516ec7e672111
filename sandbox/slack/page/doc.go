// Package page is what a person sees of a sandbox workspace: a channel in the
// browser that looks and behaves like Slack's, drawn from what /control/ tells
// and acting through it. It is plain HTML, CSS and JavaScript that is built
// into the program; nothing is fetched from elsewhere, and outside text never
// becomes markup.
package page
