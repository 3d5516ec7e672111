package cluster

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// authorize answers a registry's challenge.
func (s *session) authorize(ctx context.Context, challenges []string) error {
	for _, challenge := range challenges {
		scheme, rest, _ := strings.Cut(challenge, " ")
		switch strings.ToLower(scheme) {
		case "bearer":
			token, err := s.token(ctx, parameters(rest))
			if err != nil {
				return fmt.Errorf("failed to authorize: %w", err)
			}
			s.header = "Bearer " + token
			return nil
		case "basic":
			if s.credential == nil {
				return fmt.Errorf("%s: authorization failed: no basic auth credentials", accessDenied)
			}
			s.header = s.basic()
			return nil
		}
	}
	return errors.New(accessDenied + ": authorization failed")
}

func (s *session) basic() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(s.credential.Username+":"+s.credential.Reveal()))
}

// parameters reads k="v",k="v"; what is no pair is passed over.
func parameters(text string) map[string]string {
	out := map[string]string{}
	for text != "" {
		name, rest, ok := strings.Cut(text, "=")
		if !ok {
			return out
		}
		name = strings.ToLower(strings.Trim(name, ", "))
		if quoted, found := strings.CutPrefix(rest, `"`); found {
			out[name], text, _ = strings.Cut(quoted, `"`)
			continue
		}
		out[name], text, _ = strings.Cut(rest, ",")
	}
	return out
}

// token asks the realm: with a login by POST and, where that is not known, by
// GET; without one by GET.
func (s *session) token(ctx context.Context, p map[string]string) (string, error) {
	scope := p["scope"]
	if scope == "" {
		scope = s.scope
	}
	query := url.Values{"scope": {scope}}
	if p["service"] != "" {
		query.Set("service", p["service"])
	}
	if s.credential == nil {
		token, _, err := s.grant(ctx, grant{method: http.MethodGet, realm: p["realm"], query: query})
		if err != nil {
			return "", fmt.Errorf("failed to fetch anonymous token: %w", err)
		}
		return token, nil
	}
	form := url.Values{
		"grant_type": {"password"}, "client_id": {"containerd-client"}, "scope": {scope},
		"username": {s.credential.Username}, "password": {s.credential.Reveal()},
	}
	if p["service"] != "" {
		form.Set("service", p["service"])
	}
	token, status, err := s.grant(ctx, grant{method: http.MethodPost, realm: p["realm"], query: form})
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed:
		token, _, err = s.grant(ctx, grant{method: http.MethodGet, realm: p["realm"], query: query, login: true})
	}
	if err != nil {
		return "", fmt.Errorf("failed to fetch oauth token: %w", err)
	}
	return token, nil
}

// grant is one request for a token.
type grant struct {
	method, realm string
	query         url.Values
	login         bool // sends the login as Basic
}

func (s *session) grant(ctx context.Context, g grant) (string, int, error) {
	at, body := g.realm, io.Reader(nil)
	if g.method == http.MethodGet {
		at += "?" + g.query.Encode()
	} else {
		body = strings.NewReader(g.query.Encode())
	}
	request, err := http.NewRequestWithContext(ctx, g.method, at, body)
	if err != nil {
		return "", 0, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	if g.login {
		request.Header.Set("Authorization", s.basic())
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode/100 != 2 {
		return "", answer.StatusCode, unexpected(g.method, at, answer)
	}
	var granted struct {
		Token       string
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxManifest)).Decode(&granted); err != nil {
		return "", answer.StatusCode, fmt.Errorf("unable to decode token response: %w", err)
	}
	if granted.Token == "" {
		granted.Token = granted.AccessToken
	}
	return granted.Token, answer.StatusCode, nil
}
