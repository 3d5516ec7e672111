package runbook

import (
	"context"
	"fmt"
	"path"
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
}

// MarshalJSON always fails.
func (Supply) MarshalJSON() ([]byte, error) { return nil, errHoldsCredentials }

// Source gives new credentials from one place: another Secret, a cloud, a
// helper, a file. Its errors say what went wrong and hold no credential.
type Source interface {
	Supply(ctx context.Context, n Need) (Supply, error)
}

// Shelf is one configured source, and who may receive what it gives (S3). The
// patterns are those of path.Match, where * does not cross a slash, except that
// "*" alone means everything; an empty list means none.
type Shelf struct {
	Name         string // as configured; people choose by it
	Kind         string // "ECR eu-west-1", "secret platform/regcred"
	Host         string // the registry it is for, exactly
	Clusters     []string
	Namespaces   []string
	Repositories []string
	Source       Source
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
// it is fresh, so that what was shown for approval is what is written. It is
// safe for use by several goroutines; a nil Vault has no source.
type Vault struct {
	shelves []Shelf
	now     func() time.Time

	mu   sync.Mutex
	kept map[string]kept
}

// kept is a supply and when it was given.
type kept struct {
	supply Supply
	at     time.Time
}

// NewVault makes a vault of shelves in the order in which they are offered.
func NewVault(shelves []Shelf) *Vault {
	return &Vault{shelves: slices.Clone(shelves), now: time.Now, kept: make(map[string]kept)}
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
	if s, ok := v.fresh(source); ok {
		return s, nil
	}
	s, err := v.shelves[i].Source.Supply(ctx, n)
	if err != nil {
		return Supply{}, fmt.Errorf("credential source %s: %w", source, err)
	}
	v.keep(source, s)
	return s, nil
}

// freshFor is how long a credential that was taken is given again: until
// somebody has read a plan and pressed its button, and not after half its life.
const freshFor = 30 * time.Minute

func (v *Vault) fresh(source string) (Supply, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	k, ok := v.kept[source]
	if !ok {
		return Supply{}, false
	}
	life := freshFor
	if k.supply.Expires != nil {
		life = min(life, k.supply.Expires.Sub(k.at)/2)
	}
	return k.supply, v.now().Sub(k.at) < life
}

func (v *Vault) keep(source string, s Supply) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.kept[source] = kept{supply: s, at: v.now()}
}

// refuses says why the shelf may not serve a need; "" when it may.
func (s Shelf) refuses(n Need) string {
	switch {
	case !covers(s.Clusters, n.Cluster):
		return fmt.Sprintf("cluster %q is not among those that may receive it", n.Cluster)
	case !covers(s.Namespaces, n.Namespace):
		return fmt.Sprintf("namespace %s is not among those that may receive it", n.Namespace)
	case len(n.Repositories) == 0:
		return "it is not known for which repositories it would be"
	}
	for _, r := range n.Repositories {
		if !covers(s.Repositories, r) {
			return fmt.Sprintf("repository %s is not among those that it may be used for", r)
		}
	}
	return ""
}

func covers(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return p == "*" || (err == nil && ok)
	})
}
