package runbook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/runbook/keyring"
)

const markerPassword = "mArKeR-s3cret"

// tap gives a credential with another password at each call, and counts.
type tap struct {
	calls  atomic.Int32
	supply Supply
	takes  time.Duration
	err    error
	cut    bool // down to the repositories of the need
}

func (t *tap) Supply(ctx context.Context, n Need) (Supply, error) {
	call := t.calls.Add(1)
	select {
	case <-time.After(t.takes):
	case <-ctx.Done():
		return Supply{}, ctx.Err()
	}
	if t.err != nil {
		return Supply{}, t.err
	}
	s := t.supply
	s.Credential = keyring.Credential{User: "bot", Password: keyring.NewSecret(fmt.Sprintf("%s-%d", markerPassword, call))}
	if t.cut {
		s.Only = n.Repositories
	}
	return s, nil
}

func shelf(source Source) Shelf {
	return Shelf{
		Name: "golden", Kind: "secret platform/regcred", Host: "ghcr.io", Clusters: []string{"prod-*"}, Namespaces: []string{"shop"},
		Repositories: []string{"acme/*", "base/**"}, Source: source,
	}
}

func need(repositories ...string) Need {
	return Need{Cluster: "prod-eu", Namespace: "shop", Host: "ghcr.io", Repositories: repositories}
}

func TestS3Bounds(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*Shelf, *Need)
		why    string // "" when it may be served
	}{
		"within":               {func(*Shelf, *Need) {}, ""},
		"everything":           {func(s *Shelf, n *Need) { s.Repositories, n.Repositories = []string{"*"}, []string{"a/b/c"} }, ""},
		"all below":            {func(_ *Shelf, n *Need) { n.Repositories = []string{"base/a/b", "base/a"} }, ""},
		"all below, itself":    {func(_ *Shelf, n *Need) { n.Repositories = []string{"base"} }, "repository base is not among those that it may be used for"},
		"all below, alike":     {func(_ *Shelf, n *Need) { n.Repositories = []string{"based/a"} }, "repository based/a is not among those that it may be used for"},
		"other cluster":        {func(_ *Shelf, n *Need) { n.Cluster = "dev" }, `cluster "dev" is not among those that may receive it`},
		"cluster without name": {func(_ *Shelf, n *Need) { n.Cluster = "" }, `cluster "" is not among those that may receive it`},
		"only cluster":         {func(s *Shelf, n *Need) { s.Clusters, n.Cluster = []string{"*"}, "" }, ""},
		"other namespace":      {func(_ *Shelf, n *Need) { n.Namespace = "shop-2" }, "namespace shop-2 is not among those that may receive it"},
		"other repository":     {func(_ *Shelf, n *Need) { n.Repositories = []string{"acme/app", "payroll/app"} }, "repository payroll/app is not among those that it may be used for"},
		"deeper":               {func(_ *Shelf, n *Need) { n.Repositories = []string{"acme/app/x"} }, "repository acme/app/x is not among those that it may be used for"},
		"no repository":        {func(_ *Shelf, n *Need) { n.Repositories = nil }, "it is not known for which repositories it would be"},
		"empty clusters":       {func(s *Shelf, _ *Need) { s.Clusters = nil }, `cluster "prod-eu" is not among those that may receive it`},
		"empty namespaces":     {func(s *Shelf, _ *Need) { s.Namespaces = []string{} }, "namespace shop is not among those that may receive it"},
		"empty repositories":   {func(s *Shelf, _ *Need) { s.Repositories = nil }, "repository acme/app is not among those that it may be used for"},
		"empty pattern":        {func(s *Shelf, n *Need) { s.Clusters, n.Cluster = []string{""}, "x" }, `cluster "x" is not among those that may receive it`},
		"broken pattern":       {func(s *Shelf, _ *Need) { s.Namespaces = []string{"[shop"} }, "namespace shop is not among those that may receive it"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := &tap{}
			s, n := shelf(source), need("acme/app")
			test.change(&s, &n)
			v := NewVault([]Shelf{s})
			if diff := cmp.Diff([]Offer{{Source: "golden", Kind: "secret platform/regcred", Refused: test.why}}, v.Offers(n)); diff != "" {
				t.Error(diff)
			}
			_, err := v.Take(t.Context(), "golden", n)
			refused, ok := errors.AsType[*RefusedError](err)
			if ok != (test.why != "") || (ok && refused.Why != test.why) {
				t.Errorf("took with error %v", err)
			}
			if test.why != "" && source.calls.Load() > 0 {
				t.Error("the source was asked although it may not serve")
			}
		})
	}
}

func TestS3UnknownHost(t *testing.T) {
	t.Parallel()
	source := &tap{}
	for name, v := range map[string]*Vault{"none": nil, "empty": NewVault(nil), "other": NewVault([]Shelf{shelf(source)})} {
		n := need("acme/app")
		n.Host = "evil.example.net"
		if offers := v.Offers(n); len(offers) > 0 {
			t.Errorf("%s: offers %v", name, offers)
		}
		if _, err := v.Take(t.Context(), "golden", n); err == nil || source.calls.Load() > 0 {
			t.Errorf("%s: took with error %v", name, err)
		}
		v.Drop("golden", keyring.Credential{})
	}
}

// TestS3WideNeedsLeave: what opens everything is given only where that is
// configured.
func TestS3WideNeedsLeave(t *testing.T) {
	t.Parallel()
	s := shelf(&tap{supply: Supply{Wide: true}})
	_, err := NewVault([]Shelf{s}).Take(t.Context(), "golden", need("acme/app"))
	if refused, ok := errors.AsType[*RefusedError](err); !ok || !strings.Contains(refused.Why, "wide") {
		t.Errorf("took with error %v", err)
	}
	s.Wide = true
	if _, err := NewVault([]Shelf{s}).Take(t.Context(), "golden", need("acme/app")); err != nil {
		t.Error(err)
	}
}

// given is the password that a vault gives.
func given(t *testing.T, v *Vault, n Need) string {
	t.Helper()
	s, err := v.Take(t.Context(), "golden", n)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(s.Credential.Password.Reveal(), markerPassword)
}

func TestVaultGivesTheSameWhileFresh(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		supply func(now time.Time) Supply
		fresh  time.Duration
	}{
		"does not say": {func(time.Time) Supply { return Supply{} }, freshFor},
		"steady":       {func(time.Time) Supply { return Supply{Steady: true} }, steadyFor},
		"twelve hours": {func(now time.Time) Supply { end := now.Add(12 * time.Hour); return Supply{Expires: &end} }, 6 * time.Hour},
		"ten minutes":  {func(now time.Time) Supply { end := now.Add(10 * time.Minute); return Supply{Expires: &end} }, 5 * time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := NewVault([]Shelf{shelf(&tap{supply: test.supply(time.Now())})})
				first := given(t, v, need("acme/app"))
				time.Sleep(test.fresh - time.Nanosecond)
				if again := given(t, v, need("acme/other")); again != first {
					t.Errorf("another credential while the first is fresh: %s", again)
				}
				time.Sleep(time.Nanosecond)
				if again := given(t, v, need("acme/app")); again == first {
					t.Error("the same credential when it is no longer fresh")
				}
			})
		})
	}
}

func TestVaultNeverMixesWhatWasCutDown(t *testing.T) {
	t.Parallel()
	v := NewVault([]Shelf{shelf(&tap{cut: true})})
	a, b := given(t, v, need("acme/a")), given(t, v, need("acme/b"))
	both := given(t, v, need("acme/a", "acme/b"))
	if a == b || both == a || both == b {
		t.Errorf("mixed: %s %s %s", a, b, both)
	}
	if given(t, v, need("acme/a")) != a || given(t, v, need("acme/b", "acme/a")) != both {
		t.Error("not what was given before")
	}
}

func TestVaultKeepsNamesApart(t *testing.T) {
	t.Parallel()
	one, two := shelf(&tap{}), shelf(&tap{err: errors.New("out of order")})
	two.Name = "other"
	v := NewVault([]Shelf{one, two})
	given(t, v, need("acme/app"))
	if _, err := v.Take(t.Context(), "other", need("acme/app")); err == nil || err.Error() != "credential source other: out of order" {
		t.Errorf("error %v", err)
	}
}

func TestVaultForgetsWhatWasRejected(t *testing.T) {
	t.Parallel()
	v := NewVault([]Shelf{shelf(&tap{})})
	s, err := v.Take(t.Context(), "golden", need("acme/app"))
	if err != nil {
		t.Fatal(err)
	}
	v.Drop("golden", keyring.Credential{User: "somebody", Password: keyring.NewSecret("else")})
	if given(t, v, need("acme/app")) != "-1" {
		t.Error("forgot another credential")
	}
	v.Drop("golden", s.Credential)
	if given(t, v, need("acme/app")) != "-2" {
		t.Error("the rejected credential is given again")
	}
}

type sourceFunc func(context.Context, Need) (Supply, error)

func (f sourceFunc) Supply(ctx context.Context, n Need) (Supply, error) { return f(ctx, n) }

// TestSupplyNeverShows drives a marker through every way of printing it.
func TestSupplyNeverShows(t *testing.T) {
	t.Parallel()
	v := NewVault([]Shelf{shelf(&tap{})})
	s, err := v.Take(t.Context(), "golden", need("acme/app"))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, value := range []any{s, &s, v, v.kept, v.shelves, struct{ hidden Supply }{s}} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, markerPassword) || strings.Contains(text, fmt.Sprintf("%x", markerPassword)) {
				t.Errorf("%s shows %s", verb, text)
			}
		}
	}
	if text := fmt.Sprintf("%+v", v); text != `vault of ["golden"]` {
		t.Errorf("prints %s", text)
	}
	if text, err := json.Marshal(s); err == nil {
		t.Errorf("encodes as %s", text)
	}
}
