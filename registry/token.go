package registry

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
)

// authorize does what a 401 asks for. It returns false when that settles the
// answer.
func (s *session) authorize(ctx context.Context, head reply) bool {
	challenges := parseChallenges(head.header)
	if c, ok := find(challenges, "bearer"); ok {
		return s.bearer(ctx, c)
	}
	_, basic := find(challenges, "basic")
	if !basic && s.credential != nil {
		s.say(cause.UnexpectedRegistryResponse, head)
		s.answer.Detail = "401 without a Basic or Bearer challenge, so no login can be sent"
		return false
	}
	if !basic || s.credential == nil {
		s.judgeReason(ctx, head)
		return false
	}
	if !strings.EqualFold(head.from.Host, s.base.Host) {
		s.foreign = head.from.Host
		return false
	}
	if !s.mayTry(ctx) {
		return false
	}
	s.authorization = basicHeader(s.credential.User, s.credential.Password.Reveal())
	return true
}

func basicHeader(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// bearer gets a token as the challenge says.
func (s *session) bearer(ctx context.Context, c challenge) bool {
	realm, err := url.Parse(c.params["realm"])
	if err != nil || realm.Hostname() == "" || (realm.Scheme != "https" && realm.Scheme != "http") {
		s.answer.Result, s.answer.Status = cause.UnexpectedRegistryResponse, http.StatusUnauthorized
		s.answer.Detail = s.quote("the registry names no usable token server: " + c.params["realm"])
		return false
	}
	realm.User, realm.Fragment = nil, ""
	s.realm, s.service = realm, c.params["service"]
	if s.credential != nil && !s.mayReceive(realm) {
		s.foreign = realm.Host
	}
	if s.credential != nil && s.foreign == "" && !s.mayTry(ctx) {
		return false
	}
	r, err := s.askToken(ctx, s.scopes(c.params["scope"]))
	if err != nil {
		s.failed(err)
		return false
	}
	if r.ok() {
		return s.takeToken(r)
	}
	s.tokenRefused(ctx, r)
	return false
}

// mayReceive tells whether a token server may be sent the login of this probe.
func (s *session) mayReceive(realm *url.URL) bool {
	if s.question.Configured {
		return s.prober.pinned(s.base, realm)
	}
	return s.prober.mayReceive(s.base, realm)
}

// scopes are what the token is asked for: to pull this repository, and what the
// challenge adds if it is no more than pulling. A registry could otherwise make
// a login open more than the pull needs.
func (s *session) scopes(asked string) []string {
	scopes := []string{s.target.scope()}
	for scope := range strings.FieldsSeq(asked) {
		harmless := !strings.Contains(scope, ":") || strings.HasSuffix(scope, ":pull")
		if harmless && !slices.Contains(scopes, scope) && len(scopes) < mostChallenges {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// askToken asks by GET, and by POST where the token server does not know GET.
func (s *session) askToken(ctx context.Context, scopes []string) (reply, error) {
	if s.byForm {
		return s.postToken(ctx, scopes)
	}
	to := *s.realm
	query := to.Query()
	if s.service != "" {
		query.Set("service", s.service)
	}
	for _, scope := range scopes {
		query.Add("scope", scope)
	}
	to.RawQuery = query.Encode()
	req := request{method: http.MethodGet, url: &to, limit: mostTokenBody}
	if s.credential != nil && s.foreign == "" {
		req.authorization = basicHeader(s.credential.User, s.credential.Password.Reveal())
	}
	r, err := s.send(ctx, req)
	if err != nil || s.credential == nil || s.foreign != "" {
		return r, err
	}
	switch r.status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed:
		s.byForm = true
		return s.postToken(ctx, scopes)
	}
	return r, nil
}

// postToken is the OAuth2 form of the token request, as containerd sends it.
func (s *session) postToken(ctx context.Context, scopes []string) (reply, error) {
	form := url.Values{
		"grant_type": {"password"}, "client_id": {"pullfix"}, "service": {s.service},
		"username": {s.credential.User}, "password": {s.credential.Password.Reveal()},
	}
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	return s.send(ctx, request{method: http.MethodPost, url: s.realm, form: form, limit: mostTokenBody})
}

// takeToken keeps the token for the registry.
func (s *session) takeToken(r reply) bool {
	var given struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	err := json.Unmarshal(r.body, &given)
	if given.Token == "" {
		given.Token = given.AccessToken
	}
	if err != nil || given.Token == "" || strings.ContainsFunc(given.Token, unprintable) {
		s.say(cause.UnexpectedRegistryResponse, r)
		s.answer.Detail = s.quote("the token server " + s.realm.Host + " answered without a token")
		return false
	}
	s.secrets = append(s.secrets, given.Token)
	s.claims = readClaims(given.Token)
	s.authorization = "Bearer " + given.Token
	return true
}

func unprintable(r rune) bool { return r <= ' ' || r >= 0x7f }

// tokenClaims is what a token says of itself, unverified: it only tells a
// refusal's reason, never that something is allowed. Source: the distribution
// project's token authentication specification.
type tokenClaims struct {
	Subject string `json:"sub"`
	Access  []struct {
		Type    string   `json:"type"`
		Name    string   `json:"name"`
		Actions []string `json:"actions"`
	} `json:"access"`
}

// readClaims returns nil for a token that is no JSON Web Token.
func readClaims(token string) *tokenClaims {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	body, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return nil
	}
	claims := &tokenClaims{}
	if json.Unmarshal(body, claims) != nil {
		return nil
	}
	return claims
}

// grants tells whether the token says that it opens the repository for pulls.
func (c *tokenClaims) grants(repository string) bool {
	for _, a := range c.Access {
		if a.Name == repository && (slices.Contains(a.Actions, "pull") || slices.Contains(a.Actions, "*")) {
			return true
		}
	}
	return false
}
