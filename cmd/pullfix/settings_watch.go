package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// watchSettings say how pullfix looks for failures before anybody asks.
type watchSettings struct {
	Off       bool              `mapstructure:"off"`
	Pods      time.Duration     `mapstructure:"pods"`
	Events    time.Duration     `mapstructure:"events"`
	Settle    time.Duration     `mapstructure:"settle"`
	Diagnoses int               `mapstructure:"diagnoses"`
	Clusters  []watchedSettings `mapstructure:"clusters"`
	Channels  []channelSettings `mapstructure:"channels"`
}

// watchedSettings are what is different about one cluster.
type watchedSettings struct {
	Name      string         `mapstructure:"name"`
	Off       *bool          `mapstructure:"off"`
	Pods      *time.Duration `mapstructure:"pods"`
	Events    *time.Duration `mapstructure:"events"`
	Settle    *time.Duration `mapstructure:"settle"`
	Diagnoses *int           `mapstructure:"diagnoses"`
}

// channelSettings are one rule about where incidents go that nobody asked for.
type channelSettings struct {
	Clusters   []string `mapstructure:"clusters"`
	Namespaces []string `mapstructure:"namespaces"`
	Causes     []string `mapstructure:"causes"`
	Severities []string `mapstructure:"severities"`
	Channel    string   `mapstructure:"channel"`
}

// defaultWatch is easy on the API server: a list of pending pods comes from its
// cache; events do not, so they are followed seldom.
func defaultWatch() watchSettings {
	return watchSettings{Pods: 30 * time.Second, Events: 5 * time.Minute, Settle: time.Minute, Diagnoses: 6}
}

// of is how a cluster is watched; false when it is not.
func (w watchSettings) of(cluster string) (watchSettings, bool) {
	for _, c := range w.Clusters {
		if c.Name == cluster {
			w = watchSettings{
				Off: or(c.Off, w.Off), Pods: or(c.Pods, w.Pods), Events: or(c.Events, w.Events),
				Settle: or(c.Settle, w.Settle), Diagnoses: or(c.Diagnoses, w.Diagnoses),
			}
			break
		}
	}
	return w, !w.Off
}

func (w watchSettings) check(complain complainer) {
	w.checkPace("watch", complain)
	seen := map[string]bool{}
	for i, c := range w.Clusters {
		path := "watch.clusters[" + strconv.Itoa(i) + "]"
		if seen[c.Name] {
			complain(path+".name", fmt.Sprintf("%q is there twice", c.Name), "put all about a cluster in one entry")
		}
		seen[c.Name] = true
		if !w.sound() {
			continue // what is inherited is told already
		}
		its, _ := watchSettings{Pods: w.Pods, Events: w.Events, Settle: w.Settle, Diagnoses: w.Diagnoses, Clusters: []watchedSettings{c}}.of(c.Name)
		its.checkPace(path, complain)
	}
	for i, c := range w.Channels {
		c.check("watch.channels["+strconv.Itoa(i)+"]", complain)
	}
}

func (w watchSettings) sound() bool {
	return w.Pods > 0 && w.Events >= w.Pods && w.Settle >= 0 && w.Diagnoses > 0
}

func (w watchSettings) checkPace(path string, complain complainer) {
	if w.Pods <= 0 {
		complain(path+".pods", fmt.Sprintf("%s is no pause", w.Pods), "write a duration such as 30s")
	}
	if w.Events < w.Pods {
		complain(path+".events", fmt.Sprintf("%s is shorter than the pause between looks at pods", w.Events), "write a duration such as 5m: events cost the API server more than pods do")
	}
	if w.Settle < 0 {
		complain(path+".settle", fmt.Sprintf("%s is no duration", w.Settle), "write a duration such as 60s")
	}
	if w.Diagnoses < 1 {
		complain(path+".diagnoses", fmt.Sprintf("%d diagnoses a minute find nothing", w.Diagnoses), "write 1 or more; off: true does not watch at all")
	}
}

func (c channelSettings) check(path string, complain complainer) {
	checkPatterns(path, []patterns{{"clusters", c.Clusters}, {"namespaces", c.Namespaces}, {"causes", c.Causes}, {"severities", c.Severities}}, complain)
	checkKnown(path+".causes", c.Causes, causeNames(), complain)
	checkKnown(path+".severities", c.Severities, []string{runbook.P1, runbook.P2}, complain)
	checkIDs(path+".channel", []string{c.Channel}, channels(), complain)
}
