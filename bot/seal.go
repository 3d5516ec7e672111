package bot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"
)

// sealLabel keeps MACs of approvals apart from whatever else may be made under
// the same key, and from later forms of this one.
const sealLabel = "pullfix approval 1"

// shortestKey is the length below which a key could be guessed, in bytes.
const shortestKey = sha256.Size

// ErrShortKey says that a key is too short to seal anything.
var ErrShortKey = fmt.Errorf("the key of the seal has fewer than %d bytes", shortestKey)

// ForgedError says that an approval was not recorded by this pullfix for this
// incident: it, or the key, was changed. Such an approval approves nothing.
type ForgedError struct {
	Incident string
	Person   Person // as the record claims
}

func (e *ForgedError) Error() string {
	return fmt.Sprintf("the approval of %s for incident %s does not bear pullfix's seal", e.Person.ID, e.Incident)
}

// Seal makes and checks the MACs of approvals. Its key must not be kept where
// incidents are.
type Seal struct{ key sealKey }

// NewSeal returns a seal under a copy of the key, which is random and has at
// least 32 bytes; else ErrShortKey.
func NewSeal(key []byte) (*Seal, error) {
	if len(key) < shortestKey {
		return nil, ErrShortKey
	}
	held := string(key)
	return &Seal{key: sealKey{v: &held}}, nil
}

// Approve returns the approval with a MAC that binds it to the incident.
func (s *Seal) Approve(incident string, a Approval) Approval {
	a.MAC = s.mac(incident, a)
	return a
}

// Verify returns a *ForgedError unless Approve made the MAC, for this incident
// and for exactly this approval.
func (s *Seal) Verify(incident string, a Approval) error {
	if !hmac.Equal([]byte(a.MAC), []byte(s.mac(incident, a))) {
		return &ForgedError{Incident: incident, Person: a.Person}
	}
	return nil
}

func (s *Seal) mac(incident string, a Approval) string {
	h := hmac.New(sha256.New, []byte(*s.key.v))
	h.Write(sealed(incident, a))
	return hex.EncodeToString(h.Sum(nil))
}

// sealed is what is signed. Each field stands behind its length, so that no two
// approvals share an encoding; the moment is counted in UTC, since a time zone
// does not change it.
func sealed(incident string, a Approval) []byte {
	var text []byte
	fields := []string{sealLabel, incident, a.Person.Team, a.Person.ID, instant(a.At), a.Remedy, a.PlanHash, a.Rule, strconv.Itoa(a.Enough)}
	if a.BrokeGlass != "" {
		fields = append(fields, a.BrokeGlass)
	}
	for _, field := range fields {
		text = binary.BigEndian.AppendUint64(text, uint64(len(field)))
		text = append(text, field...)
	}
	return text
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// sealKey is a key that cannot be printed. It sits behind a pointer because fmt
// does not call methods on unexported fields, and prints their contents; and it
// is a string because fmt follows a pointer to a slice under a wrong verb.
type sealKey struct{ v *string }

var errHiddenKey = errors.New("the key of the seal is not for writing")

// hiddenKey is what every printer shows instead of the key.
const hiddenKey = "[hidden]"

func (sealKey) String() string               { return hiddenKey }
func (sealKey) GoString() string             { return hiddenKey }
func (sealKey) LogValue() slog.Value         { return slog.StringValue(hiddenKey) }
func (sealKey) MarshalText() ([]byte, error) { return nil, errHiddenKey }

// Format writes "[hidden]", whatever the verb; a printer has nowhere to report
// a failed write to.
func (sealKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hiddenKey) }
