package cluster

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Anonymous is the user of requests without a token.
const Anonymous = "system:anonymous"

// Admin is the user that exists from the start; it may do everything until a
// rule forbids it something.
const Admin = "admin"

// Rule names requests; an empty field means any. Resource is the plural, with
// "/subresource" where one is meant. A rule with a Name covers requests for
// that one object, and lists only when their field selector is
// metadata.name=NAME, as RBAC's resourceNames do.
type Rule struct {
	Verb, Resource, Namespace, Name string
}

func (r Rule) covers(a access) bool {
	resource := a.resource
	if a.subresource != "" {
		resource += "/" + a.subresource
	}
	return is(r.Verb, a.verb) && is(r.Resource, resource) && is(r.Namespace, a.namespace) && is(r.Name, a.name)
}

func is(pattern, value string) bool { return pattern == "" || pattern == "*" || pattern == value }

// access is what a request wants to do, as authorization sees it.
type access struct {
	user                                                string
	verb, group, resource, subresource, namespace, name string
	path                                                string // of requests for no resource
}

// User is someone with a bearer token.
type User struct {
	Name  string
	Token string
	// Allow lists everything that the user may do; nil allows all.
	Allow []Rule
}

type gate struct {
	mu     sync.Mutex
	users  map[string]User // by token
	denied map[string][]Rule
}

func newGate() *gate {
	return &gate{
		users:  map[string]User{"admin-token": {Name: Admin, Token: "admin-token"}},
		denied: map[string][]Rule{},
	}
}

// AddUser makes a user known by its token.
func (c *Cluster) AddUser(u User) {
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	c.gate.users[u.Token] = u
}

// Forbid takes the rule's requests away from a user, whatever it is allowed.
func (c *Cluster) Forbid(user string, rule Rule) {
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	c.gate.denied[user] = append(c.gate.denied[user], rule)
}

// Permit lifts what Forbid forbade the user.
func (c *Cluster) Permit(user string) {
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	delete(c.gate.denied, user)
}

// authenticate names the user of a request. A token that is not known is an
// error, none at all is the anonymous user.
func (g *gate) authenticate(r *http.Request) (string, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return Anonymous, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	token, _ := strings.CutPrefix(header, "Bearer ")
	u, known := g.users[token]
	as := r.Header.Get("Impersonate-User")
	switch {
	case !known:
		return "", apierrors.NewUnauthorized("Unauthorized")
	case as == "":
		return u.Name, nil
	case u.Name == Admin:
		return as, nil
	}
	return "", forbidden(access{user: u.Name, verb: "impersonate", resource: "users", name: as})
}

func (g *gate) user(name string) (User, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, u := range g.users {
		if u.Name == name {
			return u, true
		}
	}
	return User{}, false
}

func (g *gate) allowed(a access) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	covers := func(r Rule) bool { return r.covers(a) }
	if slices.ContainsFunc(g.denied[a.user], covers) {
		return false
	}
	if a.resource == "" {
		return a.user != Anonymous || public(a.path)
	}
	for _, u := range g.users {
		if u.Name == a.user {
			return u.Allow == nil || slices.ContainsFunc(u.Allow, covers) || a.resource == "selfsubjectaccessreviews"
		}
	}
	return false
}

// public are the paths that the role system:public-info-viewer opens to all.
func public(path string) bool {
	return slices.Contains([]string{"/healthz", "/livez", "/readyz", "/version", "/version/"}, path)
}

// forbidden is the error in the words of the real server's authorizer.
func forbidden(a access) error {
	if a.resource == "" {
		return apierrors.NewForbidden(schema.GroupResource{}, "",
			fmt.Errorf("User %q cannot %s path %q", a.user, a.verb, a.path)) //nolint:staticcheck // the server's words
	}
	resource := a.resource
	if a.subresource != "" {
		resource += "/" + a.subresource
	}
	scope := "at the cluster scope"
	if a.namespace != "" {
		scope = fmt.Sprintf("in the namespace %q", a.namespace)
	}
	return apierrors.NewForbidden(schema.GroupResource{Group: a.group, Resource: a.resource}, a.name,
		fmt.Errorf("User %q cannot %s resource %q in API group %q %s", //nolint:staticcheck // the server's words
			a.user, a.verb, resource, a.group, scope))
}
