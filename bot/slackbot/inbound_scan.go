package slackbot

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// scope is what scan and registries are asked about, and by whom.
type scope struct {
	*front
	asked
}

func (s scope) may(ctx context.Context, cluster, namespace string) bool {
	return s.Desk.MayAsk(ctx, s.asked.person, runbook.Target{Cluster: cluster, Namespace: namespace}, s.place.Channel)
}

func (s scope) where() string {
	return s.on(orWord(s.namespace, "all namespaces"))
}

// permitted is what somebody is told of who may not ask about all.
func (s scope) permitted() string { return s.on("the namespaces that you may ask about") }

func (s scope) on(where string) string {
	if s.cluster != "" {
		where += " on " + s.cluster
	}
	return where
}

// nothing is the answer to a namespace that does not exist, and the same to one
// that one may not ask about.
func (s scope) nothing() message {
	return sentence("There is no namespace " + quote(s.on(s.namespace), roomName) + ".")
}

// unread is the answer when the cluster gave none.
func (s scope) unread(ctx context.Context, err error) message {
	missing, ok := errors.AsType[*runbook.NotFoundError](err)
	if !ok {
		s.o.Log.Warn("asking a cluster", "command", s.word, "err", err)
		return sentence("Cannot tell: the cluster could not be asked. " + quote(err.Error(), roomSentence))
	}
	if len(missing.Clusters) > 0 {
		clusters := slices.DeleteFunc(slices.Clone(missing.Clusters), func(cluster string) bool { return !s.may(ctx, cluster, s.namespace) })
		return sentence(quote(bot.NoCluster(s.cluster, clusters), roomSentence))
	}
	m := s.nothing()
	near := slices.DeleteFunc(slices.Clone(missing.Near), func(namespace string) bool { return !s.may(ctx, s.cluster, namespace) })
	if len(near) > 0 {
		m = sentence(m.text + " Names like that: " + quote(strings.Join(near, ", "), roomSentence) + ".")
	}
	return m
}

func (f *front) scan(ctx context.Context, a asked) message {
	if f.Scanner == nil {
		return sentence("There is nothing to scan with here.")
	}
	s := scope{f, a}
	all, where := s.may(ctx, a.cluster, a.namespace), s.where()
	if !all && a.namespace != "" {
		return s.nothing()
	}
	groups, err := f.Scanner.Scan(ctx, a.cluster, a.namespace)
	if err != nil {
		return s.unread(ctx, err)
	}
	if !all {
		where = s.permitted()
		groups = visible(groups, func(namespace string) bool { return s.may(ctx, a.cluster, namespace) })
	}
	return scanned(groups, where)
}

// visible leaves out the pods of namespaces that the asker may not see.
func visible(groups []runbook.Group, may func(namespace string) bool) []runbook.Group {
	allowed := make(map[string]bool)
	var kept []runbook.Group
	for _, g := range groups {
		pods, namespaces := g.Pods, g.Namespaces
		g.Pods, g.Namespaces = nil, nil
		for _, n := range namespaces {
			if _, ok := allowed[n]; !ok {
				allowed[n] = may(n)
			}
			if allowed[n] {
				g.Namespaces = append(g.Namespaces, n)
			}
		}
		for _, p := range pods {
			if allowed[p.Namespace] {
				g.Pods = append(g.Pods, p)
			}
		}
		if len(g.Pods) > 0 {
			kept = append(kept, g)
		}
	}
	return kept
}
