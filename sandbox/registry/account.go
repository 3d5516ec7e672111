package registry

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// Account is somebody who may log in. Its password shows in no print, log or
// JSON of the account, and the registry keeps only a keyed hash of it.
type Account struct {
	User     string
	Password string
	// Pull and Push are repository patterns: "*" is everything, "team/*" is
	// everything below team/, the rest is as in path.Match. Push includes pull.
	Pull, Push []string
	// Expires is when the password stops being good; zero means never.
	Expires time.Time
}

// Format writes the account without its password, whatever the verb.
func (a Account) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "account %s", a.User) }

// MarshalText writes the account without its password.
func (a Account) MarshalText() ([]byte, error) { return fmt.Append(nil, a), nil }

// LogValue is the account without its password.
func (a Account) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(a)) }

// standing is what a caller's credential was found to be.
type standing int

const (
	anonymous standing = iota
	known
	wrong
	expired
)

// account is an Account that can be kept: the password is a keyed hash.
type account struct {
	mac        []byte
	pull, push []string
	expires    time.Time
}

// ledger knows the accounts and what anonymous callers may do.
type ledger struct {
	key []byte

	mu         sync.RWMutex
	accounts   map[string]account
	former     map[string][]account // earlier passwords of a user that ended, or will end, by themselves
	public     []string
	publicPush bool
}

func newLedger(public []string, publicPush bool) *ledger {
	return &ledger{key: randomKey(), accounts: map[string]account{}, former: map[string][]account{}, public: slices.Clone(public), publicPush: publicPush}
}

func randomKey() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails since Go 1.24: the program would end instead
	return key
}

func (l *ledger) seal(password string) []byte {
	h := hmac.New(sha256.New, l.key)
	h.Write([]byte(password))
	return h.Sum(nil)
}

func (l *ledger) set(a Account) {
	kept := account{mac: l.seal(a.Password), pull: slices.Clone(a.Pull), push: slices.Clone(a.Push), expires: a.Expires}
	l.mu.Lock()
	defer l.mu.Unlock()
	if old, ok := l.accounts[a.User]; ok && !old.expires.IsZero() {
		l.former[a.User] = append(l.former[a.User], old)
	}
	l.accounts[a.User] = kept
}

func (l *ledger) remove(user string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.accounts, user)
	delete(l.former, user)
}

func (l *ledger) setPublic(patterns []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.public = slices.Clone(patterns)
}

// identify judges a user and password. An expired account is told so only when
// its password is right, as a vendor that can tell would.
func (l *ledger) identify(user, password string) standing {
	mac := l.seal(password)
	l.mu.RLock()
	defer l.mu.RUnlock()
	current, ok := l.accounts[user]
	if !ok {
		return wrong
	}
	for _, a := range append([]account{current}, l.former[user]...) {
		switch {
		case subtle.ConstantTimeCompare(a.mac, mac) != 1:
		case !a.expires.IsZero() && !time.Now().Before(a.expires):
			return expired
		default:
			return known
		}
	}
	return wrong
}

// allows reports whether the user (empty: anybody) may act on the repository.
func (l *ledger) allows(user string, act action, repository string) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.publicPush || (act == pull && matchesAny(l.public, repository)) {
		return true
	}
	a, ok := l.accounts[user]
	if !ok {
		return false
	}
	return matchesAny(a.push, repository) || (act == pull && matchesAny(a.pull, repository))
}

func matchesAny(patterns []string, repository string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, repository) })
}

func matches(pattern, repository string) bool {
	if pattern == "*" {
		return true
	}
	if below, ok := strings.CutSuffix(pattern, "/*"); ok {
		return strings.HasPrefix(repository, below+"/")
	}
	ok, err := path.Match(pattern, repository)
	return err == nil && ok
}
