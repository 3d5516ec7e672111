//go:build e2e && linux

package e2e

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// secretFor is a scenario with one secret of one entry, for an image behind a
// Basic login; {host} in the key is the registry's.
func secretFor(name, key string, e entry, w want) scenario {
	return scenario{
		name: name,
		set: func(s *stage) string {
			s.secret("regcred", map[string]entry{strings.ReplaceAll(key, "{host}", s.Private.Host): e})
			return s.privatePod("regcred")
		},
		want: w,
	}
}

// credentialScenarios are those in which the registry does not take what the
// kubelet sends.
func credentialScenarios() []scenario {
	return []scenario{
		secretFor("wrong-password-basic", "{host}", login(robot, wrongSecret),
			want{cause: "AuthRejected", remedy: "UpdateSecret", vantage: "credential"}),
		{
			name: "wrong-password-bearer",
			set:  func(s *stage) string { return s.tokenPod(robot, wrongSecret) },
			want: want{cause: "AuthRejected", remedy: "UpdateSecret", vantage: "credential"},
		},
		{
			name: "expired-token-bearer",
			set:  func(s *stage) string { return s.tokenPod("oauth2", jwt(time.Now().Add(-time.Hour))) },
			want: want{cause: "AuthExpired", remedy: "UpdateSecret", vantage: "credential"},
		},
		{
			name: "expired-and-the-registry-says-so",
			set: func(s *stage) string {
				s.secret("regcred", map[string]entry{s.ecr.Host: login(stale, robotSecret)})
				s.pod(s.push(s.ecr, "v1")+":v1", "regcred")
				return "web"
			},
			want: want{cause: "AuthExpired", remedy: "UpdateSecret", vantage: "credential"},
		},
		{
			name: "authenticated-but-forbidden",
			set:  func(s *stage) string { return s.tokenPod(limited, robotSecret) },
			want: want{cause: "PermissionDenied", remedy: "UpdateSecret|Escalate", vantage: "credential"},
		},
		{
			name: "stale-first-secret-good-second-missing-tag",
			set: func(s *stage) string {
				s.secret("a-stale", map[string]entry{s.Private.Host: login(robot, wrongSecret)})
				s.secret("b-good", map[string]entry{s.Private.Host: login(robot, robotSecret)})
				s.pod(s.push(s.Private, "v1.0.0")+":v1.0.1", "a-stale", "b-good")
				return "web"
			},
			want: want{cause: "TagNotFound", remedy: "FixImage", suggestion: "v1.0.0"},
		},
		{
			name: "stale-first-secret-good-second",
			set: func(s *stage) string {
				s.secret("a-stale", map[string]entry{s.Private.Host: login(robot, wrongSecret)})
				s.secret("b-good", map[string]entry{s.Private.Host: login(robot, robotSecret)})
				return s.privatePod("a-stale", "b-good")
			},
			until: running,
			want:  want{cause: "None"},
		},
		{
			name: "stale-secret-and-public-image",
			set: func(s *stage) string {
				s.secret("regcred", map[string]entry{s.Token.Host: login(robot, wrongSecret)})
				s.pod(s.pushTo(s.Token, "public/stale-secret", "v1")+":v1", "regcred")
				return "web"
			},
			want: want{cause: "AuthRejected", remedy: "UpdateSecret", vantage: "credential"},
		},
	}
}

// tokenPod makes a pod of an image that is there, behind a Bearer login with
// this credential.
func (s *stage) tokenPod(user, password string) string {
	s.t.Helper()
	s.secret("regcred", map[string]entry{s.Token.Host: login(user, password)})
	s.pod(s.push(s.Token, "v1")+":v1", "regcred")
	return "web"
}

// jwt is a password of the kind that tells when it ends.
func jwt(expires time.Time) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." +
		encode(fmt.Appendf(nil, `{"exp":%d,"sub":"robot"}`, expires.Unix())) + "." + encode([]byte("signature"))
}
