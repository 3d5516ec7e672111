package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/pullfix/pullfix/bot"
)

// botKeys are the keys that nobody sets for the terminal alone.
func botKeys() []string {
	return []string{"slack", "store", "access", "approvals", "responders", "escalation", "heartbeat", "watch", "listen", "links"}
}

// warnings tell of what is allowed and perhaps not meant: where nobody may do
// something, nobody is told, or a secret lies open. A configuration for the
// terminal alone is not asked who may use the bot.
func (s settings) warnings() []string {
	var said []string
	warn := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	s.warnOfCredentials(warn)
	if !s.forBot {
		return said
	}
	s.warnOfNobody(warn)
	for i, a := range s.Access {
		s.warnOfClusters("access["+strconv.Itoa(i)+"]", a.Clusters, warn)
	}
	for i, a := range s.Approvals {
		s.warnOfClusters("approvals["+strconv.Itoa(i)+"]", a.Clusters, warn)
		if a.SelfServiceGroups {
			warn("approvals[%d].selfServiceGroups: whoever can join those groups can approve", i)
		}
	}
	s.warnOfWatch(warn)
	s.warnOfEscalation(warn)
	for _, file := range []string{s.Slack.BotTokenFile, s.Slack.AppTokenFile} {
		if mode := readableByOthers(file); mode != 0 {
			warn("%s can be read by others (mode %04o): chmod 600 it", file, mode)
		}
	}
	return said
}

func (s settings) warnOfEscalation(warn func(string, ...any)) {
	routes := s.Escalation.Routes
	if len(routes) == 0 {
		warn("escalation.routes is empty: nobody will be paged")
		return
	}
	forSecurity := func(r routeSettings) bool { return slices.Contains(r.Conditions, string(bot.WhenCompromised)) }
	at := slices.IndexFunc(routes, forSecurity)
	switch {
	case at < 0:
		warn("escalation.routes: none is for the condition security: a security incident takes the route of everything else, and nobody is told where the credential stands")
	case routes[at].Slack.Channel == "":
		warn("escalation.routes[%d].slack.channel is empty: nobody is told where a compromised credential stands", at)
	}
}

func (s settings) warnOfNobody(warn func(string, ...any)) {
	nobody := func(users, groups []string) bool { return len(users)+len(groups) == 0 }
	if !slices.ContainsFunc(s.Access, func(a accessSettings) bool { return !nobody(a.Users, a.Groups) }) {
		warn("access names nobody: nobody may ask for a diagnosis")
	}
	if !s.ReadOnly && !slices.ContainsFunc(s.Approvals, func(a approvalSettings) bool { return !nobody(a.Users, a.Groups) }) {
		warn("approvals names nobody: nobody may approve a change")
	}
	if nobody(s.Responders.Users, s.Responders.Groups) {
		warn("responders names nobody: nobody may acknowledge, snooze, reject, escalate or close")
	}
}

// warnOfWatch tells of what is seen by nobody, and of looks that cost too much.
func (s settings) warnOfWatch(warn func(string, ...any)) {
	if !s.Watch.Off && s.Slack.Channel == "" && len(s.Watch.Channels) == 0 {
		warn("slack.channel is empty: nobody sees in Slack what pullfix notices by itself")
	}
	if !s.Watch.Off && s.Watch.Pods < soonestLook {
		warn("watch.pods: a look every %s is hard on the API server", s.Watch.Pods)
	}
	for i, c := range s.Watch.Clusters {
		if !slices.ContainsFunc(s.Clusters, func(known clusterSettings) bool { return known.Name == c.Name }) {
			warn("watch.clusters[%d].name: %q is no configured cluster", i, c.Name)
		}
	}
	for i, c := range s.Watch.Channels {
		s.warnOfClusters("watch.channels["+strconv.Itoa(i)+"]", c.Clusters, warn)
	}
}

// soonestLook is the shortest pause between looks that is no burden.
const soonestLook = 5 * time.Second

// warnOfClusters tells of patterns that match no configured cluster.
func (s settings) warnOfClusters(at string, list []string, warn func(string, ...any)) {
	for _, p := range list {
		matches := func(c clusterSettings) bool {
			ok, _ := path.Match(p, c.Name) // the pattern is checked
			return ok
		}
		if p != "*" && !slices.ContainsFunc(s.Clusters, matches) {
			warn("%s.clusters: %q matches no configured cluster", at, p)
		}
	}
}

// readableByOthers returns a file's mode when others than its owner can read it,
// 0 otherwise; a file that is not there is told elsewhere.
func readableByOthers(file string) fs.FileMode {
	if file == "" {
		return 0
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm()&0o044 == 0 {
		return 0
	}
	return info.Mode().Perm()
}
