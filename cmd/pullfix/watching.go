package main

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/journal"
	"github.com/pullfix/pullfix/bot/watch"
	"github.com/pullfix/pullfix/cmd/pullfix/metrics"
	"github.com/pullfix/pullfix/k8s"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// lookout is a cluster as the watch looks at it.
type lookout struct {
	namedCluster
	metrics *metrics.Metrics
}

// Look finds the pods that wait for an image, and counts them.
func (l lookout) Look(ctx context.Context, events bool, found func([]runbook.FailingPull)) (watch.Seen, error) {
	var rows []runbook.FailingPull
	seen, err := l.Failing(ctx, k8s.ScanOptions{Pending: !events}, func(more []runbook.FailingPull) {
		rows = append(rows, more...)
		found(more)
	})
	if err == nil {
		l.metrics.Failing(l.name, runbook.Survey(rows), events && seen.Complete)
	}
	return watch.Seen{Complete: seen.Complete, Gaps: seen.Gaps}, err
}

// watches look at every cluster that is to be watched.
func (p parts) watches(desk watch.Desk, kept *journal.Journal) ([]*watch.Watch, error) {
	var all []*watch.Watch
	for _, c := range p.engine.clusters {
		pace, on := p.settings.Watch.of(c.name)
		if !on {
			continue
		}
		first, err := kept.FirstLook(c.name, time.Now())
		if err != nil {
			return nil, err
		}
		w, err := watch.New(watch.Options{
			Name: c.name, Cluster: lookout{c, p.metrics}, Desk: desk, Log: p.log, First: first,
			Room: bot.Place{Channel: p.settings.Slack.Channel},
			Pods: pace.Pods, Events: pace.Events, Settle: pace.Settle, PerMinute: pace.Diagnoses,
		})
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

// rooms are where incidents are shown that nobody asked for.
type rooms struct {
	rules   []channelSettings
	channel string // where no rule says otherwise
	log     *slog.Logger
	said    *atomic.Bool
}

func (p parts) rooms() rooms {
	return rooms{rules: p.settings.Watch.Channels, channel: p.settings.Slack.Channel, log: p.log, said: &atomic.Bool{}}
}

// Room is the first rule's that covers what was found, else the usual channel.
// Where there is none, that is said once: people are only paged.
func (r rooms) Room(t runbook.Target, v runbook.Verdict) bot.Place {
	at := slices.IndexFunc(r.rules, func(rule channelSettings) bool { return rule.covers(t, v) })
	if at >= 0 {
		return bot.Place{Channel: r.rules[at].Channel}
	}
	if r.channel == "" && !r.said.Swap(true) {
		r.log.Warn("no channel is configured for incidents that nobody asked for; nobody sees them in Slack", "key", "slack.channel")
	}
	return bot.Place{Channel: r.channel}
}

func (c channelSettings) covers(t runbook.Target, v runbook.Verdict) bool {
	why, severity := v.Cause, v.Severity
	if why == "" {
		why = cause.Unknown
	}
	if severity == "" {
		severity = runbook.P1 // what could not be diagnosed may be anything
	}
	return matchesAny(c.Clusters, t.Cluster) && matchesAny(c.Namespaces, t.Namespace) &&
		matchesAny(c.Causes, string(why)) && matchesAny(c.Severities, severity)
}

// unread says which clusters cannot be read, one line each.
func (s *service) unread() []string {
	var lines []string
	for _, w := range s.watches {
		if h := w.Health(); h.Trouble != "" {
			name := "the cluster"
			if h.Cluster != "" {
				name = "cluster " + h.Cluster
			}
			lines = append(lines, strings.Join([]string{name, "cannot be read since", h.Since.UTC().Format(time.RFC3339) + ":", h.Trouble}, " "))
		}
	}
	return lines
}
