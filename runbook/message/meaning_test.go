package message

import (
	"strings"
	"testing"

	"github.com/pullfix/pullfix/runbook/cause"
)

func everyCause() []cause.Cause {
	return []cause.Cause{
		cause.TagNotFound, cause.RepositoryNotFound, cause.NotFoundOrDenied, cause.AuthMissing, cause.AuthRejected, cause.AuthExpired,
		cause.PermissionDenied, cause.RateLimited, cause.DNSFailure, cause.ConnectionRefused, cause.Timeout, cause.NetworkUnreachable,
		cause.ProxyFailure, cause.TLSUntrusted, cause.HTTPSMismatch, cause.RegistryServerError, cause.UnexpectedRegistryResponse,
		cause.PlatformMismatch, cause.InvalidReference, cause.ShortNameUnresolved, cause.UnsupportedManifest, cause.CorruptContent,
		cause.DiskFull, cause.NeverPull, cause.PullSecretMissing, cause.PullSecretMalformed, cause.CredentialProviderFailed,
		cause.SignaturePolicy, cause.RuntimeUnavailable, cause.SandboxImage, cause.PullQPSExceeded, cause.PullCancelled,
		cause.BackOffOnly, cause.NotPullFailure, cause.Unknown, cause.PullSecretWrongType, cause.PullSecretWrongHost,
		cause.PullSecretNotAttached, cause.None,
	}
}

// TestMeaningAndNext demands a sentence of its own and one to three steps for
// each cause.
func TestMeaningAndNext(t *testing.T) {
	said := map[string]cause.Cause{}
	for _, c := range everyCause() {
		meaning := Meaning(c)
		if other, ok := said[meaning]; ok {
			t.Errorf("%s and %s have the same meaning", c, other)
		}
		said[meaning] = c
		if !strings.HasSuffix(meaning, ".") || strings.Contains(meaning, "\n") {
			t.Errorf("%s: no sentence: %q", c, meaning)
		}
		steps := Next(c)
		if len(steps) < 1 || len(steps) > 3 {
			t.Errorf("%s: %d steps", c, len(steps))
		}
		for _, step := range steps {
			if !strings.HasSuffix(step, ".") {
				t.Errorf("%s: no sentence: %q", c, step)
			}
		}
	}
}

// TestEveryCauseOfAMessageHasWordings keeps the wordings complete.
func TestEveryCauseOfAMessageHasWordings(t *testing.T) {
	count := map[cause.Cause]int{}
	for _, s := range wordings(t) {
		count[s.Cause]++
	}
	for _, c := range everyCause()[:35] {
		if count[c] == 0 {
			t.Errorf("no wording for %s", c)
		}
	}
}
