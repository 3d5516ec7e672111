package registry

import (
	"context"
	"net/http"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/keyring"
	"github.com/pullfix/pullfix/runbook/vendor"
)

// say takes a refusal for the answer, in the registry's words.
func (s *session) say(result cause.Cause, r reply) {
	w := read(r)
	s.answer.Result, s.answer.Status, s.answer.Code = result, r.status, ""
	if s.safe(w.code) {
		s.answer.Code = w.code
	}
	s.answer.Detail = s.quote(w.describe(r.status))
	if result == cause.RateLimited || result == cause.RegistryServerError {
		s.noteWait(r)
	}
}

// refused reads a refusal of the registry itself.
func (s *session) refused(ctx context.Context, r reply) {
	s.noteLimit(r)
	w := read(r)
	switch {
	case r.status == http.StatusTooManyRequests:
		s.say(cause.RateLimited, r)
	case r.status >= 500:
		s.say(cause.RegistryServerError, r)
	case r.status == http.StatusProxyAuthRequired:
		s.say(cause.ProxyFailure, r)
	case r.status == http.StatusUnauthorized:
		s.denied(r)
	case w.page:
		s.say(cause.UnexpectedRegistryResponse, r)
	case r.status == http.StatusForbidden, r.status == http.StatusMethodNotAllowed && w.code == "DENIED":
		s.denied(r)
	case r.status == http.StatusNotFound:
		s.missing(ctx, r)
	case r.status == http.StatusPreconditionFailed && w.signature():
		s.say(cause.SignaturePolicy, r)
	default:
		s.say(cause.UnexpectedRegistryResponse, r)
	}
}

// denied reads a 401 or 403 of the registry: nobody was let in, or somebody who
// may not.
func (s *session) denied(r reply) {
	w := read(r)
	switch {
	case w.firewall():
		s.say(cause.PermissionDenied, r)
	case w.hides():
		s.accept(r.status == http.StatusForbidden)
		s.say(cause.NotFoundOrDenied, r)
	case !s.sentCredential():
		s.deniedAnonymously(r)
	case w.expired():
		s.attempt.rejected()
		s.reject(r)
	default:
		s.accept(true)
		s.notAllowed(r)
	}
}

// deniedAnonymously: Docker Hub gives anybody a token and then says
// insufficient_scope, for missing repositories as for private ones.
func (s *session) deniedAnonymously(r reply) {
	if s.credential != nil {
		// The node's login is not asked for either.
		s.say(cause.PermissionDenied, r)
		s.answer.Detail = s.quote("refused without being asked for a login: " + read(r).describe(r.status))
		return
	}
	challenges := parseChallenges(r.header)
	if r.status == http.StatusForbidden && s.realm == nil && len(challenges) == 0 && read(r).code == "" {
		// No login is asked for, and not by a registry: a web firewall, a list of
		// addresses.
		s.say(cause.PermissionDenied, r)
		return
	}
	bearer, _ := find(challenges, "bearer")
	if bearer.params["error"] == "insufficient_scope" && s.target.vendor.HidesMissing() {
		s.say(cause.NotFoundOrDenied, r)
		return
	}
	s.say(cause.AuthMissing, r)
}

// notAllowed is for a login that is good and still does not get the image.
func (s *session) notAllowed(r reply) {
	if s.target.vendor.HidesMissing() || read(r).hides() {
		s.say(cause.NotFoundOrDenied, r)
		return
	}
	s.say(cause.PermissionDenied, r)
	if s.claims != nil && s.claims.grants(s.target.repository) {
		s.answer.Detail = s.quote("the token server granted the pull, the registry refused it: " + read(r).describe(r.status))
	}
}

// accept notes that the login itself is good.
func (s *session) accept(ok bool) {
	if ok && s.sentCredential() {
		s.answer.Login = runbook.TestAccepted
	}
}

// reject takes a refusal of the login itself for the answer.
func (s *session) reject(r reply) {
	s.answer.Login = runbook.TestRejected
	result := cause.AuthRejected
	expires := keyring.Expires(*s.credential)
	if read(r).expired() || (expires != nil && expires.Before(s.prober.options.Now())) {
		result = cause.AuthExpired
	}
	s.say(result, r)
}

// refusedLogin is for a 401 after the login or its token was sent: either the
// login is bad, or it is good and may not pull this. Only a test without the
// repository tells, except at ECR, which answers 403 to whom it knows.
func (s *session) refusedLogin(ctx context.Context, head reply) {
	verdict, tested := runbook.TestAccepted, head
	if s.realm == nil {
		s.attempt.rejected() // until the test says otherwise
		if s.target.vendor == vendor.ECR {
			s.everywhere = true
			s.reject(head)
			return
		}
	}
	if !s.provenByToken() {
		verdict, tested = s.testLogin(ctx)
	}
	switch {
	case verdict == runbook.TestRejected:
		s.attempt.rejected()
		s.everywhere = true
		s.reject(tested)
		return
	case verdict == runbook.TestUntested && s.realm == nil:
		s.reject(head)
		return
	case verdict == runbook.TestAccepted && s.realm == nil:
		s.attempt.pardoned()
	}
	s.answer.Login = verdict
	if r, ok := s.reason(ctx, head); ok {
		s.notAllowed(r)
	}
}

// provenByToken tells whether getting a token proves the login: the token names
// whom it was given to, or the vendor gives none to a wrong login. Harbor gives
// wrong logins an anonymous one.
func (s *session) provenByToken() bool {
	if s.realm == nil {
		return false
	}
	if s.claims != nil && s.claims.Subject != "" {
		return true
	}
	return s.target.vendor == vendor.DockerHub || s.target.vendor == vendor.Quay
}

// reason is the GET that tells why; where it is not to be had, what HEAD said
// stands. It returns false when the answer is settled otherwise.
func (s *session) reason(ctx context.Context, head reply) (reply, bool) {
	r, err := s.manifest(ctx, http.MethodGet, s.target.reference())
	switch {
	case err != nil:
		return head, true
	case r.ok():
		s.found(ctx, r)
		return reply{}, false
	case r.status != http.StatusUnauthorized && r.status != http.StatusForbidden:
		s.refused(ctx, r)
		return reply{}, false
	}
	return r, true
}

// testLogin asks whether the login is good without naming a repository: for a
// token without a scope, or for /v2/ where the registry takes Basic.
func (s *session) testLogin(ctx context.Context) (string, reply) {
	if !s.attempt.mayTry() {
		return runbook.TestUntested, reply{}
	}
	var r reply
	var err error
	if s.realm != nil {
		r, err = s.askToken(ctx, nil)
	} else {
		r, err = s.send(ctx, request{method: http.MethodGet, url: s.at("/v2/"), authorization: s.authorization, limit: mostErrorBody})
	}
	switch {
	case err != nil:
		return runbook.TestUntested, reply{}
	case r.ok():
		return runbook.TestAccepted, r
	case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden && (s.realm != nil || read(r).expired()):
		return runbook.TestRejected, r
	}
	return runbook.TestUntested, r
}

// tokenRefused reads the refusal of a token server.
func (s *session) tokenRefused(ctx context.Context, r reply) {
	w := read(r)
	login := r.status == http.StatusUnauthorized || r.status == http.StatusForbidden
	switch {
	case r.status == http.StatusTooManyRequests:
		s.say(cause.RateLimited, r)
	case r.status >= 500:
		s.say(cause.RegistryServerError, r)
	case !login || (w.page && r.status == http.StatusForbidden):
		s.say(cause.UnexpectedRegistryResponse, r)
	case s.credential == nil || s.foreign != "":
		s.say(anonymousTokenCause(w), r)
	case w.hides() && !w.unauthenticated():
		s.answer.Login = runbook.TestAccepted
		s.say(cause.NotFoundOrDenied, r)
	default:
		s.tokenLogin(ctx, r)
	}
}

func anonymousTokenCause(w wording) cause.Cause {
	if w.hides() {
		return cause.NotFoundOrDenied
	}
	return cause.AuthMissing
}

// tokenLogin tells a bad login from one that may not pull, at a token server
// that refused. 401 is about the login; Azure says it for rights as well. With
// 403 only a request without a scope tells.
func (s *session) tokenLogin(ctx context.Context, r reply) {
	s.noteScopeFree(r)
	s.attempt.rejected() // until the test says otherwise
	if read(r).expired() || (r.status == http.StatusUnauthorized && s.target.vendor != vendor.ACR) {
		s.reject(r)
		return
	}
	verdict, tested := s.testLogin(ctx)
	s.answer.Login = verdict
	switch verdict {
	case runbook.TestRejected:
		s.everywhere = true
		s.attempt.rejected()
		s.reject(better(tested, r))
	case runbook.TestAccepted:
		s.attempt.pardoned()
		s.notAllowed(r)
	default:
		s.say(cause.NotFoundOrDenied, r)
	}
}

// noteScopeFree notes the vendors that refuse a wrong login whatever scope is
// asked for.
func (s *session) noteScopeFree(r reply) {
	v := s.target.vendor
	s.everywhere = r.status == http.StatusUnauthorized && (v == vendor.DockerHub || v == vendor.Quay || v == vendor.ArtifactRegistry)
}

// better prefers the refusal that has words.
func better(a, b reply) reply {
	if read(a).message == "" {
		return b
	}
	return a
}

// mayTry tells whether the login may be sent now; if not, that is the answer.
func (s *session) mayTry(ctx context.Context) bool {
	if err := s.attempt.enter(ctx); err != nil {
		s.crowdedOut(err)
		return false
	}
	if answer, known := s.attempt.remembered(); known {
		answer.Trips = s.answer.Trips
		s.answer = answer
		return false
	}
	if s.attempt.mayTry() {
		return true
	}
	s.answer.Result = cause.Unknown
	s.answer.Detail = "not asked: the registry rejected three logins of this account within the hour"
	return false
}
