// Package bot is the life of an incident, without Slack: what people and the
// cluster do to it, what follows from that, who may do what, and the timers.
// The state changes only by [Incident.Apply], and every change is saved before
// anything follows from it.
package bot
