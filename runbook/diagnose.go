package runbook

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/keyring"
	"github.com/pullfix/pullfix/runbook/scrub"
)

// Sources are what a diagnosis asks. They only read.
type Sources struct {
	Cluster  Cluster
	Registry Registry
	// FingerprintKey keys the fingerprints of credentials, so that they can be
	// compared within one installation and mean nothing outside it.
	FingerprintKey []byte
	// Zone is where moments are told: UTC for readers who may be anywhere, nil for
	// the one who sits at this machine.
	Zone *time.Location
}

func (s Sources) now() time.Time {
	if s.Zone == nil {
		return time.Now()
	}
	return time.Now().In(s.Zone)
}

// Diagnose gathers a Case about the target and judges it. It changes nothing.
// The error is for a target that cannot be observed at all.
func Diagnose(ctx context.Context, sources Sources, target Target, progress Progress) (Case, Verdict, error) {
	watch := newStopwatch(progress)
	seen, err := sources.Cluster.Observe(ctx, target, watch.progress)
	if errors.Is(err, ErrNoPods) {
		seen, err = Observation{Facts: Facts{Target: target, ObservedAt: time.Now()}}, nil
	}
	if err != nil {
		return Case{}, Verdict{}, err
	}
	c := Case{Version: CaseVersion, Facts: clean(seen.Facts)}
	suspects := inspectAll(c.Facts, seen, sources.FingerprintKey, watch.progress)
	if err := sources.probeAll(ctx, c.Facts.platform(), suspects, watch.progress); err != nil {
		return Case{}, Verdict{}, err
	}
	for _, s := range suspects {
		c.Pulls = append(c.Pulls, s.pull)
	}
	if len(c.Pulls) == 0 {
		if c.Crashed, err = sources.askCrashed(ctx, c.Facts, seen, watch.progress); err != nil {
			return Case{}, Verdict{}, err
		}
	}
	c.TookMs = watch.took()
	return c, Judge(c, sources.now()), nil
}

// clean scrubs every text that came from outside, once, before it is stored or
// judged.
func clean(f Facts) Facts {
	for i := range f.Pod.Containers {
		c := &f.Pod.Containers[i]
		c.Reason, c.Message, c.LastMessage = scrub.Text(c.Reason), scrub.Text(c.Message), scrub.Text(formatLine(c.LastMessage))
	}
	for i := range f.Events {
		f.Events[i].Message = scrub.Text(f.Events[i].Message)
	}
	for i := range f.Failing {
		f.Failing[i].Message = scrub.Text(f.Failing[i].Message)
	}
	f.Pod.Unschedulable = scrub.Text(f.Pod.Unschedulable)
	if f.Node != nil {
		node := *f.Node
		node.Unready = scrub.Text(node.Unready)
		f.Node = &node
	}
	return f
}

// suspect is a failing pull with the credentials of its candidates, which never
// enter the case.
type suspect struct {
	pull        Pull
	credentials []keyring.Credential // of pull.Candidates, by index
}

func inspectAll(f Facts, seen Observation, key []byte, progress Progress) []suspect {
	defer progress.Begin(StepSecret, "reading the pull secrets")()
	var suspects []suspect
	for _, p := range failingPulls(f) {
		suspects = append(suspects, inspect(p, seen, key))
	}
	return suspects
}

// inspect adds what the pull secrets say about the image, without passwords.
func inspect(p Pull, seen Observation, key []byte) suspect {
	var credentials []keyring.Credential
	listed := keyring.Find(p.Image, seen.Listed)
	unlisted := keyring.Find(p.Image, seen.Unlisted)
	for _, e := range listed.Entries {
		p.Candidates = append(p.Candidates, candidate(e, true, key))
		credentials = append(credentials, e.Credential)
	}
	for _, e := range unlisted.Entries {
		p.Candidates = append(p.Candidates, candidate(e, false, key))
		credentials = append(credentials, e.Credential)
	}
	for _, m := range listed.Malformed {
		p.Malformed = append(p.Malformed, Flaw{Secret: secretName(m.Source), Key: m.Key, Cause: cause.PullSecretMalformed, Detail: m.Text})
	}
	for _, problem := range listed.Problems {
		p.Flaws = append(p.Flaws, Flaw{Secret: secretName(problem.Source), Cause: flawCause(problem.Kind), Detail: problem.Text})
	}
	return suspect{pull: p, credentials: credentials}
}

func flawCause(kind keyring.ProblemKind) cause.Cause {
	switch kind {
	case keyring.SecretMissing:
		return cause.PullSecretMissing
	case keyring.WrongType:
		return cause.PullSecretWrongType
	case keyring.BadKey, keyring.NoEntries:
		return cause.PullSecretWrongHost
	case keyring.NoContent, keyring.LegacyFormat, keyring.WrappedInLegacy, keyring.CredentialHelpers:
		return cause.PullSecretMalformed
	}
	return cause.Unknown
}

func candidate(e keyring.Entry, listed bool, key []byte) Candidate {
	return Candidate{
		Source: e.Source, Key: e.Key, User: keyring.MaskUser(e.Credential.User), Kind: e.Kind,
		Fingerprint: keyring.Fingerprint(key, e.Credential), Listed: listed, Used: e.Used,
		KeyMatches: e.KeyMatches, Empty: e.Credential.Anonymous(), Reason: e.Reason, Hints: e.Hints,
		Suggestion: e.Suggestion, Order: e.Order, Expires: e.Expires,
	}
}

// stopwatch passes ticks on and remembers how long each step took.
type stopwatch struct {
	next Progress
	mu   sync.Mutex
	ms   map[string]int64
}

func newStopwatch(next Progress) *stopwatch {
	return &stopwatch{next: next, ms: make(map[string]int64)}
}

func (w *stopwatch) progress(t Tick) {
	if t.Done {
		w.mu.Lock()
		w.ms[t.Step] = max(w.ms[t.Step], t.Took.Milliseconds())
		w.mu.Unlock()
	}
	if w.next != nil {
		w.next(t)
	}
}

func (w *stopwatch) took() map[string]int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ms
}
