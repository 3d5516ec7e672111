package runbook

import (
	"fmt"
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
)

// sentTo is the host that the node asked where it is not the registry's own: a
// token server, the storage of layers. An address that was only dialled is the
// registry's as far as one knows.
func (e evidence) sentTo() string {
	if !e.word.Asked || e.word.Mirror != "" || e.ref.Host == "" || ownHost(e.ref.Host, e.word.Host) {
		return ""
	}
	return e.word.Host
}

// ownHost tells whether the registry answers at that host itself.
func ownHost(registry, host string) bool {
	if registry == "docker.io" && strings.HasSuffix(host, ".docker.io") {
		return host != "auth.docker.io"
	}
	return strings.EqualFold(withoutPort(registry), withoutPort(host))
}

// withoutPort drops a port that need not be written.
func withoutPort(host string) string {
	return strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
}

// answerer is who gave the node the answer that the verdict rests on.
func (e evidence) answerer(f finding) string {
	if host := e.sentTo(); host != "" && f.cause == e.word.Cause {
		return host + " (where " + e.ref.Host + " sends the node)"
	}
	return e.ref.Host
}

// atFault is the host whose operators can mend it: a refused credential is the
// business of the registry, wherever it keeps its token server.
func (e evidence) atFault() string {
	switch c := e.word.Cause; {
	case e.word.Mirror != "":
		return e.word.Mirror
	case e.ref.Host == "":
		return e.word.Host
	case isNetwork(c), c == cause.RegistryServerError, c == cause.RateLimited, c == cause.UnexpectedRegistryResponse, e.aboutContent():
		if host := e.sentTo(); host != "" {
			return host
		}
	}
	return e.ref.Host
}

// mirrorsBefore tells of the mirrors that the node asked in vain before the
// registry.
func (e evidence) mirrorsBefore() string {
	var says strings.Builder
	for _, m := range e.word.Tried {
		fmt.Fprintf(&says, " Before, its mirror %s failed: %s.", m.Host, quote(m.Fragment, 120))
	}
	return says.String()
}
