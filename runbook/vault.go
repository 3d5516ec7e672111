package runbook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pullfix/pullfix/runbook/keyring"
)

// Need says what a new credential has to open, and where it would be written.
type Need struct {
	Cluster      string
	Namespace    string
	Host         string   // the registry, as images name it: docker.io, ghcr.io, registry.example.com:5000
	Repositories []string // below the host, without tag: acme/checkout
}

// Supply is a new credential with what is known of it. It lives in memory only.
type Supply struct {
	Credential keyring.Credential
	Expires    *time.Time // nil when it does not say
	// Opens says what else the credential opens, a sentence; "" when that is not
	// known.
	Opens string
	// Wide says that it opens more than anybody listed: what a cloud gives to
	// whoever pullfix runs as. Only a shelf that allows that may give it.
	Wide bool
	// Steady says that the source gives the same until somebody changes it there.
	Steady bool
	// Only are the repositories that it was cut down to; nil when it was not.
	Only []string
}

// MarshalJSON always fails.
func (Supply) MarshalJSON() ([]byte, error) { return nil, errHoldsCredentials }

// Source gives new credentials from one place: another Secret, a cloud, a
// helper, a file. Its errors say what went wrong and hold no credential.
type Source interface {
	Supply(ctx context.Context, n Need) (Supply, error)
}

// Offer is a source as people choose it.
type Offer struct {
	Source  string // the shelf's name
	Kind    string
	Refused string // why it may not serve this need; "" when it may
}

// RefusedError says that a source may not serve a need: who may receive what it
// gives is configured.
type RefusedError struct{ Source, Why string }

func (e *RefusedError) Error() string { return "credential source " + e.Source + ": " + e.Why }

// Vault is all configured sources. It keeps what a source gave in memory while
// it is fresh, so that what was shown for approval is what is written, and asks
// a source once for all who wait for it. It is safe for use by several
// goroutines; a nil Vault has no source.
type Vault struct {
	shelves []Shelf
	now     func() time.Time

	mu   sync.Mutex
	kept map[string][]kept  // by the shelf's name
	open map[string]*asking // by the shelf's name
}

// kept is a supply and when it was given.
type kept struct {
	supply Supply
	at     time.Time
}

// asking is a question to a source that is open. What it has is read after done
// is closed.
type asking struct {
	done   chan struct{}
	supply Supply
	err    error
}

// NewVault makes a vault of shelves in the order in which they are offered.
// Their names have to differ.
func NewVault(shelves []Shelf) *Vault {
	return &Vault{
		shelves: slices.Clone(shelves), now: time.Now,
		kept: make(map[string][]kept), open: make(map[string]*asking),
	}
}

// Format writes the names of the sources, whatever the verb: what is kept is
// not for printing, and it changes meanwhile.
func (v *Vault) Format(f fmt.State, _ rune) {
	var names []string
	if v != nil {
		for _, s := range v.shelves {
			names = append(names, s.Name)
		}
	}
	// A printer has nowhere to report a failed write to.
	_, _ = fmt.Fprintf(f, "vault of %q", names)
}

// Offers are the sources for the need's registry, in the configured order, with
// the reason where one may not serve this need.
func (v *Vault) Offers(n Need) []Offer {
	if v == nil {
		return nil
	}
	var offers []Offer
	for _, s := range v.shelves {
		if s.Host == n.Host {
			offers = append(offers, Offer{Source: s.Name, Kind: s.Kind, Refused: s.refuses(n)})
		}
	}
	return offers
}

// Take gets a credential from a source, if the source may serve the need; else
// the error is a *RefusedError.
func (v *Vault) Take(ctx context.Context, source string, n Need) (Supply, error) {
	if v == nil {
		return Supply{}, &RefusedError{Source: source, Why: "no credential source is configured"}
	}
	i := slices.IndexFunc(v.shelves, func(s Shelf) bool { return s.Name == source && s.Host == n.Host })
	if i < 0 {
		return Supply{}, &RefusedError{Source: source, Why: "no source of that name is configured for " + n.Host}
	}
	if why := v.shelves[i].refuses(n); why != "" {
		return Supply{}, &RefusedError{Source: source, Why: why}
	}
	return v.take(ctx, v.shelves[i], n)
}

// Drop forgets a credential that a source gave: a registry rejected it. The
// source is asked again next time.
func (v *Vault) Drop(source string, rejected keyring.Credential) {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.kept[source] = slices.DeleteFunc(v.kept[source], func(k kept) bool { return k.supply.Credential.Equal(rejected) })
}

// take gives what is kept, or asks the source, or waits for somebody who does.
func (v *Vault) take(ctx context.Context, s Shelf, n Need) (Supply, error) {
	for {
		supply, question, mine := v.look(s.Name, n)
		if question == nil {
			return supply, nil
		}
		if mine {
			// Whoever asks may leave; the others still want the answer.
			go v.ask(context.WithoutCancel(ctx), s, n, question)
		}
		select {
		case <-ctx.Done():
			return Supply{}, fmt.Errorf("credential source %s: %w", s.Name, ctx.Err())
		case <-question.done:
		}
		// What another need was answered with may be cut down to that one.
		if mine || question.err != nil || question.supply.serves(n) {
			return question.supply, question.err
		}
	}
}

// look finds what is kept and fresh; else the open question to the source, which
// is the caller's own to ask where there was none.
func (v *Vault) look(source string, n Need) (supply Supply, question *asking, mine bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	v.kept[source] = slices.DeleteFunc(v.kept[source], func(k kept) bool { return !k.fresh(now) })
	for _, k := range v.kept[source] {
		if k.supply.serves(n) {
			return k.supply, nil, false
		}
	}
	if question = v.open[source]; question != nil {
		return Supply{}, question, false
	}
	question = &asking{done: make(chan struct{})}
	v.open[source] = question
	return Supply{}, question, true
}

// givenWithin bounds how long a source may take.
const givenWithin = 30 * time.Second

var errNoCredential = errors.New("it gave no credential")

// ask asks the source and keeps what it gives.
func (v *Vault) ask(ctx context.Context, s Shelf, n Need, question *asking) {
	ctx, cancel := context.WithTimeout(ctx, givenWithin)
	defer cancel()
	supply, err := s.Source.Supply(ctx, n)
	switch {
	case err != nil:
		err = fmt.Errorf("credential source %s: %w", s.Name, err)
	case supply.Credential.Anonymous():
		err = fmt.Errorf("credential source %s: %w", s.Name, errNoCredential)
	case supply.Wide && !s.Wide:
		err = &RefusedError{Source: s.Name, Why: "what it gives opens more than the repositories that it may be used for, and the source is not configured as wide"}
	case supply.Expires != nil && !supply.Expires.After(v.now()):
		err = fmt.Errorf("credential source %s: what it gave ended at %s", s.Name, supply.Expires.UTC().Format(time.RFC3339))
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if err == nil {
		question.supply = supply
		v.kept[s.Name] = append(v.kept[s.Name], kept{supply: supply, at: v.now()})
	}
	question.err = err
	delete(v.open, s.Name)
	close(question.done)
}

// How long a credential that was taken is given again: until somebody has read a
// plan and pressed its button. One that ends is kept for half of its life: to
// mint another would overtake what was shown. One that stays the same is read
// again soon, because it may have been changed by hand meanwhile.
const (
	freshFor  = 30 * time.Minute
	steadyFor = time.Minute
)

func (k kept) fresh(now time.Time) bool {
	life := freshFor
	switch {
	case k.supply.Steady:
		life = steadyFor
	case k.supply.Expires != nil:
		life = k.supply.Expires.Sub(k.at) / 2
	}
	return now.Sub(k.at) < life
}

// serves tells whether the supply is good for the need's repositories.
func (s Supply) serves(n Need) bool {
	return s.Only == nil || !slices.ContainsFunc(n.Repositories, func(r string) bool { return !slices.Contains(s.Only, r) })
}
