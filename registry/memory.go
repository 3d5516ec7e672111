package registry

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// memory keeps pullfix from locking accounts (S12): what was rejected is not
// asked again for ten minutes, at most three logins of an account are rejected
// within an hour, and logins of one account go one after another until one of
// them is known to be good. It holds keyed hashes, no credential.
type memory struct {
	key []byte
	now func() time.Time

	mu         sync.Mutex
	rejections map[string]rejection     // by credential and host, or repository
	accepted   map[string]time.Time     // by credential and host, until when
	rejectedAt map[string][]time.Time   // by account
	busy       map[string]chan struct{} // by account, closed when free
}

type rejection struct {
	answer runbook.Answer
	until  time.Time
}

const (
	rememberFor    = 10 * time.Minute
	capWindow      = time.Hour
	mostRejected   = 3    // logins of an account within the window
	mostRemembered = 4096 // entries of each map
)

func newMemory(key []byte, now func() time.Time) *memory {
	return &memory{
		key: key, now: now, rejections: map[string]rejection{}, accepted: map[string]time.Time{},
		rejectedAt: map[string][]time.Time{}, busy: map[string]chan struct{}{},
	}
}

func (m *memory) hash(parts ...string) string {
	mac := hmac.New(sha256.New, m.key)
	for _, part := range parts {
		// The length keeps the parts apart. A hash never fails.
		_, _ = fmt.Fprintf(mac, "%d:", len(part))
		_, _ = io.WriteString(mac, part)
	}
	return string(mac.Sum(nil))
}

func (m *memory) credentialKey(host string, c keyring.Credential) string {
	return m.hash(host, c.User, c.Password.Reveal())
}

// attempt is one probe's view of what is remembered of its login.
type attempt struct {
	memory                      *memory
	account, everywhere, narrow string // keys
	open                        chan struct{}
}

func (m *memory) attempt(t target, c keyring.Credential) *attempt {
	everywhere := m.credentialKey(t.host, c)
	return &attempt{
		memory: m, account: m.hash("account", t.host, c.User),
		everywhere: everywhere, narrow: m.hash(everywhere, t.repository),
	}
}

// enter waits until no other login of the account is on its way, unless this
// one is known to be good. leave has to follow.
func (a *attempt) enter(ctx context.Context) error {
	for {
		wait := a.claim()
		if wait == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wait:
		}
	}
}

// claim takes the account, or returns what to wait for.
func (a *attempt) claim() <-chan struct{} {
	m := a.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if a.open != nil || m.now().Before(m.accepted[a.everywhere]) {
		return nil
	}
	if taken, ok := m.busy[a.account]; ok {
		return taken
	}
	a.open = make(chan struct{})
	m.busy[a.account] = a.open
	return nil
}

// leave lets the next login of the account go, after what came of this one is
// known.
func (a *attempt) leave() {
	m := a.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if a.open != nil {
		delete(m.busy, a.account)
		close(a.open)
		a.open = nil
	}
}

// remembered returns a rejection of the last ten minutes.
func (a *attempt) remembered() (runbook.Answer, bool) {
	m := a.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range []string{a.everywhere, a.narrow} {
		if r, ok := m.rejections[key]; ok && m.now().Before(r.until) {
			answer := ownCopy(r.answer)
			answer.Remembered, answer.Trips = true, 0
			return answer, true
		}
	}
	return runbook.Answer{}, false
}

// mayTry tells whether the account has had less than three rejections within
// the last hour.
func (a *attempt) mayTry() bool {
	m := a.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(a.recent()) < mostRejected
}

// rejected counts one rejected login.
func (a *attempt) rejected() {
	m := a.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	trim(m.rejectedAt, func(times []time.Time) bool { return m.now().Sub(times[len(times)-1]) >= capWindow })
	m.rejectedAt[a.account] = append(a.recent(), m.now())
}

// pardoned takes back the newest rejection: the login was good after all.
func (a *attempt) pardoned() {
	m := a.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if times := m.rejectedAt[a.account]; len(times) > 1 {
		m.rejectedAt[a.account] = times[:len(times)-1]
	} else {
		delete(m.rejectedAt, a.account)
	}
}

// recent are the rejections within the window; the lock is held.
func (a *attempt) recent() []time.Time {
	times := a.memory.rejectedAt[a.account]
	for len(times) > 0 && a.memory.now().Sub(times[0]) >= capWindow {
		times = times[1:]
	}
	return times
}

// conclude remembers what came out; everywhere says that a rejection holds for
// all repositories of the host.
func (a *attempt) conclude(answer runbook.Answer, everywhere bool) {
	if answer.Remembered {
		return
	}
	m := a.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	switch answer.Login {
	case runbook.TestAccepted:
		trim(m.accepted, func(until time.Time) bool { return !now.Before(until) })
		m.accepted[a.everywhere] = now.Add(rememberFor)
	case runbook.TestRejected:
		delete(m.accepted, a.everywhere)
		trim(m.rejections, func(r rejection) bool { return !now.Before(r.until) })
		key := a.narrow
		if everywhere {
			key = a.everywhere
		}
		m.rejections[key] = rejection{answer: ownCopy(answer), until: now.Add(rememberFor)}
	}
}

// trim makes room in a full map: first of what is over, then of anything.
func trim[V any](entries map[string]V, over func(V) bool) {
	if len(entries) < mostRemembered {
		return
	}
	for key, value := range entries {
		if over(value) {
			delete(entries, key)
		}
	}
	for key := range entries {
		if len(entries) < mostRemembered {
			return
		}
		delete(entries, key)
	}
}
