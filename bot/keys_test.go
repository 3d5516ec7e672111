package bot

import (
	"slices"
	"testing"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// One credential in many namespaces is one root cause; two credentials are two.
func TestRootCauseKeysAcrossNamespaces(t *testing.T) {
	verdict := func(namespace string, c cause.Cause, fingerprint string) runbook.Verdict {
		return runbook.Verdict{Cluster: "prod", Namespace: namespace, Diagnosis: runbook.Diagnosis{
			Cause: c, Registry: "ghcr.io", Vantage: runbook.VantageCredential,
			Credentials: []runbook.Credential{
				{Used: true, Test: runbook.TestAccepted, Fingerprint: "good"}, {Used: true, Test: runbook.TestRejected, Fingerprint: fingerprint},
			},
		}}
	}
	for _, tc := range []struct {
		name string
		a, b runbook.Verdict
		same bool
	}{
		{"expired tokens", verdict("a", cause.AuthExpired, "1"), verdict("b", cause.AuthExpired, "2"), true},
		{"one rejected credential", verdict("a", cause.AuthRejected, "1"), verdict("b", cause.AuthRejected, "1"), true},
		{"two rejected credentials", verdict("a", cause.AuthRejected, "1"), verdict("a", cause.AuthRejected, "2"), false},
		{"rejected, and not known which", verdict("a", cause.AuthRejected, ""), verdict("b", cause.AuthRejected, ""), false},
		{"a missing secret", verdict("a", cause.PullSecretMissing, "1"), verdict("b", cause.PullSecretMissing, "1"), false},
		{"expired and rejected", verdict("a", cause.AuthExpired, "1"), verdict("a", cause.AuthRejected, "1"), false},
	} {
		if same := slices.Equal(rootCauseKeys(tc.a), rootCauseKeys(tc.b)); same != tc.same {
			t.Errorf("%s: the same key: %v, want %v (%v, %v)", tc.name, same, tc.same, rootCauseKeys(tc.a), rootCauseKeys(tc.b))
		}
	}
}
