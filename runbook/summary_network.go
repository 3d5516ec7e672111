package runbook

import (
	"fmt"

	"github.com/pullfix/pullfix/runbook/cause"
)

// networkSummary says which connection fails, and whether it fails from here,
// too: that tells the node's side from the registry's.
func networkSummary(e evidence, f finding) string {
	host := e.ref.Host
	switch {
	case e.word.Mirror != "":
		host = e.word.Mirror + " (a mirror of " + e.ref.Host + ")"
	case f.cause == e.word.Cause && e.sentTo() != "":
		host = e.sentTo() + " (where " + e.ref.Host + " sends it)"
	}
	s := fmt.Sprintf(networkSentence(f.cause), capital(e.nodeName()), host)
	if f.cause == cause.TLSUntrusted {
		s += certificateClause(e.certificate())
	}
	switch heard := e.registry().Result; {
	case f.elsewhere:
		return s + "; from here the registry answers"
	case heard == f.cause:
		return s + ", and it is the same from here"
	case e.sentTo() != "" && heard != cause.Unknown && !isNetwork(heard):
		return s + "; the registry itself answers from here"
	}
	return s
}

// mirrorAnswers tells that the verdict rests on what a mirror said in place of
// the image's registry.
func (e evidence) mirrorAnswers(f finding) bool {
	return e.word.Mirror != "" && f.cause == e.word.Cause && e.registry().Result != f.cause
}

// mirrorSummary names who answered: the image's own registry has no part in it.
func mirrorSummary(e evidence, f finding) string {
	does := "answers with an error"
	switch f.cause {
	case cause.AuthMissing, cause.AuthRejected, cause.AuthExpired, cause.PermissionDenied, cause.NotFoundOrDenied:
		does = "refuses the node"
	case cause.RateLimited:
		does = "limits how often the node may pull"
	case cause.RegistryServerError:
		does = "answers with server errors"
	case cause.TagNotFound, cause.RepositoryNotFound:
		does = "does not have the image"
	case cause.CorruptContent:
		if e.word.Lost {
			does = "does not hold the whole image"
		}
	}
	return fmt.Sprintf("%s, the mirror that %s asks in place of %s, %s", e.word.Mirror, e.nodeName(), e.ref.Host, does)
}

// aboutContent tells that the node got the manifest, and failed at what it
// names.
func (e evidence) aboutContent() bool { return e.word.AboutContent() }

// networkSentence takes the node and the host.
func networkSentence(c cause.Cause) string {
	switch c {
	case cause.DNSFailure:
		return "%s cannot resolve the name of %s"
	case cause.ConnectionRefused:
		return "%s cannot connect to %s: connection refused"
	case cause.Timeout:
		return "%s gets no answer from %s in time"
	case cause.NetworkUnreachable:
		return "%s has no working connection to %s"
	case cause.ProxyFailure:
		return "%s does not get through its proxy to %s"
	case cause.TLSUntrusted:
		return "%s does not trust the certificate of %s"
	}
	return "%s speaks https to %s, which answers in plain http"
}
