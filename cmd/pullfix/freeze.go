package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/k8s"
)

// Sharing lists the Secrets of all clusters that hold a credential of the
// incident, as CLUSTER/NAMESPACE/NAME.
func (e engine) Sharing(ctx context.Context, i bot.Incident) ([]string, error) {
	q := k8s.SharingQuestion{Fingerprints: i.Fingerprints(), Key: e.key, Known: touched(i)}
	if len(q.Fingerprints) == 0 {
		return nil, errors.New("the incident's pods send no credential that is known")
	}
	all := heldBy(i, q.Fingerprints)
	var failed []error
	for _, c := range e.clusters {
		names, err := c.Sharing(ctx, q)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", nameOr(c.name, "the cluster"), err))
		}
		for _, name := range names {
			if c.name != "" {
				name = c.name + "/" + name
			}
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), errors.Join(failed...)
}

// heldBy are the Secrets that the diagnosis itself found to hold one of the
// credentials: it may read some by their name only.
func heldBy(i bot.Incident, fingerprints []string) []string {
	var names []string
	if i.Case == nil {
		return names
	}
	for _, pull := range i.Case.Pulls {
		for _, c := range pull.Candidates {
			secret, ok := strings.CutPrefix(c.Source, "secret/")
			if !ok || !slices.Contains(fingerprints, c.Fingerprint) {
				continue
			}
			name := i.Target.Namespace + "/" + secret
			if i.Target.Cluster != "" {
				name = i.Target.Cluster + "/" + name
			}
			names = append(names, name)
		}
	}
	return names
}

// touched are the namespaces that the incident is known to touch.
func touched(i bot.Incident) []string {
	names := []string{i.Target.Namespace}
	if i.Case == nil {
		return names
	}
	seen := map[string]bool{i.Target.Namespace: true}
	for _, f := range i.Case.Facts.Failing {
		if !seen[f.Namespace] {
			seen[f.Namespace] = true
			names = append(names, f.Namespace)
		}
	}
	return names
}

// Forget removes the undo copies of the incident's credentials in all clusters.
func (e engine) Forget(ctx context.Context, i bot.Incident, remembered []bot.Incident) error {
	remembered = append([]bot.Incident{i}, remembered...)
	var failed []error
	for _, c := range e.clusters {
		hands, ok := c.writes.(sweeps)
		if !ok {
			continue // nothing is changed here, so no copy is kept
		}
		for _, print := range i.Fingerprints() {
			if _, err := hands.SweepAll(ctx, print, kept(remembered, c.name)); err != nil {
				failed = append(failed, fmt.Errorf("%s: %w", nameOr(c.name, "the cluster"), err))
			}
		}
	}
	return errors.Join(failed...)
}
