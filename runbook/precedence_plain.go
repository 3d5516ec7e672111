package runbook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
)

// judgePlain finds a node that speaks plain http to a registry that wants https:
// such a registry answers 400, or hangs up. From here it was asked over TLS, and
// answered, be it with a certificate that is not trusted.
func judgePlain(e evidence) (finding, bool) {
	switch e.word.Cause {
	case cause.UnexpectedRegistryResponse, cause.NetworkUnreachable:
	default:
		return finding{}, false
	}
	if !e.spokeHTTP() || !e.heardTLS() {
		return finding{}, false
	}
	return finding{cause: cause.HTTPSMismatch, certainty: cause.Likely, vantage: VantageNode, elsewhere: e.works(), plain: true}, true
}

// spokeHTTP tells that the node asked the registry itself over plain http.
func (e evidence) spokeHTTP() bool {
	return e.ref.Host != "" && e.word.Mirror == "" && strings.Contains(e.pull.Message, "http://"+e.ref.Host+"/")
}

// heardTLS tells that the registry answered from here, over TLS.
func (e evidence) heardTLS() bool {
	return slices.ContainsFunc(e.sent(), func(a Answer) bool {
		return !a.PlainHTTP && (a.Result == cause.TLSUntrusted || (a.Result != cause.Unknown && !isNetwork(a.Result)))
	})
}

func plainSummary(e evidence) string {
	return fmt.Sprintf("%s speaks plain http to %s, which wants https", capital(e.nodeName()), e.ref.Host)
}
