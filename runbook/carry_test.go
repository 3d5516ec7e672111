package runbook

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// pen remembers what it was to write.
type pen struct {
	wrote   []Action
	with    []*keyring.Credential
	receipt Receipt
	err     error
}

func (p *pen) Carry(_ context.Context, a Action, _ Actor, credential *keyring.Credential) (Receipt, error) {
	p.wrote, p.with = append(p.wrote, a), append(p.with, credential)
	r := p.receipt
	r.Action = a
	return r, p.err
}

// gate is a registry that answers every question alike.
type gate struct {
	answer Answer
	err    error
	asked  []Question
}

func (g *gate) Probe(_ context.Context, q Question) (Answer, error) {
	g.asked = append(g.asked, q)
	return g.answer, g.err
}

func fingerprintKeyForTests() []byte { return []byte("0123456789abcdef0123456789abcdef") }

func hands(t *testing.T, source Source, g *gate) (Hands, *pen) {
	t.Helper()
	p := &pen{receipt: Receipt{Done: true}}
	return Hands{Changer: p, Vault: NewVault([]Shelf{shelf(source)}), Registry: g, FingerprintKey: fingerprintKeyForTests()}, p
}

// secretUpdate is bound to the first credential that a tap gives.
func secretUpdate() Action {
	first := keyring.Credential{User: "bot", Password: keyring.NewSecret(markerPassword + "-1")}
	return Action{
		Verb: VerbUpdateSecret, Cluster: "prod-eu", Namespace: "shop", Kind: "Secret", Name: "ghcr-pull",
		Entry: &EntryChange{
			Source: "golden", Host: "ghcr.io", Key: "ghcr.io", Becomes: keyring.Fingerprint(fingerprintKeyForTests(), first),
			Images: []string{"ghcr.io/acme/app:v1", "ghcr.io/acme/other:v2"},
		},
	}
}

func TestHandsTestBeforeTheyWrite(t *testing.T) {
	t.Parallel()
	g := &gate{answer: Answer{Result: cause.None, Login: TestAccepted}}
	h, p := hands(t, &tap{}, g)
	if r, err := h.Carry(t.Context(), secretUpdate(), Actor{}); err != nil || !r.Done {
		t.Fatalf("receipt %+v, error %v", r, err)
	}
	if len(g.asked) != 2 || !g.asked[0].Configured || g.asked[1].Image != "ghcr.io/acme/other:v2" {
		t.Errorf("asked %+v", g.asked)
	}
	if len(p.with) != 1 || p.with[0] == nil || p.with[0].Password.Reveal() != markerPassword+"-1" {
		t.Errorf("wrote with %v", p.with)
	}
}

func TestHandsRefuse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer Answer
		err    error
		change func(*Action)
		source *tap
		why    string
	}{
		"rejected":      {answer: Answer{Host: "ghcr.io", Result: cause.AuthRejected, Login: TestRejected}, why: "no good for ghcr.io/acme/app:v1 by now: ghcr.io says AuthRejected"},
		"forbidden":     {answer: Answer{Host: "ghcr.io", Result: cause.PermissionDenied, Login: TestAccepted}, why: "ghcr.io says PermissionDenied"},
		"cannot tell":   {answer: Answer{Host: "ghcr.io", Result: cause.Unknown, Login: TestUntested}, why: "ghcr.io says Unknown"},
		"public answer": {answer: Answer{Host: "ghcr.io", Result: cause.TagNotFound, Login: TestRejected}, why: "ghcr.io says TagNotFound"},
		"no answer":     {err: errors.New("asking ghcr.io: interrupted"), why: "could not be tested for ghcr.io/acme/app:v1: asking ghcr.io: interrupted"},
		"other one":     {change: func(a *Action) { a.Entry.Becomes = "00000000" }, why: "gives another credential by now"},
		"other host":    {change: func(a *Action) { a.Entry.Images = []string{"ghcr.io/acme/app:v1", "evil.example.net/acme/app:v1"} }, why: "one of the images is in evil.example.net"},
		"broken image":  {change: func(a *Action) { a.Entry.Images = []string{"ghcr.io/Acme//app"} }, why: "one of the images is in none that can be read"},
		"a pattern":     {change: func(a *Action) { a.Entry.Key = "*.io" }, why: "the entry *.io is for more registries than ghcr.io"},
		"other key":     {change: func(a *Action) { a.Entry.Key = "quay.io" }, why: "the entry quay.io is for more registries than ghcr.io"},
		"out of bounds": {change: func(a *Action) { a.Namespace = "dev-x" }, why: "namespace dev-x is not among those"},
		"no source":     {change: func(a *Action) { a.Entry.Source = "gone" }, why: "no source of that name"},
		"source fails":  {source: &tap{err: errors.New("out of order")}, why: "credential source golden: out of order"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := &tap{}
			if test.source != nil {
				source = test.source
			}
			h, p := hands(t, source, &gate{answer: test.answer, err: test.err})
			a := secretUpdate()
			if test.change != nil {
				test.change(&a)
			}
			_, err := h.Carry(t.Context(), a, Actor{})
			overtaken, ok := errors.AsType[*OvertakenError](err)
			if !ok || !strings.Contains(overtaken.What, test.why) || strings.Contains(err.Error(), markerPassword) {
				t.Errorf("error %v", err)
			}
			if len(p.wrote) > 0 {
				t.Error("it was written all the same")
			}
		})
	}
}

// TestHandsHaltBeforeTheyWrite: what was declared while the credential was tested
// stops the write.
func TestHandsHaltBeforeTheyWrite(t *testing.T) {
	t.Parallel()
	g := &gate{answer: Answer{Host: "ghcr.io", Result: cause.None, Login: TestAccepted}}
	h, p := hands(t, &tap{}, g)
	declared := errors.New("declared")
	_, err := h.Carry(t.Context(), secretUpdate(), Actor{Halt: func() error {
		if len(g.asked) == 0 {
			t.Error("asked before the test")
		}
		return declared
	}})
	if !errors.Is(err, declared) || len(p.wrote) > 0 {
		t.Errorf("%v, wrote %v", err, p.wrote)
	}
}

// TestHandsForgetWhatWasRejected: the next plan begins with a fresh credential.
func TestHandsForgetWhatWasRejected(t *testing.T) {
	t.Parallel()
	source := &tap{}
	h, _ := hands(t, source, &gate{answer: Answer{Result: cause.AuthRejected, Login: TestRejected}})
	if _, err := h.Carry(t.Context(), secretUpdate(), Actor{}); err == nil {
		t.Fatal("written")
	}
	if given(t, h.Vault, need("acme/app")) != "-2" {
		t.Error("the rejected credential is given again")
	}
}

// TestHandsNeedNoCredentialForTheRest: other actions ask nobody.
func TestHandsNeedNoCredentialForTheRest(t *testing.T) {
	t.Parallel()
	for _, a := range []Action{{Verb: VerbDeletePod}, {Verb: VerbUndo, Entry: &EntryChange{}}, {Verb: VerbSync, Entry: &EntryChange{}}} {
		h, p := hands(t, &tap{err: errors.New("asked")}, &gate{err: errors.New("asked")})
		if _, err := h.Carry(t.Context(), a, Actor{}); err != nil || len(p.with) != 1 || p.with[0] != nil {
			t.Errorf("%s: %v, with %v", a.Verb, err, p.with)
		}
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, result := range []cause.Cause{cause.None, cause.TagNotFound, cause.PlatformMismatch, cause.UnsupportedManifest} {
		if why := Refuses(Answer{Result: result, Login: TestAccepted}); why != "" {
			t.Errorf("%s: %s", result, why)
		}
	}
	for _, result := range []cause.Cause{cause.AuthRejected, cause.NotFoundOrDenied, cause.RepositoryNotFound, cause.Timeout, cause.Unknown} {
		if Refuses(Answer{Result: result, Login: TestAccepted}) == "" {
			t.Errorf("%s is taken for accepted", result)
		}
	}
}
