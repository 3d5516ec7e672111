// Package registry is an OCI registry to live in while no real one may be
// asked: it stores what is pushed, knows accounts and their rights, speaks the
// Basic and the Bearer flow, refuses in the words of nine vendors, and breaks
// on request in all the ways that registries break.
//
// The store is go-containerregistry's in-memory registry. Everything in front
// of it, who may do what and how a refusal sounds, is ours. A [Registry] is an
// [http.Handler]: tests mount it in process through [Registry.RoundTripper],
// real nodes reach it over loopback through [Registry.Serve].
package registry

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// Auth says how a caller proves who it is.
type Auth int

const (
	// AuthNone lets everybody pull; credentials that are sent are ignored.
	AuthNone Auth = iota
	// AuthBasic takes user and password with each request.
	AuthBasic
	// AuthBearer sends callers to a token server first.
	AuthBearer
)

// Options describe a registry. The zero value is a registry that everybody may
// pull from and nobody may push to, except through [Registry.Push].
type Options struct {
	// Auth is the way of proving who one is.
	Auth Auth
	// Style is the vendor whose refusals are spoken; empty means Distribution.
	Style Style
	// Accounts may be changed later with SetAccount and RemoveAccount.
	Accounts []Account
	// Public lists the repository patterns that anonymous callers may pull.
	Public []string
	// PublicPush lets anonymous callers push, and pull, everything.
	PublicPush bool
	// Realm is the token server named in Bearer challenges. Empty means /token
	// on whatever host and port the caller reached this registry by.
	Realm string
	// Service is the service named in challenges; empty means the style's own.
	Service string
	// TokenLife is how long a token is good for; zero means five minutes.
	TokenLife time.Duration
	// Limit bounds pulls as Docker Hub does. The Docker Hub style has Hub's
	// limits unless told otherwise, the others have none.
	Limit PullLimit
	// PullThrough lists repository patterns that are served as by a cache of
	// another registry: whatever goes wrong upstream (a fault, a missing
	// repository) reaches the caller as a missing manifest.
	PullThrough []string
	// MaxUpload bounds one request body in bytes; zero means 256 MiB.
	MaxUpload int64
}

const (
	defaultTokenLife = 5 * time.Minute
	defaultMaxUpload = 256 << 20
)

// Registry is a registry in memory. It is safe for concurrent use, and all of
// its settings may change while it serves.
type Registry struct {
	options Options
	manners manners
	store   *store
	ledger  *ledger
	mint    *mint
	faults  *faults
	limiter *limiter
	journal *journal

	mu    sync.RWMutex
	realm string
}

// New makes an empty registry.
func New(o Options) *Registry {
	if o.TokenLife <= 0 {
		o.TokenLife = defaultTokenLife
	}
	if o.MaxUpload <= 0 {
		o.MaxUpload = defaultMaxUpload
	}
	m := o.Style.manners()
	if o.Service == "" {
		o.Service = m.service
	}
	if o.Limit == (PullLimit{}) {
		o.Limit = m.limit
	}
	r := &Registry{
		options: o,
		manners: m,
		store:   newStore(),
		ledger:  newLedger(o.Public, o.PublicPush),
		mint:    newMint(),
		faults:  &faults{},
		limiter: newLimiter(o.Limit),
		journal: &journal{},
		realm:   o.Realm,
	}
	for _, a := range o.Accounts {
		r.ledger.set(a)
	}
	// The account list is in the ledger now, without passwords.
	r.options.Accounts = nil
	return r
}

// SetRealm changes the token server that Bearer challenges name; empty means
// this registry's own. Attack tests point it at foreign and internal hosts.
func (r *Registry) SetRealm(realm string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.realm = realm
}

// SetAccount adds the account, or replaces the one of the same user. A password
// that ends by itself, as the tokens of ECR, stays good until then.
func (r *Registry) SetAccount(a Account) { r.ledger.set(a) }

// RemoveAccount forgets the user. Tokens already handed out stay good until
// they expire, as they do everywhere.
func (r *Registry) RemoveAccount(user string) { r.ledger.remove(user) }

// SetPublic replaces the repository patterns that anonymous callers may pull.
func (r *Registry) SetPublic(patterns ...string) { r.ledger.setPublic(patterns) }

// SetLimit replaces the pull limit and forgets what was counted.
func (r *Registry) SetLimit(l PullLimit) { r.limiter.set(l) }

// ServeHTTP answers one request: it is recorded, then meets the fault injected
// for it if there is one, then is judged and served.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	t := parseTarget(req)
	watched := r.journal.begin(w, req, t, r.mint)
	watched.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	serve := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.serve(w, req, t) })
	if r.cached(t) {
		// What breaks behind a cache breaks after the cache let the caller in.
		serve.ServeHTTP(watched, req)
		return
	}
	r.faults.serve(call{w: watched, req: req, next: serve, target: t, manners: r.manners})
}

func (r *Registry) serve(w http.ResponseWriter, req *http.Request, t target) {
	switch t.endpoint {
	case Token:
		r.serveToken(w, req)
	case Unknown:
		writeError(w, http.StatusNotFound, "UNSUPPORTED", "404 page not found")
	case Base:
		r.serveBase(w, req)
	default:
		r.serveContent(w, req, t)
	}
}

func (r *Registry) serveBase(w http.ResponseWriter, req *http.Request) {
	c := r.caller(req)
	if r.options.Auth != AuthNone && c.standing != known && !c.token {
		r.refuse(w, req, refusal{situation: c.situation(), caller: c})
		return
	}
	writeJSON(w, http.StatusOK, struct{}{})
}

func (r *Registry) serveContent(w http.ResponseWriter, req *http.Request, t target) {
	c := r.caller(req)
	if s, ok := r.admit(c, t); !ok {
		r.refuse(w, req, refusal{situation: s, target: t, caller: c})
		return
	}
	content := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.content(w, req, t, c) })
	if !r.cached(t) {
		content.ServeHTTP(w, req)
		return
	}
	masked := &mask{ResponseWriter: w, refuse: func() {
		r.refuse(w, req, refusal{situation: missingTag, target: t, caller: c})
	}}
	r.faults.serve(call{w: masked, req: req, next: content, target: t, manners: r.manners})
}

// cached reports whether the target belongs to a pull-through cache.
func (r *Registry) cached(t target) bool {
	return t.repository != "" && t.action == pull && matchesAny(r.options.PullThrough, t.repository)
}

// realmURL is the token server's address as the caller of req can reach it.
func (r *Registry) realmURL(req *http.Request) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.realm != "" {
		return r.realm
	}
	scheme := "http"
	if req.TLS != nil {
		scheme = "https"
	}
	// A quote in a Host header would end the challenge's parameter early.
	return scheme + "://" + strings.ReplaceAll(req.Host, `"`, "") + tokenPath
}
