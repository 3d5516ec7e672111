package runbook

import (
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
)

// finding is what a rule concludes.
type finding struct {
	cause     cause.Cause
	certainty cause.Certainty
	vantage   string
	flaw      Flaw      // the fault of a secret, where that is the cause
	blame     Candidate // the credential at fault
	spare     Candidate // a credential that works but is not attached
	// elsewhere says that the registry answers well from here, so the fault is
	// between the node and the registry.
	elsewhere bool
	// mended says that what the kubelet complained of is right by now, at this
	// time (zero when it is not known).
	mended   bool
	mendedAt time.Time
	// renewed says that it is mended by the template: it names the spare
	// credential by now, and this pod is of the old revision.
	renewed bool
	public  bool // anybody may pull the image
	plain   bool // it is the node that speaks plain http
}

// secret is the name of the secret at fault, empty when none is.
func (f finding) secret() string {
	if name := f.blame.Secret(); name != "" {
		return name
	}
	return f.flaw.Secret
}

// rule is one line of the precedence table.
type rule struct {
	name  string
	judge func(evidence) (finding, bool)
}

// precedence is the table of the verdict: the first rule that speaks wins. It
// goes from what the kubelet knows for sure, over what the registry says to the
// very credentials, to what the text alone suggests.
func precedence() []rule {
	return []rule{
		{"the reference does not parse", judgeReference},
		{"the node decides alone", judgeLocal},
		{"a secret that cannot be decoded stops every pull", judgeMalformed},
		{"the image lacks the node's platform", judgePlatform},
		{"the registry limits", judgeRateLimit},
		{"the node speaks http to https", judgePlain},
		{"the node cannot reach the registry", judgeNetwork},
		{"the registry lost what the image names", judgeLost},
		{"the image is not there", judgeMissing},
		{"the registry is broken", judgeServerError},
		{"the content is not usable", judgeContent},
		{"the content is withheld", judgeWithheld},
		{"the registry accepts what the node sends", judgeAccepted},
		{"the registry refuses what the node sends", judgeRefused},
		{"the node has nothing to send", judgeNothingSent},
		{"nobody here can reach the registry", judgeUnreachable},
		{"the kubelet's word alone", judgeWord},
	}
}

func decide(e evidence) finding {
	for _, r := range precedence() {
		if f, ok := r.judge(e); ok {
			return e.renewed(f)
		}
	}
	return finding{cause: cause.Unknown, certainty: cause.CertaintyUnknown, vantage: VantageUnknown}
}

func judgeReference(e evidence) (finding, bool) {
	if e.ref.Problem == "" && e.word.Cause != cause.InvalidReference {
		return finding{}, false
	}
	return finding{cause: cause.InvalidReference, certainty: cause.Certain, vantage: VantageImage}, true
}

// judgeLocal takes the kubelet's word where no registry is involved.
func judgeLocal(e evidence) (finding, bool) {
	f := finding{cause: e.word.Cause, certainty: cause.Certain, vantage: VantageNode}
	switch e.word.Cause {
	case cause.PullQPSExceeded, cause.DiskFull, cause.RuntimeUnavailable, cause.SandboxImage:
		return f, true
	case cause.NeverPull, cause.ShortNameUnresolved:
		f.vantage = VantageImage
		return f, true
	case cause.SignaturePolicy:
		return f, true
	case cause.CredentialProviderFailed:
		f.vantage = VantageCredential
		return f, true
	}
	return finding{}, false
}

func judgeMalformed(e evidence) (finding, bool) {
	f := finding{cause: cause.PullSecretMalformed, certainty: cause.Certain, vantage: VantageCredential}
	if len(e.pull.Malformed) > 0 {
		f.flaw = e.pull.Malformed[0]
		return f, true
	}
	if e.word.Cause != cause.PullSecretMalformed {
		return finding{}, false
	}
	if name, hidden := e.unreadable(); hidden {
		f.flaw = Flaw{Secret: name, Cause: cause.PullSecretMalformed, Detail: e.word.Fragment}
		return f, true
	}
	f.mended, f.certainty = true, cause.Likely
	return f, true
}

func judgePlatform(e evidence) (finding, bool) {
	says, shows := e.says(cause.PlatformMismatch), e.registry().Result == cause.PlatformMismatch
	if !says && !shows {
		return finding{}, false
	}
	f := finding{cause: cause.PlatformMismatch, certainty: cause.Certain, vantage: VantageImage}
	if !says && !e.says(cause.TagNotFound) {
		f.certainty = cause.Likely
	}
	if says && e.works() {
		f = e.contradicted(f)
	}
	return f, true
}

// contradicted is for what the node complains of and what is right from here: it
// was mended since the node's last attempt, or, when that was just now, something
// between the two answers the node.
func (e evidence) contradicted(f finding) finding {
	f.certainty = cause.Likely
	if at := e.lastAttempt(); !at.IsZero() && e.facts.ObservedAt.Sub(at) < nodeLag {
		f.elsewhere, f.vantage = true, VantageNode
		return f
	}
	f.mended = true
	return f
}

func judgeRateLimit(e evidence) (finding, bool) {
	f := finding{cause: cause.RateLimited, certainty: cause.Certain, vantage: VantageRegistry}
	switch {
	case e.word.Cause == cause.RateLimited:
		if e.mirrorAnswers(f) {
			f.vantage = VantageNode
		}
		return f, true
	case e.registry().Result == cause.RateLimited && e.silent():
		f.certainty = cause.Likely
		return f, true
	}
	return finding{}, false
}

// judgeNetwork believes the node about its own connection: the answer from
// elsewhere only tells on which side the fault is, and nothing of another host
// that the registry sent the node to.
func judgeNetwork(e evidence) (finding, bool) {
	if !isNetwork(e.word.Cause) {
		return finding{}, false
	}
	f := finding{cause: e.word.Cause, certainty: cause.Certain, vantage: VantageNetwork}
	heard := e.registry().Result
	switch {
	case heard == cause.Unknown:
	case isNetwork(heard):
		f.vantage = VantageRegistry
	case e.sentTo() == "":
		f.elsewhere, f.vantage = true, VantageNode
	}
	if e.word.Mirror != "" {
		f.vantage = VantageNode
	}
	return f, true
}

func isNetwork(c cause.Cause) bool {
	switch c {
	case cause.DNSFailure, cause.ConnectionRefused, cause.Timeout, cause.NetworkUnreachable,
		cause.ProxyFailure, cause.TLSUntrusted, cause.HTTPSMismatch:
		return true
	}
	return false
}

// judgeMissing takes the registry's own not-found, heard with a credential the
// node would send; what other credentials were told does not matter.
func judgeMissing(e evidence) (finding, bool) {
	heard := e.registry().Result
	if heard != cause.TagNotFound && heard != cause.RepositoryNotFound {
		return finding{}, false
	}
	f := finding{cause: heard, certainty: cause.Likely, vantage: VantageImage}
	if e.says(cause.TagNotFound, cause.RepositoryNotFound, cause.NotFoundOrDenied) && !e.registry().Cached {
		f.certainty = cause.Certain
	}
	return f, true
}

func judgeServerError(e evidence) (finding, bool) {
	heard := e.registry().Result
	f := finding{cause: cause.RegistryServerError, certainty: cause.Certain, vantage: VantageRegistry}
	switch {
	case e.word.Cause == cause.RegistryServerError:
		if e.mirrorAnswers(f) {
			f.vantage = VantageNode
		}
		if e.works() && e.word.Mirror == "" && !e.aboutContent() {
			f = e.contradicted(f)
		}
		return f, true
	case heard == cause.RegistryServerError && e.silent():
		f.certainty = cause.Likely
		return f, true
	}
	return finding{}, false
}

func judgeUnreachable(e evidence) (finding, bool) {
	heard := e.registry().Result
	if !isNetwork(heard) || !e.silent() {
		return finding{}, false
	}
	return finding{cause: heard, certainty: cause.Likely, vantage: VantageNetwork}, true
}

// judgeWord falls back on the text, as the hint that it is.
func judgeWord(e evidence) (finding, bool) {
	if e.silent() {
		f := finding{cause: cause.Unknown, certainty: cause.CertaintyUnknown, vantage: VantageUnknown}
		if e.word.Cause == cause.BackOffOnly {
			f.cause = cause.BackOffOnly
		}
		return f, true
	}
	return finding{cause: e.word.Cause, certainty: e.word.Certainty, vantage: vantageOf(e.word.Cause)}, true
}

func vantageOf(c cause.Cause) string {
	switch c {
	case cause.TagNotFound, cause.RepositoryNotFound, cause.PlatformMismatch, cause.InvalidReference, cause.UnsupportedManifest, cause.ShortNameUnresolved, cause.NeverPull:
		return VantageImage
	case cause.AuthMissing, cause.AuthRejected, cause.AuthExpired, cause.PermissionDenied, cause.PullSecretMalformed,
		cause.PullSecretMissing, cause.PullSecretWrongHost, cause.PullSecretWrongType, cause.PullSecretNotAttached, cause.CredentialProviderFailed:
		return VantageCredential
	case cause.RateLimited, cause.RegistryServerError, cause.UnexpectedRegistryResponse:
		return VantageRegistry
	case cause.CorruptContent, cause.DiskFull, cause.PullCancelled, cause.PullQPSExceeded, cause.RuntimeUnavailable, cause.SandboxImage, cause.SignaturePolicy:
		return VantageNode
	}
	if isNetwork(c) {
		return VantageNetwork
	}
	return VantageUnknown
}
