package runbook

import (
	"cmp"
	"slices"
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/message"
	"github.com/pullfix/pullfix/runbook/vendor"
)

// evidence is one failing pull with everything that speaks about it, sorted
// for judging: the kubelet's word, the registry's word, the secrets' state.
type evidence struct {
	facts Facts
	pull  Pull
	now   time.Time
	ref   Reference
	word  message.Reading // the kubelet's
	used  []Candidate     // that the kubelet sends, in its order
	spare []Candidate     // that match, in secrets the pod does not list
}

func newEvidence(f Facts, p Pull, now time.Time) evidence {
	e := evidence{facts: f, pull: p, now: now, ref: ParseReference(p.Image), word: reading(p)}
	for _, c := range p.Candidates {
		switch {
		case c.Listed && c.Used:
			e.used = append(e.used, c)
		case !c.Listed && c.Used && !c.Empty:
			e.spare = append(e.spare, c)
		}
	}
	slices.SortStableFunc(e.used, func(a, b Candidate) int { return cmp.Compare(a.Order, b.Order) })
	slices.SortStableFunc(e.spare, func(a, b Candidate) int {
		return cmp.Compare(e.spareRank(a), e.spareRank(b))
	})
	return e
}

// spareRank puts first what the ServiceAccount lists: it was meant for its pods.
func (e evidence) spareRank(c Candidate) int {
	if e.accountHas(c.Secret()) {
		return 0
	}
	return 1
}

func reading(p Pull) message.Reading {
	if p.FromEvent {
		return message.Read(p.Message)
	}
	return message.Waiting(p.Reason, p.Message)
}

// sent are the answers that the node's own attempts must get, were it where
// the asker is: with a matching credential the kubelet never falls back to
// anonymous; an empty entry is an anonymous attempt.
func (e evidence) sent() []Answer {
	var answers []Answer
	for _, c := range e.used {
		switch {
		case c.Empty && e.pull.Anonymous != nil:
			answers = append(answers, *e.pull.Anonymous)
		case c.Answer != nil:
			answers = append(answers, *c.Answer)
		}
	}
	if len(e.used) == 0 && e.pull.Anonymous != nil {
		answers = append(answers, *e.pull.Anonymous)
	}
	return answers
}

// registry is the registry's word: the answer that decides what the kubelet,
// which tries one credential after another, would end with.
func (e evidence) registry() Answer {
	answers := e.sent()
	if len(answers) == 0 {
		return Answer{Result: cause.Unknown}
	}
	return slices.MinFunc(answers, func(a, b Answer) int { return cmp.Compare(weight(a), weight(b)) })
}

// weight orders answers by how much they say: a pull that works, then what is
// said of the image, then of rights, then of the credential, then nothing.
func weight(a Answer) int {
	switch a.Result {
	case cause.None:
		return 0
	case cause.PlatformMismatch, cause.UnsupportedManifest:
		return 1
	case cause.TagNotFound, cause.RepositoryNotFound:
		return 2
	case cause.RateLimited, cause.RegistryServerError:
		return 3
	case cause.PermissionDenied:
		return 4
	case cause.NotFoundOrDenied:
		return 5
	case cause.AuthExpired:
		return 6
	case cause.AuthRejected, cause.AuthMissing:
		return 7
	}
	return 8
}

// works tells that the registry lets the node's own credential pull the image.
func (e evidence) works() bool { return e.registry().Result == cause.None }

// public tells that the registry gives the image to anybody.
func (e evidence) public() bool {
	return e.pull.Anonymous != nil && e.pull.Anonymous.Result == cause.None
}

// allUsed tells that every credential the kubelet sends got such an answer.
func (e evidence) allUsed(results ...cause.Cause) bool {
	sends := false
	for _, c := range e.used {
		if c.Empty {
			continue
		}
		if c.Answer == nil || !slices.Contains(results, c.Answer.Result) {
			return false
		}
		sends = true
	}
	return sends
}

// onlyEmpty tells that the kubelet has matching entries, but none with a user
// and a password.
func (e evidence) onlyEmpty() bool {
	return len(e.used) > 0 && !slices.ContainsFunc(e.used, func(c Candidate) bool { return !c.Empty })
}

// goodSpare is a credential that works, in a secret that the pod does not list.
func (e evidence) goodSpare() (Candidate, bool) {
	for _, c := range e.spare {
		if c.Answer != nil && slices.Contains(imageWords(), c.Answer.Result) {
			return c, true
		}
	}
	return Candidate{}, false
}

// imageWords are the results that speak of the image: the credential was good
// enough to hear them.
func imageWords() []cause.Cause {
	return []cause.Cause{cause.None, cause.TagNotFound, cause.RepositoryNotFound, cause.PlatformMismatch, cause.UnsupportedManifest}
}

// flaw returns the first flaw of that cause.
func (e evidence) flaw(c cause.Cause) (Flaw, bool) {
	for _, f := range e.pull.Flaws {
		if f.Cause == c {
			return f, true
		}
	}
	return Flaw{}, false
}

// unreadable returns the first listed secret whose content could not be read.
func (e evidence) unreadable() (string, bool) {
	for _, s := range e.facts.Secrets {
		if s.Listed && s.Unreadable {
			return s.Name, true
		}
	}
	return "", false
}

func (e evidence) secret(name string) (SecretFacts, bool) {
	for _, s := range e.facts.Secrets {
		if s.Name == name {
			return s, true
		}
	}
	return SecretFacts{}, false
}

func (e evidence) vendor() vendor.Vendor { return vendor.Of(e.ref.Host) }

// says tells whether the kubelet's word, or an element of its aggregate, is one
// of the causes.
func (e evidence) says(causes ...cause.Cause) bool {
	if slices.Contains(causes, e.word.Cause) {
		return true
	}
	return slices.ContainsFunc(e.word.Also, func(c cause.Cause) bool { return slices.Contains(causes, c) })
}

// silent tells that the kubelet's word names no cause.
func (e evidence) silent() bool {
	switch e.word.Cause {
	case cause.BackOffOnly, cause.Unknown, cause.NotPullFailure, "":
		return true
	}
	return false
}

// lastAttempt is when the node's newest failure was reported, as far as events
// tell; zero when they do not.
func (e evidence) lastAttempt() time.Time {
	if event, ok := newestFailure(e.facts.Events, e.pull.Container); ok {
		return event.Last
	}
	return time.Time{}
}
