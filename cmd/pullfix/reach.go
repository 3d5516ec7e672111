package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/k8s"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/message"
)

// everywhere adds what waits in the further namespaces that an approved plan
// reached to a count of the incident's own pods. Nothing is over while one of
// them waits, or while not all of them could be read.
func (e engine) everywhere(ctx context.Context, i bot.Incident, r runbook.Recovery, over bool) (runbook.Recovery, bool, error) {
	var names []string
	for _, g := range i.Grounds {
		if g.Namespace == i.Target.Namespace && g.Cluster == i.Target.Cluster {
			continue
		}
		at, err := e.cluster(runbook.Target{Cluster: g.Cluster, Namespace: g.Namespace})
		if err != nil {
			return r, false, err
		}
		// A list of all pods of the namespace: the quick look goes by events, and
		// those prove nothing.
		waiting, err := waitingIn(ctx, at, k8s.ScanOptions{Namespace: g.Namespace, Thorough: true}, affected(i))
		if err != nil {
			return r, false, fmt.Errorf("looking at namespace %s: %w", g.Namespace, err)
		}
		was := failingIn(i, g.Namespace)
		r.Wanted, r.Waiting, r.Pulled = r.Wanted+max(was, waiting), r.Waiting+waiting, r.Pulled+max(was-waiting, 0)
		names = append(names, g.Namespace)
	}
	if len(names) == 0 {
		return r, over, nil
	}
	if over = over && r.Waiting == 0; over {
		r.Proof = append(r.Proof, "no pod in "+few(names)+" waits for an image of the registry any more")
	}
	return r, over, nil
}

// few names the first of many.
func few(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more namespaces", strings.Join(names[:most], ", "), len(names)-most)
	}
	return andList(names)
}

// Elsewhere counts the pods of the incident's cluster that wait for an image.
// The incident's own are not among them: they have recovered.
func (e engine) Elsewhere(ctx context.Context, i bot.Incident) (int, error) {
	at, err := e.cluster(i.Target)
	if err != nil {
		return 0, err
	}
	return waitingIn(ctx, at, k8s.ScanOptions{}, func(runbook.FailingPull) bool { return true })
}

// waitingIn counts the pods that wait and are meant. A list that is not complete
// is an error.
func waitingIn(ctx context.Context, at finder, where k8s.ScanOptions, meant func(runbook.FailingPull) bool) (int, error) {
	pods := map[string]bool{}
	seen, err := at.Failing(ctx, where, func(rows []runbook.FailingPull) {
		for _, row := range rows {
			if meant(row) {
				pods[row.Namespace+"/"+row.Pod] = true
			}
		}
	})
	if err != nil {
		return 0, err
	}
	if !seen.Complete {
		return 0, fmt.Errorf("%w: %s", errPartly, strings.Join(gapHints(seen.Gaps), "; "))
	}
	return len(pods), nil
}

// affected tells which failing pulls belong to the incident: those from its
// registry, unless the kubelet says that the image itself is at fault.
func affected(i bot.Incident) func(runbook.FailingPull) bool {
	of := faultsOfImages()
	return func(p runbook.FailingPull) bool {
		mine := i.Verdict == nil || runbook.ParseReference(p.Image).Host == i.Verdict.Registry
		return mine && !slices.Contains(of, message.Waiting(p.Reason, p.Message).Cause)
	}
}

func faultsOfImages() []cause.Cause {
	return []cause.Cause{
		cause.TagNotFound, cause.PlatformMismatch, cause.InvalidReference, cause.ShortNameUnresolved, cause.NeverPull,
		cause.UnsupportedManifest, cause.CorruptContent, cause.DiskFull,
	}
}

// failingIn counts the incident's pods in another namespace when it was last
// diagnosed.
func failingIn(i bot.Incident, namespace string) int {
	pods, mine := map[string]bool{}, affected(i)
	for _, p := range i.Case.Facts.Failing {
		if p.Namespace == namespace && mine(p) {
			pods[p.Pod] = true
		}
	}
	return len(pods)
}
