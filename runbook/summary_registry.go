package runbook

import (
	"fmt"

	"github.com/pullfix/pullfix/runbook/cause"
)

// registrySummary names who answered: the registry, or a host of its own that it
// sends nodes to.
func registrySummary(e evidence, f finding) string {
	switch f.cause {
	case cause.RateLimited:
		return fmt.Sprintf("%s limits how often this node may pull", e.answerer(f))
	case cause.RegistryServerError:
		if f.elsewhere {
			return fmt.Sprintf("%s gets server errors from %s, which works from here", capital(e.nodeName()), e.answerer(f))
		}
		if e.aboutContent() && e.works() {
			return fmt.Sprintf("%s answers with server errors when the node fetches the content of %s", e.answerer(f), e.ref.short())
		}
		return fmt.Sprintf("%s answers with server errors%s", e.answerer(f), status(e.registry(), f))
	}
	return unexpectedSummary(e, f)
}

func unexpectedSummary(e evidence, f finding) string {
	a := e.registry()
	switch {
	case f.elsewhere:
		return fmt.Sprintf("Something between %s and %s, a mirror or a proxy, gives an answer that no registry gives; from here the registry has the image", e.nodeName(), e.ref.Host)
	case e.answerer(f) != e.ref.Host:
		return fmt.Sprintf("%s gives an answer that does not belong there", e.answerer(f))
	case a.Code != "":
		return fmt.Sprintf("%s refuses to give %s: %d %s", e.ref.Host, e.ref.short(), a.Status, a.Code)
	case e.works():
		return fmt.Sprintf("%s gives an answer that does not belong there when the node fetches the content of %s", e.ref.Host, e.ref.short())
	}
	return fmt.Sprintf("Something other than a registry answers at %s%s", e.ref.Host, status(a, f))
}

// status is the registry's, where its answer to pullfix is the finding's.
func status(a Answer, f finding) string {
	if a.Status < 400 || a.Result != f.cause {
		return ""
	}
	return fmt.Sprintf(" (%d)", a.Status)
}

// fromCache tells that what is missing is missing in a cache of another registry.
func (e evidence) fromCache(f finding) bool {
	return e.registry().Cached && e.registry().Result == f.cause
}

func (e evidence) doesNotExist(f finding) string {
	if e.fromCache(f) {
		return "was not found"
	}
	return "does not exist"
}

func (e evidence) cacheSays(f finding) string {
	if e.fromCache(f) {
		return ", which looks like a cache of another registry: that may have refused it"
	}
	return ""
}
