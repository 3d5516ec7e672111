package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"syscall"

	"github.com/pullfix/pullfix/runbook/cause"
)

var (
	errBudget    = errors.New("the registry was asked often enough")
	errRedirects = errors.New("too many redirects")
	errDowngrade = errors.New("redirected from https to http")
	errLocation  = errors.New("redirected to something that is no address")
)

// causeOf names why nothing, or nothing of use, was heard. It goes by types;
// answered tells that a connection was made, so that what remains is nonsense
// from the other side.
func causeOf(err error, answered bool) cause.Cause {
	if c := causeOfName(err); c != "" {
		return c
	}
	if c := causeOfTLS(err); c != "" {
		return c
	}
	switch {
	case isTimeout(err):
		return cause.Timeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return cause.ConnectionRefused
	case isBroken(err):
		return cause.NetworkUnreachable
	case errors.Is(err, errRedirects), errors.Is(err, errDowngrade), errors.Is(err, errLocation), answered:
		return cause.UnexpectedRegistryResponse
	}
	if _, ok := errors.AsType[textproto.ProtocolError](err); ok {
		return cause.UnexpectedRegistryResponse
	}
	return cause.NetworkUnreachable
}

// causeOfName comes first: a lookup that times out is a fault of DNS, and
// whatever befalls the way to a proxy is the proxy's.
func causeOfName(err error) cause.Cause {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "proxyconnect" {
		return cause.ProxyFailure
	}
	if _, ok := errors.AsType[*proxyError](err); ok {
		return cause.ProxyFailure
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return cause.DNSFailure
	}
	if errors.Is(err, errNoAddress) {
		return cause.DNSFailure
	}
	if _, ok := errors.AsType[*refusedError](err); ok {
		return cause.Unknown
	}
	return ""
}

func causeOfTLS(err error) cause.Cause {
	if spokeHTTP(err) {
		return cause.HTTPSMismatch
	}
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	if verification || authority || name || invalid || alert || record {
		return cause.TLSUntrusted
	}
	return ""
}

// spokeHTTP tells whether the other side answered a TLS handshake in plain HTTP.
// net/http's Client tells so, too; its Transport hands over what TLS said.
func spokeHTTP(err error) bool {
	record, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok && string(record.RecordHeader[:]) == "HTTP/" || errors.Is(err, http.ErrSchemeMismatch)
}

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT) {
		return true
	}
	network, ok := errors.AsType[net.Error](err)
	return ok && network.Timeout()
}

func isBroken(err error) bool {
	for _, broken := range []error{
		syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE,
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
	} {
		if errors.Is(err, broken) {
			return true
		}
	}
	return false
}
