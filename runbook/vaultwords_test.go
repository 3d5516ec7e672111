package runbook

import (
	"strings"
	"testing"
	"time"
)

func TestLife(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 8, 30, 3, 20, 0, 0, time.UTC)
	in := func(d time.Duration) *time.Time { end := now.Add(d); return &end }
	tests := map[string]struct {
		expires *time.Time
		host    string
		says    string // the beginning
		advice  string // further on; "" for none
	}{
		"silent":       {nil, "ghcr.io", "The new credential does not say when it ends.", ""},
		"over":         {in(-time.Minute), "ghcr.io", "The new credential has ended already, 03:19 UTC.", ""},
		"ECR":          {in(12 * time.Hour), "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "The new credential is valid until 15:20 UTC, for 12 h.", "ecr-credential-provider"},
		"Google":       {in(55 * time.Minute), "europe-docker.pkg.dev", "The new credential is valid until 04:15 UTC, for 55 min.", "node service account"},
		"Azure":        {in(3 * time.Hour), "acme.azurecr.io", "The new credential is valid until 06:20 UTC, for 3 h.", "--attach-acr"},
		"another day":  {in(24 * time.Hour), "ghcr.io", "The new credential is valid until 2026-08-31 03:20 UTC, for 24 h.", "External Secrets"},
		"three months": {in(90 * 24 * time.Hour), "ghcr.io", "The new credential is valid until 2026-11-28 03:20 UTC, for 90 days.", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Supply{Expires: test.expires}
			said := s.Life(now, test.host)
			if !strings.HasPrefix(said, test.says) || !strings.Contains(said, test.advice) || (test.advice == "" && said != test.says) {
				t.Errorf("says %q", said)
			}
			if short := test.advice != "" || name == "over"; s.Short(now) != short {
				t.Errorf("short: %t", !short)
			}
		})
	}
}
