package message

import (
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
)

// overloadRules know registries that answered: too many requests, or an error of
// their own. A status outweighs network words, which then stand in the body and
// tell of the registry's own back end.
func overloadRules() []rule {
	return []rule{
		{cause: cause.RateLimited, statuses: [2]int{429, 429}},
		{cause: cause.RateLimited, any: []string{
			"toomanyrequests", "too many requests", "too_many_requests", "pull rate limit", "rate limit exceeded",
			"rate limit reached", "rate limit has been", "rate limited", "ratelimit", "rate-limit", "rate exceeded",
			"request rate", "quota exceeded", "exceeded the rate", "pull limit", "api rate limit", "throttlingexception",
			"requests per minute", "exceeded a rate limit", "hit rate limit", "hit a rate limit",
			"reached your unauthenticated pull", "download rate limit", "exceeded your pull",
		}},
		{cause: cause.RegistryServerError, statuses: [2]int{500, 599}},
		{cause: cause.RegistryServerError, any: []string{
			"internal server error", "bad gateway", "service unavailable", "gateway timeout", "gateway time-out",
			"service temporarily unavailable", "upstream connect error", "backend fetch failed", "under maintenance",
			"server is currently unavailable", "unknown: internal error", "unknown: unknown error", "internalerror: ",
			"server error: status", "server is unavailable", "origin is unreachable", "upstream request timeout",
			"no healthy upstream", "default backend", "registry is read-only", "registry is unhealthy",
		}, none: []string{"proxyconnect"}},
		{cause: cause.Timeout, statuses: [2]int{408, 408}},
		{cause: cause.ProxyFailure, statuses: [2]int{407, 407}},
	}
}

// proxyRules know HTTP and SOCKS proxies on the way. They come before DNS and
// connections, which are the proxy's then.
func proxyRules() []rule {
	return []rule{{cause: cause.ProxyFailure, any: []string{
		"proxyconnect", "proxy authentication required", "proxy auth", "forbidden by proxy", "blocked by proxy",
		"denied by proxy", "by the proxy", "invalid proxy", "parse proxy", "proxy url", "socks connect",
		"unable to connect to proxy", "could not connect to proxy", "connect to proxy", "from proxy", "proxy refused",
		"proxy error", "proxy server", "http proxy", "https proxy", "unknown proxy", "proxy connect", "x-squid-error",
		"err_access_denied", "(squid", "squid/", "zscaler", "blue coat", "bluecoat", "web proxy", "proxy tunnel",
		"tunnel connection failed",
	}}}
}

// tunnelRules know a proxy's refusal that names no proxy. They come before those
// for a registry's own errors.
func tunnelRules() []rule {
	return []rule{{cause: cause.ProxyFailure, test: tunnelRefused}}
}

// tunnelRefused recognises a proxy that does not open the way: Go's client gives
// its status without the number as the error of the whole request
// (net/http/transport.go). For containerd an answer of the registry is no failed
// request; others write its server errors in the same way.
func tunnelRefused(c clue) (from, to int) {
	for _, said := range [...]string{
		"forbidden", "bad gateway", "service unavailable", "gateway timeout", "gateway time-out", "internal server error", "method not allowed",
	} {
		at := strings.Index(c.low, `": `+said)
		if at < 0 || said != "forbidden" && !strings.Contains(c.low[:at], "failed to do request: ") {
			continue
		}
		target := c.low[strings.LastIndexByte(c.low[:at], '"')+1 : at]
		from, to = at+len(`": `), at+len(`": `)+len(said)
		if strings.HasPrefix(target, "https://") && ends(c.low[to:]) {
			return from, to
		}
	}
	return -1, -1
}

// dnsRules know names that do not resolve. "dial tcp: lookup" means a failure
// while resolving, whatever follows: the resolver may time out or refuse.
func dnsRules() []rule {
	return []rule{{cause: cause.DNSFailure, any: []string{
		"no such host", "server misbehaving", "temporary failure in name resolution", "name or service not known",
		"could not resolve host", "couldn't resolve host", "could not resolve the host", "dial tcp: lookup", "dial tcp lookup",
		"nodename nor servname", "no address associated with hostname", "getaddrinfo", "cannot unmarshal dns message",
		"failed to resolve host", "name resolution", "nxdomain", "servfail", "unknown host", "host not found",
		"error resolving host", "unable to resolve host", "no answer from dns", "dns lookup", "dns resolution", "no dns",
		"on [::1]:53", ":53: read udp", ":53: i/o", "dial udp", "不知道这样的主机",
	}}}
}

// tlsRules know certificates and handshakes.
func tlsRules() []rule {
	return []rule{
		{cause: cause.HTTPSMismatch, any: []string{
			"server gave http response to https client", "gave http response to https",
			"first record does not look like a tls handshake", "oversized record received", "http request to an https server",
			"http request was sent to https", "http request was sent to an https", `\x15\x03`, "wrong version number",
			"plain http request", "http response to https client", "unsupported protocol scheme", "wrong_version_number",
			"packet length too long", "http/1.x transport connection broken: malformed http response",
		}},
		{cause: cause.TLSUntrusted, any: []string{
			"x509:", "x509 ", "certificate signed by unknown", "certificate has expired", "certificate is valid for",
			"certificate is not valid", "certificate is not trusted", "certificate was not trusted", "any ip sans",
			"legacy common name", "failed to verify certificate", "remote error: tls", "local error: tls", "tls: ",
			"bad certificate", "certificate required", "certificate verify failed", "certificate_verify_failed",
			"self signed certificate", "self-signed certificate", "local issuer certificate", "ssl certificate", "ssl: ",
			"unknown certificate authority", "unknown authority", "missing client certificate", "ca certificates must use",
			"failed to load ca", "load x509 key pair", "pem data", "failed to append ca", "unable to load certificate",
			"crypto/rsa: verification", "missing key", "client certificate", "/certs.d/", "ssl_error", "handshake failure",
			"certificate validation", "invalid certificate", "certificate verification",
		}, none: []string{"use of closed connection"}},
	}
}

// connectionRules know connections that fail or break. The order is from the
// precise to the vague: a deadline may hide any of the others.
func connectionRules() []rule {
	return []rule{
		{cause: cause.ConnectionRefused, any: []string{
			"connection refused", "actively refused", "connection was refused", "econnrefused", "积极拒绝", "refusé",
			"denegó expresamente", "verweigerte die verbindung", "zielcomputer die verbindung", "拒否された", "отверг запрос",
		}, none: []string{"dial unix"}},
		{cause: cause.NetworkUnreachable, any: []string{
			"no route to host", "network is unreachable", "network unreachable", "host is unreachable", "host is down",
			"network is down", "cannot assign requested address", "unreachable network", "unreachable host", "host unreachable",
			"enetunreach", "ehostunreach", "connect: permission denied", "connect: operation not permitted",
			"connect: invalid argument", "address family not supported", "socket: permission denied", "socket: operation not permitted",
			"protocol not available", "no such device or address", "无法访问", "destination unreachable",
		}},
		{cause: cause.Timeout, any: []string{
			"i/o timeout", "io timeout", "handshake timeout", "client.timeout", "context deadline exceeded", "deadline exceeded",
			"connection timed out", "operation timed out", "timeout awaiting", "timed out", "while waiting for connection",
			"net/http: timeout", "no recent network activity", "did not properly respond", "没有正确答复", "timeout exceeded",
			"connection timeout", "connect timeout", "read timeout", "request timeout", "etimedout", "timeout while",
			"timeout was reached", "timeout waiting", "timeout expired",
		}},
		{cause: cause.PullCancelled, any: []string{
			"context canceled", "context cancelled", "request canceled", "request cancelled", "operation was canceled",
			"no progress for", "because of no progress", "code = canceled", "pull canceled", "pull cancelled",
			"download cancelled", "download canceled", "cancel pulling image", "pull was cancelled", "pull was canceled",
			"pulling was cancelled", "operation canceled", "operation was cancelled",
		}},
		{cause: cause.NetworkUnreachable, any: []string{
			"connection reset", "broken pipe", "closed network connection", "use of closed connection",
			"server closed idle connection", "sent goaway", "stream error: stream", "transport connection broken",
			"forcibly closed", "wsarecv", "wsasend", "connectex", "unable to ping registry", "could not reach any registry",
			"could not reach any", "client connection lost", "connection force closed", "http2: ", "http: server closed",
			"connection aborted", "software caused connection abort", "econnreset", "connection closed", "connection was closed",
			"connection lost", "socket hang up", "远程主机强迫关闭", "error pinging v2 registry", "network error", "connection error",
			"received from peer", "empty reply from server", "message too long", "protocol error", "http: unexpected",
			"internet connection",
		}, none: []string{"parse"}},
		{cause: cause.NetworkUnreachable, all: []string{"eof"}, test: endOfFile},
	}
}

// endOfFile recognises Go's io.EOF and io.ErrUnexpectedEOF as the end of an
// error, where a connection broke. While layers are unpacked the same word means
// a damaged archive.
func endOfFile(c clue) (from, to int) {
	at := strings.LastIndex(c.low, "eof")
	if at < 2 || !strings.ContainsRune(` "':`, rune(c.low[at-1])) {
		return -1, -1
	}
	if end := at + len("eof"); end < len(c.low) && !strings.ContainsRune(" \"':,.;)]}", rune(c.low[end])) {
		return -1, -1
	}
	unpacking, _ := firstOf(c.low, []string{
		"failed to extract layer", "failed to register layer", "processing tar", "untar", "unpacking", "applylayer",
	})
	if unpacking >= 0 {
		return -1, -1
	}
	return at, at + len("eof")
}
