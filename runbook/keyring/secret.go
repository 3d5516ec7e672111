package keyring

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// hidden is what every printer shows instead of a secret.
const hidden = "[hidden]"

// Secret is a password or token that cannot be printed: every way of turning
// it into text shows "[hidden]", or nothing when it is empty. The text sits
// behind a pointer because fmt does not call methods on unexported fields and
// would otherwise print it there.
type Secret struct{ v *string }

// NewSecret hides s.
func NewSecret(s string) Secret { return Secret{v: &s} }

// Reveal returns the hidden text. Only code that sends or stores the credential
// may call it.
func (s Secret) Reveal() string { return s.text() }

// text is Reveal for this package, which has to look into secrets to judge
// them, and returns nothing of what it sees there.
func (s Secret) text() string {
	if s.v == nil {
		return ""
	}
	return *s.v
}

// Empty reports whether there is nothing to hide.
func (s Secret) Empty() bool { return s.v == nil || *s.v == "" }

// Equal reports whether both hide the same text, in a time that depends on the
// lengths only.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.text()), []byte(other.text())) == 1
}

// String returns "[hidden]", or "" for an empty secret.
func (s Secret) String() string {
	if s.Empty() {
		return ""
	}
	return hidden
}

// GoString returns what String returns.
func (s Secret) GoString() string { return s.String() }

// Format writes what String returns, whatever the verb and flags.
func (s Secret) Format(f fmt.State, _ rune) {
	// A printer has nowhere to report a failed write to.
	_, _ = io.WriteString(f, s.String())
}

// MarshalText returns what String returns.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns what String returns, as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// UnmarshalText hides text. A secret that was stored comes back as "[hidden]":
// not empty, and of no use to anybody.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}

// LogValue returns what String returns.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
