package registry

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// session is one probe on its way: what was learned and what may be sent.
type session struct {
	prober     *Prober
	target     target
	question   runbook.Question
	credential *keyring.Credential // nil asks anonymously
	attempt    *attempt            // nil without a credential
	answer     runbook.Answer
	base       *url.URL // scheme and host of the registry
	transports map[string]*http.Transport

	authorization string // for the registry
	realm         *url.URL
	service       string
	byForm        bool   // the token server wants POST
	foreign       string // the realm that was not sent the credential
	claims        *tokenClaims
	everywhere    bool     // a rejection does not depend on the repository
	secrets       []string // that a registry could echo
}

func newSession(p *Prober, t target, q runbook.Question) *session {
	s := &session{
		prober: p, target: t, question: q, credential: credentialOf(q),
		transports: map[string]*http.Transport{}, base: &url.URL{Scheme: "https", Host: t.host},
	}
	s.answer.Result = cause.Unknown
	if p.hosts[address(t.host, portHTTP)].plainHTTP || p.schemes.isPlain(t.host) {
		s.base.Scheme = "http"
	}
	switch {
	case s.credential != nil:
		s.answer.Login = runbook.TestUntested
		s.secrets = secretsOf(*s.credential)
	case q.Credential != nil:
		s.answer.Login = runbook.TestAnonymous
	}
	return s
}

// run asks as containerd's resolver does: HEAD, and after a challenge HEAD
// again with what the challenge wants.
func (s *session) run(ctx context.Context) {
	defer s.finish()
	if !s.maySpeak() {
		return
	}
	head, ok := s.first(ctx)
	if !ok {
		return
	}
	if head.status == http.StatusUnauthorized {
		if !s.authorize(ctx, head) {
			return
		}
		var err error
		if head, err = s.manifest(ctx, http.MethodHead, s.target.reference()); err != nil {
			s.failed(err)
			return
		}
	}
	s.judge(ctx, head)
}

// maySpeak refuses to ask with a configured credential where others could read
// along (S2).
func (s *session) maySpeak() bool {
	if s.credential == nil || !s.question.Configured || s.prober.private(s.base) {
		return true
	}
	s.answer.Refused = "plain http"
	s.answer.Detail = s.quote(s.target.host + " speaks plain http, and a configured credential goes only over TLS")
	return false
}

// first sends the first HEAD, over http when a loopback registry turns out to
// speak that.
func (s *session) first(ctx context.Context) (reply, bool) {
	head, err := s.manifest(ctx, http.MethodHead, s.target.reference())
	if spokeHTTP(err) && isLoopback(s.target.host) {
		s.base.Scheme = "http"
		s.prober.schemes.setPlain(s.target.host)
		head, err = s.manifest(ctx, http.MethodHead, s.target.reference())
	}
	if err != nil {
		s.failed(err)
		return reply{}, false
	}
	return head, true
}

func (s *session) manifest(ctx context.Context, method, reference string) (reply, error) {
	return s.send(ctx, request{
		method: method, url: s.at(s.target.manifestPath(reference)), accept: manifestTypes(),
		authorization: s.authorization, limit: mostManifest,
	})
}

// at is an address at the registry.
func (s *session) at(path string) *url.URL {
	return &url.URL{Scheme: s.base.Scheme, Host: s.base.Host, Path: path}
}

// judge reads what HEAD said, and asks once more for what HEAD cannot say.
func (s *session) judge(ctx context.Context, head reply) {
	s.noteLimit(head)
	switch {
	case head.ok():
		s.found(ctx, head)
	case head.status == http.StatusUnauthorized && s.sentCredential():
		s.refusedLogin(ctx, head)
	case head.status >= 400 && head.status < 500 && head.status != http.StatusTooManyRequests:
		s.judgeReason(ctx, head)
	default:
		s.refused(ctx, head)
	}
}

// judgeReason gets the words of a refusal, which HEAD has none of. Where GET is
// answered although HEAD was not, GET counts: the runtime tries it, too.
func (s *session) judgeReason(ctx context.Context, head reply) {
	get, err := s.manifest(ctx, http.MethodGet, s.target.reference())
	switch {
	case errors.Is(err, errBudget):
		s.refused(ctx, head)
	case err != nil:
		s.failed(err)
	case get.ok():
		s.found(ctx, get)
	default:
		s.refused(ctx, get)
	}
}

// sentCredential tells whether the registry or its token server got the login.
func (s *session) sentCredential() bool {
	return s.credential != nil && s.authorization != "" && s.foreign == ""
}

// failed takes a failure of the network for the answer.
func (s *session) failed(err error) {
	host, answered := s.base.Host, false
	if network, ok := errors.AsType[*networkError](err); ok {
		host, answered = network.host, network.answered
	}
	s.answer.Result = causeOf(err, answered)
	if errors.Is(err, errBudget) {
		s.answer.Result = cause.UnexpectedRegistryResponse
	}
	if _, ok := errors.AsType[*refusedError](err); ok {
		s.answer.Refused = s.placeOf(host)
		s.answer.Detail = "refused"
		return
	}
	if s.prober.options.Guard && !s.prober.listed(s.base) && !answered {
		// What a private network answers to strangers is not for the asker.
		s.answer.Detail = "unreachable"
		return
	}
	text := err.Error()
	if spokeHTTP(err) {
		text = "the server answered https with plain http"
	}
	if !strings.EqualFold(host, s.base.Host) {
		text = s.placeOf(host) + " " + host + ": " + text
	}
	s.answer.Detail = s.quote(text)
}

// placeOf says in one word what a host is to this probe.
func (s *session) placeOf(host string) string {
	switch {
	case strings.EqualFold(host, s.base.Host):
		return "registry"
	case strings.EqualFold(host, s.realmHost()):
		return "realm"
	}
	return "redirect"
}

func (p *Prober) listed(u *url.URL) bool {
	_, ok := p.hosts[address(u.Host, portOf(u.Scheme))]
	return ok
}

// crowdedOut is for a question that waited its whole time for another login of
// the same account.
func (s *session) crowdedOut(err error) {
	s.answer.Result = cause.Unknown
	s.answer.Detail = s.quote("not asked: another login of the same account took too long: " + err.Error())
}

// finish takes back what an answer without the credential would claim for it.
func (s *session) finish() {
	s.answer.PlainHTTP = s.base.Scheme == "http" && s.answer.Trips > 0
	if s.foreign == "" {
		return
	}
	s.answer.Login = runbook.TestUntested
	switch s.answer.Result {
	case cause.None, cause.AuthMissing, cause.AuthRejected, cause.AuthExpired, cause.PermissionDenied, cause.NotFoundOrDenied, cause.Unknown:
		s.answer.Result = cause.Unknown
		why := "which is not known to belong to it"
		if s.question.Configured {
			why = "which is neither its own host nor among the realms configured for it"
		}
		s.answer.Detail = s.quote("the credential was not sent: the registry names " + s.foreign + " as its token server, " + why)
	}
}
