package runbook

import (
	"slices"
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
)

// untested tells that the registry could be asked with none of the credentials
// that the kubelet sends. What is not known of them is not good news.
func (e evidence) untested() bool {
	return !slices.ContainsFunc(e.used, func(c Candidate) bool { return !c.Empty && c.heard() })
}

// heard tells that the registry itself said something to this credential.
func (c Candidate) heard() bool {
	return c.Answer != nil && c.Answer.Result != cause.Unknown && !isNetwork(c.Answer.Result)
}

// told takes the node's word about credentials that could not be tested from
// here: the kubelet sends them, so they are what was refused.
func (e evidence) told() (cause.Cause, Candidate, cause.Certainty) {
	why, blame := e.worst()
	if i := slices.IndexFunc(e.used, func(c Candidate) bool { return !c.Empty && len(c.Hints) > 0 }); i >= 0 && why == cause.AuthRejected {
		blame = e.used[i] // it looks wrong by itself
	}
	switch e.word.Cause {
	case cause.AuthExpired, cause.PermissionDenied, cause.NotFoundOrDenied:
		why = e.word.Cause
	}
	return why, blame, cause.Likely
}

// blind tells that pullfix may not see all that a pod's pull secrets come from.
func (e evidence) blind() bool {
	return slices.ContainsFunc(e.facts.Gaps, func(g Gap) bool {
		return strings.HasPrefix(g.What, "secret") || strings.HasPrefix(g.What, "serviceaccount") || strings.HasPrefix(g.What, "service account")
	})
}

// forbidsAll tells, where no login is sent, a registry that refuses the asker and
// not a missing login: it asks for none, or names the address or a firewall.
func (e evidence) forbidsAll() bool { return e.registry().Result == cause.PermissionDenied }
