package k8s

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/pullfix/pullfix/runbook"
)

// What may become of a question as a whole; test with errors.Is.
var (
	// ErrUnreachable says that no API server answered, or only that it cannot
	// answer now.
	ErrUnreachable = errors.New("the API server does not answer")
	// ErrForbidden says that RBAC forbids the question. The *RequestError around
	// it names the right that is missing.
	ErrForbidden = errors.New("forbidden")
	// ErrUnauthorized says that the API server does not know who asks.
	ErrUnauthorized = errors.New("the API server does not accept the login")
	// ErrUnknownKind says that a target's kind is none that pullfix follows.
	ErrUnknownKind = errors.New("not a kind of workload that pullfix knows")
)

// RequestError is a question that the API server did not answer. It is
// ErrForbidden, ErrUnauthorized or ErrUnreachable where it is one of them, and
// wraps what client-go said.
type RequestError struct {
	What  string // "pod shop/web"
	Grant string // the right that the question needs: "get pod web in namespace shop"
	Err   error
}

func (e *RequestError) Error() string { return "reading " + e.What + ": " + e.Err.Error() }

func (e *RequestError) Unwrap() error { return e.Err }

// Is tells which sentinel the error stands for.
func (e *RequestError) Is(target error) bool {
	switch target {
	case ErrForbidden:
		return apierrors.IsForbidden(e.Err)
	case ErrUnauthorized:
		return apierrors.IsUnauthorized(e.Err)
	case ErrUnreachable:
		return unreachable(e.Err)
	}
	return false
}

// unreachable tells errors of the way to the API server, and its own troubles,
// from its answers.
func unreachable(err error) bool {
	status, answered := errors.AsType[*apierrors.StatusError](err)
	if !answered {
		return !errors.Is(err, context.Canceled)
	}
	code := status.Status().Code
	return code >= 500 || code == 429
}

// missing tells that the object does not exist.
func missing(err error) bool { return apierrors.IsNotFound(err) }

// expired tells that a list's continuation is too old.
func expired(err error) bool {
	return apierrors.IsResourceExpired(err) || apierrors.IsGone(err)
}

// offered is the continuation that the API server offers in place of one that
// is too old; "" when it offers none.
func offered(err error) string {
	if status, ok := errors.AsType[*apierrors.StatusError](err); ok {
		return status.Status().Continue
	}
	return ""
}

// gapFor says what a question that failed leaves open.
func gapFor(q question, err error) runbook.Gap {
	gap := runbook.Gap{What: q.what(), Why: why(err)}
	if errors.Is(err, ErrForbidden) {
		gap.Grant = q.grant()
	}
	return gap
}

// why is one or two words: the API server's own texts repeat user and request.
func why(err error) string {
	switch {
	case errors.Is(err, ErrForbidden):
		return "forbidden"
	case errors.Is(err, ErrUnauthorized):
		return "unauthorized"
	case missing(err):
		return "not found"
	case errors.Is(err, context.DeadlineExceeded), apierrors.IsTimeout(err), apierrors.IsServerTimeout(err):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.Is(err, errGarbled):
		return "the answer cannot be read"
	case errors.Is(err, ErrUnreachable):
		return "the API server does not answer"
	}
	return "refused"
}
