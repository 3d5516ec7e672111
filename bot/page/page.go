// Package page is what the paging targets below it share: how a page is sent
// over HTTP, and how their secrets stay hidden. A target is a package of its own
// with one method, [bot.Pager].
package page

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a routing key, a token or a key of a signature. It cannot be
// printed: it sits behind a pointer, because fmt prints what unexported fields
// hold.
type Secret struct{ v *string }

// NewSecret hides a text.
func NewSecret(text string) Secret { return Secret{v: &text} }

// Use returns the text, for the request that needs it and nothing else.
func (s Secret) Use() string {
	if s.v == nil {
		return ""
	}
	return *s.v
}

// Empty tells that there is none.
func (s Secret) Empty() bool { return s.Use() == "" }

const hidden = "[hidden]"

// String returns "[hidden]".
func (Secret) String() string { return hidden }

// GoString returns "[hidden]".
func (Secret) GoString() string { return hidden }

// LogValue returns "[hidden]".
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText returns "[hidden]", so that no document holds a secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Format writes "[hidden]", whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }
