//go:build e2e && linux

package e2e

// healthyScenarios are those in which pulling works, whatever else does not.
func healthyScenarios() []scenario {
	return []scenario{
		{
			name: "healthy",
			set: func(s *stage) string {
				s.secret("regcred", map[string]entry{s.Private.Host: login(robot, robotSecret)})
				return s.privatePod("regcred")
			},
			until: running,
			want:  want{cause: "None"},
		},
		{
			name: "crashing",
			set: func(s *stage) string {
				s.pod(s.Public.Image("crash:v1"))
				return "web"
			},
			until: crashing,
			want:  want{cause: "None", remedy: "SeeOtherRunbook"},
		},
		{
			name: "unscheduled",
			set: func(s *stage) string {
				spec := podSpec(s.push(s.Public, "v1") + ":v1")
				spec.NodeSelector = map[string]string{"disk": "gold"}
				s.podOf(spec)
				return "web"
			},
			until: unscheduled,
			want:  want{cause: "None", remedy: "SeeOtherRunbook"},
		},
	}
}
