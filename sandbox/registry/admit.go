package registry

import (
	"net/http"
	"strings"
)

// caller is who stands behind a request, as far as it proved that.
type caller struct {
	standing standing
	user     string
	// sent says that some Authorization came along.
	sent bool
	// token says that a good Bearer token came along, access what it opens.
	token  bool
	access []grant
	// badToken says that the Bearer token was altered, foreign or expired.
	badToken bool
}

// situation is the refusal that fits a caller who is not let in.
func (c caller) situation() situation {
	switch c.standing {
	case wrong:
		return wrongCredential
	case expired:
		return expiredCredential
	case known:
		return noPermission
	default:
		return noCredential
	}
}

func (r *Registry) caller(req *http.Request) caller {
	header := req.Header.Get("Authorization")
	c := caller{sent: header != ""}
	if r.options.Auth == AuthNone || header == "" {
		return c
	}
	user, password, basic := req.BasicAuth()
	if basic && (r.options.Auth == AuthBasic || r.manners.basicToo) {
		c.user, c.standing = user, r.ledger.identify(user, password)
		return c
	}
	scheme, raw, _ := strings.Cut(header, " ")
	if r.options.Auth != AuthBearer || !strings.EqualFold(scheme, "Bearer") {
		if r.options.Auth == AuthBasic {
			c.standing = wrong
		}
		return c
	}
	claims, err := r.mint.read(raw)
	if err != nil {
		c.standing, c.badToken = wrong, true
		return c
	}
	c.token, c.access, c.user = true, claims.Access, claims.Subject
	if c.user != "" {
		c.standing = known
	}
	return c
}

// admit decides whether the caller may do what the request asks, before
// anybody looks whether the thing exists.
func (r *Registry) admit(c caller, t target) (situation, bool) {
	if c.standing == wrong || c.standing == expired {
		return c.situation(), false
	}
	if r.permits(c, t) {
		return 0, true
	}
	if r.manners.hides == hidesProjects && c.sent && !r.store.hasProject(t.repository) {
		return missingProject, false
	}
	return c.situation(), false
}

func (r *Registry) permits(c caller, t target) bool {
	if t.endpoint == Catalog {
		t.repository = catalogName
	}
	switch {
	case r.options.Auth == AuthNone:
		return t.action == pull || r.ledger.allows("", push, t.repository)
	case c.token:
		return opens(c.access, t.repository, t.action)
	case r.options.Auth == AuthBearer && c.standing == anonymous:
		return false // even what is public asks for an anonymous token first
	default:
		return r.entitled(c.user, t.action, t.repository)
	}
}

// entitled is the one rule behind Basic requests and token grants: the right
// itself, and for vendors that hide what is missing also that it exists. Who
// may push is the owner, and owners are told the truth.
func (r *Registry) entitled(user string, act action, repository string) bool {
	if !r.ledger.allows(user, act, repository) {
		return false
	}
	if act == push || repository == catalogName || r.ledger.allows(user, push, repository) {
		return true
	}
	switch r.manners.hides {
	case hidesRepositories:
		return r.store.hasRepository(repository)
	case hidesProjects:
		return r.store.hasProject(repository)
	default:
		return true
	}
}
