package runbook

import (
	"fmt"

	"github.com/pullfix/pullfix/runbook/cause"
)

// networkSummary says which connection fails, and whether it fails from here,
// too: that tells the node's side from the registry's.
func networkSummary(e evidence, f finding) string {
	host := e.ref.Host
	if e.word.Mirror != "" {
		host = e.word.Mirror + " (a mirror of " + e.ref.Host + ")"
	}
	s := fmt.Sprintf(networkSentence(f.cause), capital(e.nodeName()), host)
	switch heard := e.registry().Result; {
	case f.elsewhere:
		return s + "; from here the registry answers"
	case heard == f.cause:
		return s + ", and it is the same from here"
	}
	return s
}

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
