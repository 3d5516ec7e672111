package runbook

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// atOnce bounds the questions that are open at the same time, and mostAsked
// those about one image; a pod with more matching credentials than that is told
// apart by its first ones.
const (
	atOnce    = 8
	mostAsked = 8
)

// errand is one question and the place for its answer.
type errand struct {
	question Question
	step     string
	answer   Answer
	err      error
	deliver  func(Answer)
}

// probeAll asks the registries about every suspect, side by side: one probe a
// credential the kubelet would send, one for each that the pod could have but
// does not list, and one anonymous.
func (s Sources) probeAll(ctx context.Context, platform Platform, suspects []suspect, progress Progress) error {
	var errands []*errand
	for i := range suspects {
		errands = append(errands, errandsFor(&suspects[i], platform)...)
	}
	return s.askAll(ctx, errands, progress)
}

// askAll asks side by side, and delivers the answers.
func (s Sources) askAll(ctx context.Context, errands []*errand, progress Progress) error {
	slots := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for _, e := range errands {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			defer progress.Begin(e.step, "asking "+ParseReference(e.question.Image).Host)()
			e.answer, e.err = s.Registry.Probe(ctx, e.question)
		})
	}
	group.Wait()
	return deliver(ctx, errands)
}

// deliver puts the answers where they belong; a question that could not be put
// is an answer of its own, so that the rest of the case stands.
func deliver(ctx context.Context, errands []*errand) error {
	for _, e := range errands {
		switch {
		case e.err == nil:
			e.deliver(e.answer)
		case errors.Is(ctx.Err(), context.Canceled):
			return fmt.Errorf("asking the registry about %s: %w", e.question.Image, e.err)
		default:
			e.deliver(Answer{Result: cause.Unknown, Login: TestUntested, Detail: e.err.Error()})
		}
	}
	return nil
}

func errandsFor(s *suspect, platform Platform) []*errand {
	p := &s.pull
	if !askable(*p) {
		return nil
	}
	ask := func(step string, credential *keyring.Credential, deliver func(Answer)) *errand {
		return &errand{
			question: Question{Image: p.Image, Platform: platform, Credential: credential, NearTags: true},
			step:     step, deliver: deliver,
		}
	}
	errands := []*errand{ask(StepImage, nil, func(a Answer) { p.Anonymous = &a })}
	for i := range p.Candidates {
		c := &p.Candidates[i]
		if !c.Used || c.Empty || len(errands) > mostAsked {
			continue
		}
		errands = append(errands, ask(StepAuth, &s.credentials[i], func(a Answer) { c.Answer = &a }))
	}
	return errands
}

// askable tells whether a registry can say anything about the failure: not when
// the name does not parse, the node may not pull, or it is the node's own pause
// image, which the pod's credentials are not for.
func askable(p Pull) bool {
	if ParseReference(p.Image).Problem != "" {
		return false
	}
	word := reading(p).Cause
	return word != cause.NeverPull && word != cause.SandboxImage && word != cause.InvalidReference
}

// platform is what the node needs; the zero value when the node is not known.
func (f Facts) platform() Platform {
	if f.Node == nil {
		return Platform{}
	}
	return Platform{OS: f.Node.OS, Arch: f.Node.Arch}
}
