package runbook

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/runbook/keyring"
)

// TestVaultAsksOnce: fifty askers, one question, also when the first of them
// leaves.
func TestVaultAsksOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &tap{takes: time.Second}
		v := NewVault([]Shelf{shelf(source)})
		hurried, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := v.Take(hurried, "golden", need("acme/app")); !errors.Is(err, context.Canceled) {
				t.Errorf("left with %v", err)
			}
		})
		synctest.Wait()
		for range 50 {
			all.Go(func() {
				if password := given(t, v, need("acme/app")); password != "-1" {
					t.Errorf("got %s", password)
				}
			})
		}
		synctest.Wait()
		leave()
		all.Wait()
		if n := source.calls.Load(); n != 1 {
			t.Errorf("the source was asked %d times", n)
		}
	})
}

func TestVaultAsksForEachThatIsCutDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := NewVault([]Shelf{shelf(&tap{takes: time.Second, cut: true})})
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				s, err := v.Take(t.Context(), "golden", need(fmt.Sprintf("acme/app-%d", i)))
				if err != nil || len(s.Only) != 1 || s.Only[0] != fmt.Sprintf("acme/app-%d", i) {
					t.Errorf("got %v, %v for %d", s.Only, err, i)
				}
			})
		}
		all.Wait()
	})
}

func TestVaultRefusesUselessSupplies(t *testing.T) {
	t.Parallel()
	past := time.Now().Add(-time.Minute)
	for name, source := range map[string]Source{
		"ended":   &tap{supply: Supply{Expires: &past}},
		"nothing": sourceFunc(func(context.Context, Need) (Supply, error) { return Supply{}, nil }),
		"no password": sourceFunc(func(context.Context, Need) (Supply, error) {
			return Supply{Credential: keyring.Credential{User: "bot"}}, nil
		}),
	} {
		if s, err := NewVault([]Shelf{shelf(source)}).Take(t.Context(), "golden", need("acme/app")); err == nil || !s.Credential.Anonymous() {
			t.Errorf("%s: took it", name)
		}
	}
}

func TestVaultCutsSlowSources(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := NewVault([]Shelf{shelf(&tap{takes: time.Hour})})
		start := time.Now()
		if _, err := v.Take(t.Context(), "golden", need("acme/app")); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != givenWithin {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}
