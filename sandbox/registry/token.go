package registry

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// catalogName stands for the list of all repositories in scopes
// (registry:catalog:*). No repository can have it: names have no colon.
const catalogName = "registry:catalog"

// grant is one entry of a token's access claim, as the distribution project's
// token authentication specification has it.
type grant struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

type claims struct {
	Issuer   string  `json:"iss"`
	Subject  string  `json:"sub"`
	Audience string  `json:"aud"`
	Expires  int64   `json:"exp"`
	Before   int64   `json:"nbf"`
	Issued   int64   `json:"iat"`
	Access   []grant `json:"access"`
}

func opens(access []grant, repository string, act action) bool {
	return slices.ContainsFunc(access, func(g grant) bool {
		name := g.Name
		if g.Type == "registry" {
			name = "registry:" + g.Name
		}
		return name == repository && (slices.Contains(g.Actions, string(act)) || slices.Contains(g.Actions, "*"))
	})
}

var errToken = errors.New("token is not ours, altered or expired")

// mint makes and reads tokens: JWTs signed with a key that nobody else has.
type mint struct{ key []byte }

func newMint() *mint { return &mint{key: randomKey()} }

func (m *mint) sign(text string) string {
	h := hmac.New(sha256.New, m.key)
	h.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func (m *mint) issue(c claims) (string, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("writing token claims: %w", err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"HS256"}`)) +
		"." + base64.RawURLEncoding.EncodeToString(body)
	return text + "." + m.sign(text), nil
}

func (m *mint) read(raw string) (claims, error) {
	text, signature, ok := cutLast(raw, ".")
	if !ok || !hmac.Equal([]byte(signature), []byte(m.sign(text))) {
		return claims{}, errToken
	}
	_, payload, _ := strings.Cut(text, ".")
	body, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return claims{}, errToken
	}
	var c claims
	if err := json.Unmarshal(body, &c); err != nil || time.Now().Unix() >= c.Expires {
		return claims{}, errToken
	}
	return c, nil
}

// login is what a token request brought.
type login struct {
	user, password string
	sent           bool
	scopes         []string
}

// serveToken is the token server: GET with Basic, or POST with grant_type
// password, which is what containerd tries first.
func (r *Registry) serveToken(w http.ResponseWriter, req *http.Request) {
	l, ok := readLogin(w, req)
	if !ok {
		return
	}
	c := caller{sent: l.sent}
	if l.sent {
		c.user, c.standing = l.user, r.ledger.identify(l.user, l.password)
	}
	if r.manners.forgivesLogin && c.standing != known && len(l.scopes) > 0 {
		c = caller{} // the failed login goes unmentioned
	}
	rejected := c.standing == wrong || c.standing == expired
	if rejected || (r.manners.forgivesLogin && c.standing != known && len(l.scopes) == 0) {
		r.refuseToken(w, req, refusal{situation: c.situation(), caller: c})
		return
	}
	access := r.grants(c.user, l.scopes)
	if f, refused := r.refusedGrant(c, access); refused {
		r.refuseToken(w, req, f)
		return
	}
	r.writeToken(w, c.user, access)
}

// refusedGrant is for vendors that rather refuse than hand out a token that
// opens nothing.
func (r *Registry) refusedGrant(c caller, access []grant) (refusal, bool) {
	if r.manners.forgivesLogin || len(access) == 0 || len(access[0].Actions) > 0 {
		return refusal{}, false
	}
	f := refusal{situation: c.situation(), caller: c, target: target{repository: access[0].Name, action: pull}}
	_, refuses := r.manners.token[f.situation]
	return f, refuses
}

func readLogin(w http.ResponseWriter, req *http.Request) (login, bool) {
	switch req.Method {
	case http.MethodGet:
		l := login{scopes: req.URL.Query()["scope"]}
		l.user, l.password, l.sent = req.BasicAuth()
		if !l.sent && req.Header.Get("Authorization") != "" {
			l.sent = true // something that is no login is a wrong one
		}
		return l, true
	case http.MethodPost:
		l := login{user: req.PostFormValue("username"), password: req.PostFormValue("password"), sent: true}
		l.scopes = strings.Fields(req.PostFormValue("scope"))
		if req.PostFormValue("grant_type") != "password" {
			writeJSON(w, http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type"})
			return login{}, false
		}
		return l, true
	}
	w.Header().Set("Allow", "GET, POST")
	writeError(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "The operation is unsupported.")
	return login{}, false
}

// grants cuts the asked scopes down to what the user may do. A scope with no
// action left stays, empty, as token servers do it.
func (r *Registry) grants(user string, scopes []string) []grant {
	access := []grant{}
	for scope := range strings.FieldsSeq(strings.Join(scopes, " ")) {
		kind, rest, _ := strings.Cut(scope, ":")
		name, actions, ok := cutLast(rest, ":")
		if !ok {
			continue
		}
		g := grant{Type: kind, Name: name, Actions: []string{}}
		subject := name
		if kind == "registry" {
			subject = "registry:" + name
		}
		for asked := range strings.SplitSeq(actions, ",") {
			if r.entitled(user, needed(kind, asked), subject) {
				g.Actions = append(g.Actions, asked)
			}
		}
		access = append(access, g)
	}
	return access
}

// needed is the right behind an action of a scope: looking is pull, and so is
// all there is to do with the catalog; the rest (push, delete, *) is push.
func needed(kind, asked string) action {
	if asked == string(pull) || kind == "registry" {
		return pull
	}
	return push
}

func (r *Registry) writeToken(w http.ResponseWriter, user string, access []grant) {
	now := time.Now()
	raw, err := r.mint.issue(claims{
		Issuer: "sandbox", Subject: user, Audience: r.options.Service, Access: access,
		Issued: now.Unix(), Before: now.Unix(), Expires: now.Add(r.options.TokenLife).Unix(),
	})
	if err != nil {
		writeError(w, http.StatusInternalServerError, "UNKNOWN", err.Error())
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"token": raw, "access_token": raw,
		"expires_in": int(r.options.TokenLife.Seconds()), "issued_at": now.UTC().Format(time.RFC3339),
	})
}
