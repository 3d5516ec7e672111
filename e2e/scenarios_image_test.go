//go:build e2e && linux

package e2e

import (
	corev1 "k8s.io/api/core/v1"
)

// imageScenarios are those in which the image's name or content is at fault.
func imageScenarios() []scenario {
	return []scenario{
		{
			name: "missing-tag",
			set: func(s *stage) string {
				s.pod(s.push(s.Public, "v1.2.3", "v2.0.0", "latest") + ":v1.23")
				return "web"
			},
			want: want{cause: "TagNotFound", remedy: "FixImage", suggestion: "v1.2.3", container: "c", vantage: "image"},
		},
		{
			name: "missing-tag-of-a-deployment",
			set: func(s *stage) string {
				s.deployment(s.push(s.Public, "1.4.2", "1.4.3")+":1.4.22", 2)
				return "deployment/web"
			},
			want: want{cause: "TagNotFound", remedy: "FixImage", suggestion: "1.4.2", workload: "Deployment/web"},
		},
		{
			name: "missing-repository",
			set: func(s *stage) string {
				s.pod(s.Public.Image("missing-repository/nowhere:v1"))
				return "web"
			},
			want: want{cause: "RepositoryNotFound", remedy: "FixImage", vantage: "image"},
		},
		{
			name: "missing-tag-behind-a-login",
			set: func(s *stage) string {
				s.secret("regcred", map[string]entry{s.Token.Host: login(robot, robotSecret)})
				s.pod(s.push(s.Token, "v1")+":v2", "regcred")
				return "web"
			},
			want: want{cause: "TagNotFound", remedy: "FixImage", suggestion: "v1"},
		},
		{
			name: "wrong-architecture",
			set: func(s *stage) string {
				s.pod(s.pushFor(s.Public, "v1", "linux/s390x", "linux/ppc64le"))
				return "web"
			},
			want: want{cause: "PlatformMismatch", remedy: "FixImage", vantage: "image"},
		},
		{
			name: "upper-case-reference",
			set: func(s *stage) string {
				s.pod(s.Public.Image("Team/App:v1"))
				return "web"
			},
			want: want{cause: "InvalidReference", remedy: "FixImage", vantage: "image"},
		},
		{
			name: "policy-never",
			set: func(s *stage) string {
				spec := podSpec(s.push(s.Public, "v1") + ":v1")
				spec.Containers[0].ImagePullPolicy = corev1.PullNever
				s.podOf(spec)
				return "web"
			},
			want: want{cause: "NeverPull", remedy: "FixImage"},
		},
	}
}
