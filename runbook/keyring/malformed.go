package keyring

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// malformed names what makes the kubelet refuse a document, the place that the
// kubelet stumbles over first.
func malformed(doc document, whole error) []Malformed {
	if !json.Valid(doc.raw) {
		return []Malformed{{
			Source: doc.source,
			Key:    brokenKey(doc),
			Text:   kubeletText(whole),
			Hints:  syntaxHints(doc.raw, whole),
		}}
	}
	var found []Malformed
	for _, m := range entriesOf(doc) {
		if _, err := doc.format.decodeEntry(m.raw); err != nil {
			found = append(found, Malformed{
				Source: doc.source, Key: shownKey(m.name), Text: kubeletText(err), Hints: authHints(m.raw, err),
			})
		}
	}
	if len(found) == 0 {
		found = []Malformed{{Source: doc.source, Text: kubeletText(whole), Hints: fieldHints(whole)}}
	}
	return found
}

// entriesOf returns the entries of a sound JSON document in the order of its
// text.
func entriesOf(doc document) []member {
	top, _ := members(doc.raw) // an error leaves fewer members, which the caller sees
	if !doc.format.wrapped {
		return top
	}
	var entries []member
	for _, m := range top {
		if strings.EqualFold(m.name, "auths") {
			below, _ := members(m.raw)
			entries = append(entries, below...)
		}
	}
	return entries
}

// brokenKey returns the entry in which the JSON syntax breaks, or "".
func brokenKey(doc document) string {
	within, err := members(doc.raw)
	if err == nil || len(within) == 0 {
		return ""
	}
	last := within[len(within)-1]
	if !doc.format.wrapped {
		return shownKey(last.name)
	}
	if !strings.EqualFold(last.name, "auths") {
		return ""
	}
	if within, err = members(last.raw); err == nil || len(within) == 0 {
		return ""
	}
	return shownKey(within[len(within)-1].name)
}

func syntaxHints(raw []byte, err error) []string {
	if bytes.HasPrefix(raw, []byte("\ufeff")) {
		return []string{"the document starts with a byte order mark: save it as UTF-8 without one"}
	}
	trimmed := string(bytes.TrimSpace(raw))
	if inner, err := base64.StdEncoding.DecodeString(trimmed); err == nil && json.Valid(inner) {
		return []string{"the document is base64-encoded twice: put the plain JSON under stringData, or encode it once under data"}
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		upTo := raw[:min(max(syntax.Offset, 0), int64(len(raw)))]
		return []string{fmt.Sprintf("the JSON breaks in line %d, byte %d of the document",
			bytes.Count(upTo, []byte("\n"))+1, syntax.Offset)}
	}
	return nil
}

// fieldHints names the field outside the entries that has the wrong JSON type.
func fieldHints(err error) []string {
	mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok || mismatch.Field == "" {
		return nil
	}
	return []string{fmt.Sprintf("the fault is in the field %q", mismatch.Field)}
}

// authHints says what is wrong with an "auth" that cannot be decoded. It never
// quotes it.
func authHints(raw []byte, err error) []string {
	var fields struct {
		Auth string `json:"auth"`
	}
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok || json.Unmarshal(raw, &fields) != nil {
		return fieldHints(err)
	}
	auth := fields.Auth
	if errors.Is(err, errAuthField) {
		if decoded, err := base64.StdEncoding.DecodeString(auth); err == nil {
			if _, _, err := decodeAuth(string(bytes.TrimSpace(decoded))); err == nil {
				return []string{"auth was encoded twice"}
			}
		}
		return []string{"auth decodes to a text without a colon: it must be base64 of user:password, not of one of them"}
	}
	switch {
	case strings.Contains(auth, ":"):
		return []string{"auth is not encoded: it must be base64 of user:password"}
	case strings.ContainsAny(auth, "-_"):
		return []string{"auth uses the URL-safe base64 alphabet; the kubelet wants the standard one"}
	case strings.ContainsAny(auth, " \t"):
		return []string{"auth has a space in it"}
	case strings.HasSuffix(auth, "="):
		return []string{"the padding (=) at the end of auth is wrong, or a piece of it is missing"}
	}
	return []string{"auth is not base64, or a piece of it is missing"}
}

// shownKey returns key without the user and password that somebody wrote before
// its host.
func shownKey(key string) string {
	at := strings.LastIndexByte(key, '@')
	if at < 0 || strings.HasPrefix(key[at:], "@sha256:") {
		return key
	}
	scheme := ""
	if i := strings.Index(key, "://"); i >= 0 && i < at {
		scheme = key[:i+len("://")]
	}
	return scheme + "…" + key[at:]
}
