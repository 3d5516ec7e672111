package registry

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/pullfix/pullfix/runbook/keyring"
	"github.com/pullfix/pullfix/runbook/scrub"
)

// longestQuote bounds what is quoted of a registry, in letters.
const longestQuote = 300

// shortestSecret is the length from which an echoed secret is recognised: hiding
// a shorter one inside other words would tell more than it hides.
const shortestSecret = 6

// secretsOf are the forms in which a registry could echo a credential.
func secretsOf(c keyring.Credential) []string {
	password := c.Password.Reveal()
	return []string{
		basicHeader(c.User, password)[len("Basic "):],
		base64.StdEncoding.EncodeToString([]byte(password)),
		url.QueryEscape(password), url.PathEscape(password), scrub.Text(password), password,
	}
}

// quote makes text from outside fit to be shown: scrubbed, short, and without
// the secrets of this probe.
func (s *session) quote(text string) string {
	// Longer texts are cut before the work as well, so that it stays bounded.
	const worked = 4 << 10
	text = s.conceal(text)
	text = scrub.Text(text[:min(len(text), worked)])
	return scrub.Limit(s.conceal(text), longestQuote)
}

func (s *session) conceal(text string) string {
	for _, secret := range s.secrets {
		if len(secret) >= shortestSecret {
			text = strings.ReplaceAll(text, secret, scrub.Hidden)
		}
	}
	return text
}

// safe tells whether a short text, such as a tag, may be shown as it is.
func (s *session) safe(text string) bool { return s.conceal(text) == text && scrub.Text(text) == text }
