package runbook

import (
	"fmt"

	"github.com/pullfix/pullfix/runbook/cause"
)

// mendedSummary is for what the kubelet still complains of though it is right
// by now.
func mendedSummary(e evidence, f finding) string {
	switch {
	case f.renewed:
		return fmt.Sprintf("The template of %s names secret %s by now, which %s accepts; this pod is of the old revision", e.object(), f.spare.Secret(), e.ref.Host)
	case f.blame.Source != "":
		return fmt.Sprintf("Secret %s was %s %s; the node has not tried again yet", f.blame.Secret(), e.mendedWord(f), ago(e.now.Sub(f.mendedAt)))
	case f.cause == cause.AuthMissing:
		return fmt.Sprintf("The node had not read secret %s when it pulled, so it sent no login; %s accepts it, and the next attempt sends it", e.used[0].Secret(), e.ref.Host)
	case f.cause == cause.PullSecretMalformed:
		return "The pull secrets can be decoded by now; the node has not tried again yet"
	case f.cause == cause.RegistryServerError:
		return fmt.Sprintf("%s answered with a server error and works by now; the node has not tried again yet", e.ref.Host)
	case f.cause == cause.PlatformMismatch:
		return fmt.Sprintf("%s fits the node by now; the node has not tried again yet", e.ref.short())
	}
	return fmt.Sprintf("The node did not find the %s in %s, but it is there now: pushed since, or a mirror of the node answers in its place", e.ref.version(), e.ref.name())
}

// correction says that the template is right by now, though the pod is not of it
// yet: whoever reads only this sentence shall not correct it a second time.
func (e evidence) correction() string {
	s := " (the template was corrected"
	if at := e.facts.Workload.Template.LastWritten; at != nil {
		s += " " + clock(*at, e.now)
	}
	if e.facts.Workload.Paused {
		return s + ", but the rollout is paused)"
	}
	return s + "; this pod is of the old revision)"
}

// mendedWord tells a secret that was made from one that was changed.
func (e evidence) mendedWord(f finding) string {
	if s, ok := e.secret(f.blame.Secret()); ok && s.Created != nil && s.Created.After(e.pull.Since) {
		return "created"
	}
	return "corrected"
}
