package keyring

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// MostBytes is how large Kubernetes lets the data of a Secret be.
const MostBytes = 1 << 20

// Edit says which entry of a pull secret gets which credential.
type Edit struct {
	Type string // of the secret
	// Image is one that the credential is for.
	Image string
	// Key is the entry, as it is written or as Entry.Key shows it; where none is
	// like it, that of a new entry. Without it the entry is the one that the
	// kubelet tries first for the image, or one that it cannot decode.
	Key string
	New Credential
	// Raw is the text of the entry's value in place of New: what Edited.Old held.
	Raw Secret
	// Anew replaces a document that is no JSON object by one with this entry.
	Anew bool
}

// Edited is what a pull secret becomes.
type Edited struct {
	Document Secret
	Key      string        // of the entry, as Entry.Key shows it
	Old      Secret        // the text of the entry's value as it was; empty for a new entry
	Was      *Credential   // what it held; nil for a new one, or one that could not be decoded
	Dropped  []string      // other keys that meant the same, and are left out
	Lost     []*Credential // what those held, in their order; nil where it could not be decoded
	Kept     []string      // the keys of the entries that stay as they are
}

// The reasons why an entry is not written.
var (
	// ErrNoDocument says that the content is no JSON object: an entry can not be
	// written without losing the others.
	ErrNoDocument = errors.New("the content of the secret is not a JSON object with entries")
	// ErrTooLarge says that the secret would be larger than Kubernetes allows.
	ErrTooLarge = errors.New("the secret would be larger than 1 MiB")
	// ErrNotUsed says that the kubelet would not send what is written.
	ErrNotUsed = errors.New("the kubelet would not use the new entry")
)

// Merge writes one entry of a pull secret's document. Only the value of that
// entry changes; every other byte stays, except that other keys which mean the
// same to the kubelet are left out: which of them it tries first is random.
func Merge(document Secret, e Edit) (Edited, error) {
	f, ok := formatOf(e.Type)
	if !ok {
		return Edited{}, fmt.Errorf("a secret of type %s holds no entries that the kubelet reads", e.Type)
	}
	if len(document.text()) > MostBytes {
		return Edited{}, ErrTooLarge
	}
	value := []byte(e.Raw.text())
	if e.Raw.Empty() {
		value = entryText(e.New)
	}
	done, err := f.merge([]byte(document.text()), e, value)
	switch {
	case err != nil:
		return Edited{}, err
	case len(done.Document.text()) > MostBytes:
		return Edited{}, ErrTooLarge
	case e.Raw.Empty():
		return done, used(f, done.Document, e)
	}
	return done, nil
}

func formatOf(secretType string) (format, bool) {
	for _, f := range []format{configJSON(), legacyConfig()} {
		if f.secretType == secretType {
			return f, true
		}
	}
	return format{}, false
}

// DataKey is the key under which a pull secret of that type holds its document;
// "" when it is no pull secret.
func DataKey(secretType string) string {
	f, _ := formatOf(secretType)
	return f.dataKey
}

// entryText is an entry as docker writes it, and nothing that the kubelet does
// not read. What auth cannot hold, a user with a colon, stands in the other two
// fields alone, and what those cannot hold, bytes that are no text, in auth.
func entryText(c Credential) []byte {
	var fields entryFields
	if password := c.Password.text(); utf8.ValidString(c.User) && utf8.ValidString(password) {
		fields.Username, fields.Password = c.User, password
	}
	if !strings.Contains(c.User, ":") {
		fields.Auth = base64.StdEncoding.EncodeToString([]byte(c.User + ":" + c.Password.text()))
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return []byte("{}") // three texts always encode
	}
	return text
}

// merge writes the value into the document.
func (f format) merge(text []byte, e Edit, value []byte) (Edited, error) {
	entries, err := f.entries(text)
	if errors.Is(err, ErrNoDocument) && e.Anew {
		entries, err = f.entries([]byte(f.empty()))
	}
	if err != nil {
		return Edited{}, err
	}
	at := choose(entries, e)
	if at < 0 {
		key := e.Key
		if key == "" {
			key = NewKey(e.Image)
		}
		return Edited{Document: NewSecret(string(entries.with(key, value))), Key: shownKey(key), Kept: entries.keys(nil)}, nil
	}
	chosen := entries.members[at]
	left := entries.like(at)
	done := Edited{
		Document: NewSecret(string(entries.without(left, map[int][]byte{at: value}))),
		Key:      shownKey(chosen.name), Old: NewSecret(string(entries.raw(chosen))),
	}
	if entry, err := f.decodeEntry(entries.raw(chosen)); err == nil {
		done.Was = &entry.credential
	}
	for _, i := range slices.Sorted(maps.Keys(left)) {
		done.Dropped = append(done.Dropped, shownKey(entries.members[i].name))
		var held *Credential
		if entry, err := f.decodeEntry(entries.raw(entries.members[i])); err == nil {
			held = &entry.credential
		}
		done.Lost = append(done.Lost, held)
	}
	left[at] = true
	done.Kept = entries.keys(left)
	return done, nil
}

func (f format) empty() string {
	if f.wrapped {
		return `{"auths":{}}`
	}
	return `{}`
}

// entries finds the object whose members are the entries; where there is none
// yet, the text is one with an empty one.
func (f format) entries(text []byte) (object, error) {
	top, err := objectAt(text, 0, len(text))
	if err != nil {
		return object{}, ErrNoDocument
	}
	if !f.wrapped {
		return top, nil
	}
	var auths []span
	for _, m := range top.members {
		if strings.EqualFold(m.name, "auths") {
			auths = append(auths, m)
		}
	}
	switch {
	case len(auths) == 0:
		return f.entries(top.with("auths", []byte("{}")))
	case len(auths) > 1:
		return object{}, errors.New(`the secret has "auths" more than once, and which of them counts is anybody's guess`)
	case isNull(top.raw(auths[0])):
		return f.entries(swapped(text, auths[0].from, auths[0].to, []byte("{}")))
	}
	entries, err := objectAt(text, auths[0].from, auths[0].to)
	if err != nil {
		return object{}, ErrNoDocument
	}
	return entries, nil
}

// keys are those of the members, as shown, without some.
func (o object) keys(without map[int]bool) []string {
	var names []string
	for i, m := range o.members {
		if !without[i] {
			names = append(names, shownKey(m.name))
		}
	}
	return names
}

// like are the other members whose keys mean the same as that of one.
func (o object) like(at int) map[int]bool {
	same := make(map[int]bool)
	index, err := indexKey(o.members[at].name)
	for i, m := range o.members {
		if i == at {
			continue
		}
		other, failed := indexKey(m.name)
		if m.name == o.members[at].name || (err == nil && failed == nil && other == index) {
			same[i] = true
		}
	}
	return same
}

// used asks whether the kubelet would send the new credential for the image.
func used(f format, document Secret, e Edit) error {
	found := Find(e.Image, []PullSecret{{Name: "new", Type: f.secretType, Data: map[string]Secret{f.dataKey: document}}})
	switch {
	case found.Err != nil:
		return fmt.Errorf("%w: %w", ErrNotUsed, found.Err)
	case len(found.Malformed) > 0:
		return fmt.Errorf("%w: %s cannot be decoded, and that fails every lookup of the pod", ErrNotUsed, found.Malformed[0].inside())
	}
	for _, i := range found.Used {
		if found.Entries[i].Credential.Equal(e.New) {
			return nil
		}
	}
	return fmt.Errorf("%w for %s", ErrNotUsed, found.Subject)
}

// inside names the place of a fault within its secret.
func (m Malformed) inside() string {
	if m.Key == "" {
		return "a field outside of its entries"
	}
	return fmt.Sprintf("its entry %q", m.Key)
}

// DecodeEntry returns what the text of an entry's value holds, as the kubelet
// decodes it.
func DecodeEntry(text Secret) (Credential, error) {
	entry, err := configJSON().decodeEntry([]byte(text.text()))
	return entry.credential, err
}
