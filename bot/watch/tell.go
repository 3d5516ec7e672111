package watch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// tell hands what has settled to the desk: a count to the incident that stands
// for it, else a notice.
func (w *Watch) tell(ctx context.Context, complete bool) {
	waiting := 0
	for _, key := range w.memory.order {
		s := w.memory.groups[key]
		if s.looks < 2 || time.Since(s.since) < w.Settle {
			continue
		}
		if w.counted(ctx, s, complete) {
			continue
		}
		if !w.mayBegin() {
			waiting++
			continue
		}
		w.notice(ctx, s)
	}
	if waiting > 0 {
		w.Log.InfoContext(ctx, "root causes wait for their diagnosis", "cluster", w.Name, "waiting", waiting, "perMinute", w.PerMinute)
	}
}

// counted tells that an open incident stands for the group; it is told how far
// the group reaches. A partial look counts nothing: then what led to an incident
// once is taken to be in good hands.
func (w *Watch) counted(ctx context.Context, s *sighting, complete bool) bool {
	if !complete {
		return s.id != ""
	}
	err := w.Desk.Count(ctx, bot.NoticedKey(w.Name, s.Key), w.ignored.scope(s.Group))
	if err != nil && !errors.Is(err, bot.ErrNoIncident) {
		w.Log.WarnContext(ctx, "counting failing pods", "cluster", w.Name, "group", s.Key, "err", err)
		return true
	}
	return err == nil
}

// mayBegin tells whether another diagnosis may be begun in this minute.
func (w *Watch) mayBegin() bool {
	w.begun = slices.DeleteFunc(w.begun, func(at time.Time) bool { return time.Since(at) >= time.Minute })
	return len(w.begun) < w.PerMinute
}

// notice hands one pod of the group to the desk, for all of them.
func (w *Watch) notice(ctx context.Context, s *sighting) {
	p, ok := w.representative(ctx, s)
	if !ok {
		return
	}
	scope := w.ignored.scope(s.Group)
	id, err := w.Desk.Notice(ctx, bot.Noticed{
		Key: bot.NoticedKey(w.Name, s.Key), Since: newest(s.Pods),
		Target: runbook.Target{Cluster: w.Name, Namespace: p.Namespace, Kind: "Pod", Name: p.Name},
		Reason: fmt.Sprintf("noticed: %s in %s: %s", count(scope.Pods, "pod"), count(scope.Namespaces, "namespace"), s.Summary),
	})
	switch {
	case errors.Is(err, bot.ErrLeftAlone):
		return
	case err != nil:
		w.Log.WarnContext(ctx, "opening an incident", "cluster", w.Name, "group", s.Key, "err", err)
		return
	}
	s.id = id
	w.begun = append(w.begun, time.Now())
	w.Log.InfoContext(ctx, "noticed", "cluster", w.Name, "incident", id, "group", s.Key, "pods", scope.Pods, "namespaces", scope.Namespaces)
}

// newest is when the newest of the pods began to wait.
func newest(pods []runbook.GroupPod) time.Time {
	var at time.Time
	for _, p := range pods {
		if p.Since.After(at) {
			at = p.Since
		}
	}
	return at
}

// mostTried bounds the workloads of a group that are asked at one look whether
// they want to be noticed.
const mostTried = 5

// representative is a pod of the group that the newest look saw and that may be
// noticed.
func (w *Watch) representative(ctx context.Context, s *sighting) (runbook.GroupPod, bool) {
	tried := 0
	for _, p := range s.Pods {
		if !s.fresh[p.Namespace+"/"+p.Name] {
			continue
		}
		if !w.ignored.knows(workloadOf(p)) {
			if tried == mostTried {
				break // the answers are remembered, so the next look gets further
			}
			tried++
		}
		if !w.asksToBeIgnored(ctx, p) {
			return p, true
		}
	}
	return runbook.GroupPod{}, false
}

// asksToBeIgnored asks the cluster, unless it was asked lately. What cannot be
// read is noticed.
func (w *Watch) asksToBeIgnored(ctx context.Context, p runbook.GroupPod) bool {
	key := workloadOf(p)
	if w.ignored.knows(key) {
		return w.ignored[key].is
	}
	is, err := w.Cluster.Ignored(ctx, p.Namespace, p.Workload)
	if err != nil {
		w.once("ignored "+p.Namespace, func() {
			w.Log.InfoContext(ctx, "cannot tell whether it asks not to be noticed", "cluster", w.Name, "namespace", p.Namespace, "workload", p.Workload, "err", err)
		})
	}
	w.ignored.learn(key, is)
	return is
}

// ignorance is which workloads ask not to be noticed, for a while.
type ignorance map[string]answer

type answer struct {
	is bool
	at time.Time
}

// askedFor is how long an answer counts: who takes the annotation away waits as
// long.
const askedFor = 10 * time.Minute

func workloadOf(p runbook.GroupPod) string {
	if p.Workload == "" {
		return p.Namespace + "/Pod/" + p.Name
	}
	return p.Namespace + "/" + p.Workload
}

func (i ignorance) knows(key string) bool {
	a, ok := i[key]
	return ok && time.Since(a.at) < askedFor
}

func (i ignorance) learn(key string, is bool) {
	if len(i) > mostRows/10 {
		for other, a := range i {
			if time.Since(a.at) >= askedFor {
				delete(i, other)
			}
		}
	}
	i[key] = answer{is: is, at: time.Now()}
}

// scope counts the pods and namespaces of a group without those that are known
// to be left alone.
func (i ignorance) scope(g runbook.Group) runbook.Scope {
	pods, namespaces := make(map[string]bool), make(map[string]bool)
	for _, p := range g.Pods {
		if i[workloadOf(p)].is {
			continue
		}
		pods[p.Namespace+"/"+p.Name], namespaces[p.Namespace] = true, true
	}
	return runbook.Scope{Pods: len(pods), Namespaces: len(namespaces)}
}

// digestWithin is how long after the first look the digest is told: later it is
// no news to anybody.
const digestWithin = 24 * time.Hour

// mostTold is how many root causes the digest names.
const mostTold = 5

// digest tells once what failed already when pullfix came. It pages nobody.
func (w *Watch) digest(ctx context.Context, complete bool) {
	groups := w.memory.old.Groups()
	if w.digested || !complete || w.followed.IsZero() || len(groups) == 0 || time.Since(w.First) > digestWithin {
		return
	}
	if w.Room.Channel == "" {
		w.digested = true
		w.Log.InfoContext(ctx, "pods failed before pullfix came; no channel is configured to say so", "cluster", w.Name, "rootCauses", len(groups))
		return
	}
	err := w.Desk.Digest(ctx, bot.Digest{ID: digestID(w.Name), Place: w.Room, Text: digestText(w.Name, groups)})
	if err != nil {
		w.Log.WarnContext(ctx, "telling what failed before", "cluster", w.Name, "err", err)
		return
	}
	w.digested = true
}

// digestID is the same for the same cluster, whose name may be anything.
func digestID(cluster string) string {
	sum := sha256.Sum256([]byte(cluster))
	return "before-" + hex.EncodeToString(sum[:6])
}

func digestText(cluster string, groups []runbook.Group) string {
	pods, namespaces := make(map[string]bool), make(map[string]bool)
	var lines []string
	for n, g := range groups {
		for _, p := range g.Pods {
			pods[p.Namespace+"/"+p.Name], namespaces[p.Namespace] = true, true
		}
		if n < mostTold {
			lines = append(lines, fmt.Sprintf("%s (%s)", g.Summary, count(g.Scope().Pods, "pod")))
		}
	}
	if more := len(groups) - mostTold; more > 0 {
		lines = append(lines, "and "+count(more, "more root cause"))
	}
	on := ""
	if cluster != "" {
		on = " on " + cluster
	}
	return fmt.Sprintf("%s in %s%s waited for an image already when pullfix came: %s. Nobody is paged for these; scan lists them.",
		count(len(pods), "pod"), count(len(namespaces), "namespace"), on, strings.Join(lines, "; "))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
