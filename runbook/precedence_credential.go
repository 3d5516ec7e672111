package runbook

import (
	"slices"
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
)

// judgeAccepted: the registry lets the node's own credential pull the image
// from here, and still the node says no. Either somebody mended it since the
// last attempt, or the fault lies between the node and the registry; it is
// never "fine".
func judgeAccepted(e evidence) (finding, bool) {
	if !e.works() {
		return finding{}, false
	}
	f := finding{cause: e.word.Cause, certainty: cause.Likely, vantage: VantageNode}
	switch {
	case e.silent():
		f.cause, f.certainty, f.vantage = cause.BackOffOnly, cause.CertaintyUnknown, VantageUnknown
		if e.word.Cause == cause.Unknown {
			f.cause = cause.Unknown
		}
		return f, true
	case e.mendedSince(&f):
		f.mended = true
	case e.word.Cause == cause.TagNotFound || e.word.Cause == cause.RepositoryNotFound, e.sentNothing():
		f.mended = e.word.Mirror == ""
	default:
		f.elsewhere = true
	}
	if f.mended {
		f.vantage = vantageOf(f.cause)
	}
	return f, true
}

// sentNothing tells that the node pulled without a login though the pod lists a
// secret for the image: it had not read the secret yet, as with a pod that has
// just begun. The next attempt sends it.
func (e evidence) sentNothing() bool {
	return e.word.Cause == cause.AuthMissing && len(e.used) > 0 && !e.onlyEmpty() && !e.nodeSent()
}

// nodeSent is the node's own word that it had a credential.
func (e evidence) nodeSent() bool { return e.word.HadCredential != nil && *e.word.HadCredential }

// renewed looks whether the template names a good secret by now, so that only
// pods of the old revision still fail.
func (e evidence) renewed(f finding) finding {
	w := e.facts.Workload
	if f.mended || vantageOf(f.cause) != VantageCredential || w == nil || !w.OldRevision {
		return f
	}
	i := slices.IndexFunc(e.spare, func(c Candidate) bool {
		return c.Answer != nil && c.Answer.Result == cause.None && slices.Contains(w.Template.PullSecrets, c.Secret())
	})
	if i >= 0 {
		f.mended, f.renewed, f.spare = true, true, e.spare[i]
	}
	return f
}

// mendedSince tells whether a secret the kubelet uses was written after the
// node's last attempt, or so lately that there may not have been one since.
func (e evidence) mendedSince(f *finding) bool {
	attempt := e.lastAttempt()
	for _, c := range e.used {
		s, ok := e.secret(c.Secret())
		if !ok || s.LastWritten == nil {
			continue
		}
		if (s.LastWritten.After(attempt) && s.LastWritten.After(e.pull.Since)) || s.changedWithin(nodeLag, attempt) {
			f.mendedAt, f.blame = *s.LastWritten, c
			return true
		}
	}
	return false
}

// nodeLag is how long a busy node may still use the content of a secret that was
// changed, also for a pod that is new.
const nodeLag = 30 * time.Second

// changedWithin tells that the secret was changed, not made, so shortly before.
func (s SecretFacts) changedWithin(lag time.Duration, before time.Time) bool {
	return s.Created != nil && s.LastWritten.Sub(*s.Created) > time.Second && !before.IsZero() && s.LastWritten.After(before.Add(-lag))
}

// judgeRefused: the kubelet has credentials for the image, and the registry
// takes none of them.
func judgeRefused(e evidence) (finding, bool) {
	if len(e.used) == 0 || e.onlyEmpty() {
		return finding{}, false
	}
	f := finding{certainty: e.agrees(), vantage: VantageCredential, public: e.public()}
	switch heard := e.registry().Result; {
	case e.allUsed(cause.AuthRejected, cause.AuthExpired, cause.AuthMissing):
		f.cause, f.blame = e.worst()
	case e.untested() && !e.sentNothing() && asksLogin(e.word.Cause):
		f.cause, f.blame, f.certainty = e.told()
	case heard == cause.PermissionDenied, heard == cause.NotFoundOrDenied:
		f.cause, f.blame = heard, e.holder(heard)
		if heard == cause.NotFoundOrDenied {
			f.vantage, f.certainty = VantageUnknown, cause.Likely
		}
	default:
		return finding{}, false
	}
	if good, ok := e.goodSpare(); ok {
		f.spare = good
		if e.accountHas(good.Secret()) {
			f.cause, f.vantage = cause.PullSecretNotAttached, VantageCredential
		}
	}
	return f, true
}

// worst picks the credential to blame: an expired one explains itself.
func (e evidence) worst() (cause.Cause, Candidate) {
	for _, c := range e.used {
		if c.expired(e.now) || (c.Answer != nil && c.Answer.Result == cause.AuthExpired) {
			return cause.AuthExpired, c
		}
	}
	for _, c := range e.used {
		if !c.Empty {
			return cause.AuthRejected, c
		}
	}
	return cause.AuthRejected, Candidate{}
}

func (e evidence) holder(heard cause.Cause) Candidate {
	for _, c := range e.used {
		if c.Answer != nil && c.Answer.Result == heard {
			return c
		}
	}
	return Candidate{}
}

func (c Candidate) expired(now time.Time) bool { return c.Expires != nil && c.Expires.Before(now) }

// agrees is certain when the kubelet, too, was refused.
func (e evidence) agrees() cause.Certainty {
	if isRefusal(e.word.Cause) {
		return cause.Certain
	}
	return cause.Likely
}

func isRefusal(c cause.Cause) bool {
	switch c {
	case cause.AuthMissing, cause.AuthRejected, cause.AuthExpired, cause.PermissionDenied, cause.NotFoundOrDenied, cause.RepositoryNotFound:
		return true
	}
	return false
}

// judgeNothingSent: no entry of the pod's secrets is for this image, so the
// kubelet asks anonymously, and is refused. The secrets say why it has none.
func judgeNothingSent(e evidence) (finding, bool) {
	if len(e.used) > 0 && !e.onlyEmpty() {
		return finding{}, false
	}
	heard := e.registry().Result
	if !refusedAnonymously(heard, e) {
		return finding{}, false
	}
	f := finding{certainty: e.agrees(), vantage: VantageCredential}
	if e.nodeHadCredential() {
		f.cause, f.vantage = cause.AuthRejected, VantageNode
		return f, true
	}
	return e.whyNothing(f, heard), true
}

func refusedAnonymously(heard cause.Cause, e evidence) bool {
	switch e.word.Cause {
	case cause.AuthMissing, cause.AuthRejected, cause.PermissionDenied, cause.NotFoundOrDenied, cause.AuthExpired:
		return heard != cause.None
	}
	return e.silent() && (heard == cause.AuthMissing || heard == cause.NotFoundOrDenied)
}

// nodeHadCredential tells that the node sent a credential though no pull secret
// has one: its own, or a credential provider's.
func (e evidence) nodeHadCredential() bool {
	return len(e.used) == 0 && len(e.facts.Gaps) == 0 && e.nodeSent()
}

// whyNothing looks for the reason in the secrets, the most useful first: a
// secret that would work as it stands beats the flaw of one that does not.
func (e evidence) whyNothing(f finding, heard cause.Cause) finding {
	if good, ok := e.goodSpare(); ok {
		f.cause, f.spare = cause.PullSecretNotAttached, good
		return f
	}
	if e.onlyEmpty() {
		f.cause, f.blame = cause.AuthMissing, e.used[0]
		return f
	}
	for _, c := range []cause.Cause{cause.PullSecretMissing, cause.PullSecretWrongType, cause.PullSecretMalformed} {
		if flaw, ok := e.flaw(c); ok {
			f.cause, f.flaw = c, flaw
			return f
		}
	}
	if c, ok := e.nearestMiss(); ok {
		f.cause, f.blame = cause.PullSecretWrongHost, c
		return f
	}
	if flaw, ok := e.flaw(cause.PullSecretWrongHost); ok {
		f.cause, f.flaw = cause.PullSecretWrongHost, flaw // a secret without a single entry
		return f
	}
	if len(e.spare) > 0 && !e.spare[0].heard() {
		f.cause, f.spare, f.certainty = cause.PullSecretNotAttached, e.spare[0], cause.Likely
		return f
	}
	return e.noSecretAtAll(f, heard)
}

// nearestMiss is the listed entry that was most likely meant for the image: one
// that a small correction would make match, else the first.
func (e evidence) nearestMiss() (Candidate, bool) {
	listed := slices.DeleteFunc(slices.Clone(e.pull.Candidates), func(c Candidate) bool { return !c.Listed })
	for _, meant := range []func(Candidate) bool{
		func(c Candidate) bool { return c.Suggestion != "" },
		func(c Candidate) bool { return keyHost(c.Key) == e.ref.Host },
		func(Candidate) bool { return true },
	} {
		if i := slices.IndexFunc(listed, meant); i >= 0 {
			return listed[i], true
		}
	}
	return Candidate{}, false
}

func (e evidence) noSecretAtAll(f finding, heard cause.Cause) finding {
	f.cause = cause.AuthMissing
	if e.forbidsAll() {
		f.cause, f.vantage = cause.PermissionDenied, VantageRegistry
		return f
	}
	if name, hidden := e.unreadable(); hidden {
		return e.behind(f, name)
	}
	if e.blind() {
		f.certainty = cause.Likely
	}
	if heard == cause.NotFoundOrDenied || (heard == cause.Unknown && e.word.Cause == cause.NotFoundOrDenied) {
		f.cause, f.certainty, f.vantage = cause.NotFoundOrDenied, cause.Likely, VantageUnknown
	}
	return f
}

// behind concludes from the node's word alone what a secret that may not be
// read must be like: it is not known that the pod has nothing to send.
func (e evidence) behind(f finding, name string) finding {
	f.certainty, f.flaw = cause.Likely, Flaw{Secret: name}
	switch e.word.Cause {
	case cause.AuthRejected, cause.AuthExpired, cause.PermissionDenied:
		f.cause = e.word.Cause
	}
	return f
}
