//go:build e2e && linux

package e2e

import (
	"encoding/base64"

	corev1 "k8s.io/api/core/v1"
)

// secretScenarios are those in which the kubelet has nothing good to send: the
// secret is missing, not listed, or not for this image.
func secretScenarios() []scenario {
	return []scenario{
		{
			name: "no-secret",
			set:  func(s *stage) string { return s.privatePod() },
			want: want{cause: "AuthMissing", remedy: "CreateSecret", vantage: "credential"},
		},
		{
			name: "no-secret-bearer",
			set: func(s *stage) string {
				s.pod(s.push(s.Token, "v1") + ":v1")
				return "web"
			},
			want: want{cause: "AuthMissing", remedy: "CreateSecret", vantage: "credential"},
		},
		{
			name: "secret-named-but-absent",
			set:  func(s *stage) string { return s.privatePod("regcred") },
			want: want{cause: "PullSecretMissing", remedy: "CreateSecret"},
		},
		{
			name: "good-secret-not-attached",
			set: func(s *stage) string {
				s.secret("regcred", map[string]entry{s.Private.Host: login(robot, robotSecret)})
				return s.privatePod()
			},
			want: want{cause: "PullSecretNotAttached", remedy: "AttachSecret"},
		},
		{
			name: "account-patched-after-the-pod",
			set: func(s *stage) string {
				s.secret("regcred", map[string]entry{s.Private.Host: login(robot, robotSecret)})
				s.deployment(s.push(s.Private, "v1")+":v1", 1)
				return "deployment/web"
			},
			then: func(s *stage) { s.accountSecrets("regcred") },
			want: want{cause: "PullSecretNotAttached", remedy: "DeletePods"},
		},
		{
			name: "account-has-the-good-secret-the-pod-a-stale-one",
			set: func(s *stage) string {
				s.secret("regcred", map[string]entry{s.Private.Host: login(robot, robotSecret)})
				s.secret("own", map[string]entry{s.Private.Host: login(robot, wrongSecret)})
				s.accountSecrets("regcred")
				s.deployment(s.push(s.Private, "v1")+":v1", 1, "own")
				return "deployment/web"
			},
			want: want{cause: "PullSecretNotAttached", remedy: "AttachSecret"},
		},
		{
			name: "type-opaque",
			set: func(s *stage) string {
				s.secretOfType("regcred", corev1.SecretTypeOpaque, map[string]entry{s.Private.Host: login(robot, robotSecret)})
				return s.privatePod("regcred")
			},
			want: want{cause: "PullSecretWrongType", remedy: "CreateSecret"},
		},
		secretFor("wrong-host", "registry.example.com", login(robot, robotSecret),
			want{cause: "PullSecretWrongHost", remedy: "UpdateSecret"}),
		secretFor("key-with-port-443", "127.0.0.1:443", login(robot, robotSecret),
			want{cause: "PullSecretWrongHost", remedy: "UpdateSecret"}),
		secretFor("key-v2-without-slash", "https://{host}/v2", login(robot, robotSecret),
			want{cause: "PullSecretWrongHost", remedy: "UpdateSecret"}),
		secretFor("malformed-base64", "{host}", entry{"auth": "not*base64"},
			want{cause: "PullSecretMalformed", remedy: "UpdateSecret"}),
		secretFor("trailing-newline", "{host}", entry{"auth": base64.StdEncoding.EncodeToString([]byte(robot + ":" + robotSecret + "\n"))},
			want{cause: "AuthRejected", remedy: "UpdateSecret"}),
		secretFor("identity-token-only", "{host}", entry{"identitytoken": "eyJhbGciOiJub25lIn0.e30.c2ln"},
			want{cause: "AuthMissing", remedy: "UpdateSecret"}),
	}
}

// privatePod makes a pod of an image that is there, behind a Basic login.
func (s *stage) privatePod(secrets ...string) string {
	s.t.Helper()
	s.pod(s.push(s.Private, "v1")+":v1", secrets...)
	return "web"
}
