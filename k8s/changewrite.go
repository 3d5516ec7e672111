package k8s

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/pullfix/pullfix/runbook"
)

// write is one change: how to prepare it on the newest state, and how to see
// afterwards whether it happened.
type write struct {
	what, grant string
	// prepare reads the object and returns the request that changes it, and the
	// version it is made for; a *runbook.OvertakenError when a bound field moved.
	prepare func(ctx context.Context) (request *rest.Request, version string, err error)
	// seen reads whether the change is there, and the object's version.
	seen func(ctx context.Context) (done bool, version string, err error)
}

// outcome is what became of a write.
type outcome struct {
	sent, done, unsure bool
	detail             string
}

// carry prepares and sends the write, again after each conflict.
func (w write) carry(ctx context.Context) (outcome, error) {
	var last error
	for try := range conflictsMost + 1 {
		if try > 0 && !pause(ctx, time.Duration(try)*20*time.Millisecond) {
			return outcome{}, w.refused(ctx.Err())
		}
		request, version, err := w.prepared(ctx)
		if err != nil {
			return outcome{}, err
		}
		last = send(ctx, request)
		switch {
		case last == nil:
			return outcome{sent: true, done: true, detail: "done"}, nil
		case conflicted(last):
			continue
		case answered(last):
			return outcome{sent: true}, w.explained(ctx, last)
		default:
			return w.lost(ctx, version, last)
		}
	}
	return outcome{sent: true}, w.refused(fmt.Errorf("the object changed %d times meanwhile: %w", conflictsMost+1, last))
}

func (w write) prepared(ctx context.Context) (*rest.Request, string, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	return w.prepare(ctx)
}

func (w write) refused(err error) error { return &WriteError{What: w.what, Grant: w.grant, Err: err} }

// explained is a refusal: where the object is gone or a test of the patch
// failed, reading again tells what moved.
func (w write) explained(ctx context.Context, err error) error {
	if apierrors.IsAlreadyExists(err) {
		return overtaken("%s: it exists by now", w.what)
	}
	if missing(err) || apierrors.IsInvalid(err) {
		if _, _, again := w.prepared(ctx); again != nil {
			if _, moved := errors.AsType[*runbook.OvertakenError](again); moved {
				return again
			}
		}
	}
	return w.refused(err)
}

// send sends the request once.
func send(ctx context.Context, request *rest.Request) error {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	body, err := request.Stream(ctx)
	if err != nil {
		return err
	}
	_, _ = io.CopyN(io.Discard, body, objectBytes) // the status has told all
	return body.Close()
}

// answered tells a refusal from an answer that leaves open whether the write
// happened: the API server's own troubles (5xx) may strike after it. Too many
// requests (429) is said before.
func answered(err error) bool {
	status, ok := errors.AsType[*apierrors.StatusError](err)
	return ok && status.Status().Code < http.StatusInternalServerError && !apierrors.IsTimeout(err)
}

// looks are the pauses before reading again after a lost answer: a write that
// is still on its way lands within them.
func looks() []time.Duration {
	return []time.Duration{0, 500 * time.Millisecond, 2 * time.Second}
}

// lost finds out what became of a write whose answer was lost, by reading. It
// goes on even when nobody waits any more.
func (w write) lost(ctx context.Context, version string, cause error) (outcome, error) {
	ctx = context.WithoutCancel(ctx)
	var unread error
	for _, wait := range looks() {
		pause(ctx, wait)
		done, now, err := w.look(ctx)
		unread = err
		switch {
		case err != nil:
			continue
		case done:
			return outcome{sent: true, done: true, detail: "done; the answer was lost, and reading again showed it"}, nil
		case now != version || unsent(cause):
			// The write was for that version only, so it can not happen any more.
			return outcome{sent: true}, w.refused(fmt.Errorf("the answer was lost, and it was not done: %w", cause))
		}
	}
	if unread != nil || slow(cause) {
		detail := "the answer was lost, and the object is as it was: whether it may still happen is not known"
		if unread != nil {
			detail = "the answer was lost, and the object could not be read again"
		}
		return outcome{sent: true, unsure: true, detail: detail}, nil
	}
	return outcome{sent: true}, w.refused(fmt.Errorf("the answer was lost, and it was not done: %w", cause))
}

func (w write) look(ctx context.Context) (done bool, version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	return w.seen(ctx)
}

// unsent tells that the request never left.
func unsent(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// slow tells that the API server may still be at it.
func slow(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	if _, ok := errors.AsType[*apierrors.StatusError](err); ok {
		return true
	}
	var connection net.Error
	return errors.As(err, &connection) && connection.Timeout()
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
