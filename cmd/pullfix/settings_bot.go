package main

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// slackSettings say how to reach Slack. The tokens themselves never stand in
// the configuration: files that hold nothing else are named, or they are in
// SLACK_BOT_TOKEN and SLACK_APP_TOKEN.
type slackSettings struct {
	APIURL       string `mapstructure:"apiURL"`
	Channel      string `mapstructure:"channel"`
	BotTokenFile string `mapstructure:"botTokenFile"`
	AppTokenFile string `mapstructure:"appTokenFile"`
}

// storeSettings say where incidents are kept, and the key that seals what was
// approved in them. The two are apart: whoever can write the one cannot forge
// with the other.
type storeSettings struct {
	Directory string `mapstructure:"directory"`
	KeyFile   string `mapstructure:"keyFile"`
}

// defaultSettings are the values of the keys that are left out.
func defaultSettings() settings {
	return settings{
		Slack:      slackSettings{APIURL: "https://slack.com/api/"},
		Store:      storeSettings{Directory: "./journal", KeyFile: "./pullfix.key"},
		Escalation: defaultEscalation(),
		Heartbeat:  heartbeatSettings{Every: time.Minute},
		Watch:      defaultWatch(),
		Listen:     "127.0.0.1:8080",
	}
}

// The forms of Slack's ids. A person who writes a name in place of an id would
// be surprised who may approve.
var (
	userID    = regexp.MustCompile(`^[UW][A-Z0-9]{2,20}$`)
	groupID   = regexp.MustCompile(`^S[A-Z0-9]{2,20}$`)
	channelID = regexp.MustCompile(`^[CG][A-Z0-9]{2,20}$`)
)

// complainer is told of a value that makes no sense: where it stands, what is
// wrong, and what to do.
type complainer func(path, text, hint string)

// checkBot tells of every value that only serve needs and that makes no sense.
func (s settings) checkBot(complain complainer) {
	s.Slack.check(complain)
	s.Store.check(complain)
	for i, rule := range s.Access {
		rule.check("access["+strconv.Itoa(i)+"]", complain)
	}
	for i, rule := range s.Approvals {
		rule.check("approvals["+strconv.Itoa(i)+"]", complain)
	}
	s.Responders.check("responders", complain)
	s.Escalation.check(complain)
	s.Watch.check(complain)
	for i, link := range s.Links {
		link.check("links["+strconv.Itoa(i)+"]", complain)
	}
	s.Heartbeat.check(complain)
	if _, port, err := net.SplitHostPort(s.Listen); err != nil || badPort(port) {
		complain("listen", fmt.Sprintf("%q is no address", s.Listen), "write HOST:PORT, as 127.0.0.1:8080, or :8080 for every address of this machine")
	}
}

func badPort(port string) bool {
	n, err := strconv.Atoi(port)
	return err != nil || n < 0 || n > 65535
}

func (s slackSettings) check(complain complainer) {
	const path, hint = "slack.apiURL", "write https://slack.com/api/, or the address of a stand-in on this machine"
	switch u, err := url.Parse(s.APIURL); {
	case err != nil || u.Host == "":
		complain(path, fmt.Sprintf("%q is no address", s.APIURL), hint)
	case u.User != nil:
		complain(path, "a login stands in the address", "tokens come from the environment or from files, never from an address")
	case u.Scheme != "https" && (u.Scheme != "http" || !onThisMachine(u.Hostname())):
		complain(path, fmt.Sprintf("%q is not encrypted", s.APIURL), hint)
	}
	if s.Channel != "" {
		checkIDs("slack.channel", []string{s.Channel}, channels(), complain)
	}
}

// onThisMachine tells that a host is loopback, so that plain http leaves nothing.
func onThisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

func (s storeSettings) check(complain complainer) {
	if s.Directory == "" {
		complain("store.directory", "empty", "name a directory for the incidents; it is made when there is none")
	}
	if s.KeyFile == "" {
		complain("store.keyFile", "empty", "name a file for the key; it is made when there is none")
		return
	}
	inside, err := filepath.Rel(s.Directory, s.KeyFile)
	if err == nil && s.Directory != "" && filepath.IsLocal(inside) {
		complain("store.keyFile", "the key lies in the store that it seals", "put it elsewhere: whoever can write incidents could forge approvals with it")
	}
}
