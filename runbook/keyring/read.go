package keyring

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// draft is an entry on its way to be judged.
type draft struct {
	Entry
	secret  int    // which of the secrets it is in, from 0
	raw     string // the key as written
	ignored string // why the kubelet never gets to the key; "" when it does
	badKey  string // why the kubelet skips the key; "" when it can read it
}

// live reports whether the kubelet files d for its lookups.
func (d draft) live() bool { return d.ignored == "" && d.badKey == "" }

// ring collects the entries of all secrets of a pod.
type ring struct {
	lookup  Lookup
	drafts  []draft
	secrets int
	matched []int // indexes into drafts in the kubelet's order
	byHub   bool  // they matched by the fallback for Docker Hub only
}

// document is the content of one secret.
type document struct {
	source string
	format format
	raw    []byte
	read   bool // whether the kubelet reads it
	typeOf string
}

// add reads one secret.
func (r *ring) add(secret PullSecret) {
	source := "secret/" + secret.Name
	r.secrets++
	if secret.Missing {
		r.problem(source, SecretMissing, fmt.Sprintf(
			"the pod names %s, but %s has no such secret: the kubelet goes on without it", source, namespaceName(secret.Namespace)))
		return
	}
	doc, ok := r.open(source, secret)
	if !ok {
		return
	}
	if err := doc.format.decode(doc.raw); err != nil {
		if doc.read {
			r.lookup.Malformed = append(r.lookup.Malformed, malformed(doc, err)...)
		} else if !json.Valid(doc.raw) {
			r.problem(source, NoContent, fmt.Sprintf("the content of %s is not JSON either", source))
		}
	}
	r.addEntries(doc)
}

func namespaceName(namespace string) string {
	if namespace == "" {
		return "its namespace"
	}
	return "namespace " + namespace
}

// open finds the document of a secret, and says why there is none.
func (r *ring) open(source string, secret PullSecret) (document, bool) {
	for _, f := range []format{configJSON(), legacyConfig()} {
		if secret.Type != f.secretType {
			continue
		}
		content := secret.Data[f.dataKey]
		if content.Empty() {
			r.problem(source, NoContent, fmt.Sprintf("%s has no %s%s: the kubelet ignores it",
				source, f.dataKey, otherKeys(secret)))
			return document{}, false
		}
		return document{source: source, format: f, raw: []byte(content.text()), read: true, typeOf: secret.Type}, true
	}
	typeOf := secret.Type
	if typeOf == "" {
		typeOf = "Opaque" // what the API server makes of no type
	}
	r.problem(source, WrongType, fmt.Sprintf("%s has type %s: the kubelet reads only %s and %s, and ignores it silently",
		source, typeOf, configJSON().secretType, legacyConfig().secretType))
	for _, f := range []format{configJSON(), legacyConfig()} {
		if content := secret.Data[f.dataKey]; !content.Empty() {
			return document{source: source, format: f, raw: []byte(content.text()), typeOf: typeOf}, true
		}
	}
	return document{}, false
}

func otherKeys(secret PullSecret) string {
	var names []string
	for name, content := range secret.Data {
		if !content.Empty() {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return " (it has " + strings.Join(names, ", ") + ")"
}

func (r *ring) problem(source string, kind ProblemKind, text string) {
	r.lookup.Problems = append(r.lookup.Problems, Problem{Source: source, Kind: kind, Text: text})
}

// addEntries drafts the entries of a document in the order of its text.
func (r *ring) addEntries(doc document) {
	first := len(r.drafts)
	top, _ := members(doc.raw) // what breaks the syntax is reported as malformed
	if !doc.format.wrapped {
		for _, m := range top {
			r.addEntry(doc, m)
		}
	}
	for _, m := range top {
		if !doc.format.wrapped || !strings.EqualFold(m.name, "auths") {
			continue
		}
		if isNull(m.raw) {
			drop(r.drafts[first:], `a later "auths": null empties the list`)
		}
		below, _ := members(m.raw)
		for _, entry := range below {
			r.addEntry(doc, entry)
		}
	}
	dropRepeated(r.drafts[first:])
	hintSameHost(r.drafts[first:])
	r.documentProblems(doc, top, len(r.drafts)-first)
}

func (r *ring) addEntry(doc document, m member) {
	d := draft{raw: m.name, secret: r.secrets, Entry: Entry{Source: doc.source, Key: shownKey(m.name), Order: -1}}
	index, err := indexKey(m.name)
	if err != nil {
		d.badKey = unparsable(m.name, err)
		if doc.read {
			r.problem(doc.source, BadKey, fmt.Sprintf("entry %q of %s: %s", d.Key, doc.source, d.badKey))
		}
	}
	d.Host = index
	entry, err := doc.format.decodeEntry(m.raw)
	if err != nil {
		d.ignored = "it cannot be decoded: " + kubeletText(err)
		d.Hints = authHints(m.raw, err)
	} else {
		d.Credential, d.Kind, d.Expires = entry.credential, Kind(entry.credential), Expires(entry.credential)
		d.Hints = entryHints(d, entry, m.raw)
	}
	if !doc.read {
		if d.ignored != "" {
			d.Hints = append(d.Hints, d.ignored)
		}
		d.ignored = fmt.Sprintf("%s has type %s, and the kubelet reads only %s and %s",
			doc.source, doc.typeOf, configJSON().secretType, legacyConfig().secretType)
	}
	r.drafts = append(r.drafts, d)
}

// unparsable says why the kubelet skips a key.
func unparsable(key string, err error) string {
	if strings.TrimSpace(key) != key {
		return "the key has a space or line break around it, so it is not a URL, and the kubelet skips it"
	}
	detail := ""
	// With an "@" the detail may quote a piece of a password.
	if cause, ok := errors.AsType[*url.Error](err); ok && !strings.Contains(key, "@") {
		detail = " (" + cause.Err.Error() + ")"
	}
	return "the key is not a URL" + detail + ", and the kubelet skips it"
}

// drop marks drafts that something later in the document makes void.
func drop(drafts []draft, reason string) {
	for i := range drafts {
		if drafts[i].ignored == "" {
			drafts[i].ignored = reason
		}
	}
}

// dropRepeated keeps the last of the entries with the same name, as
// encoding/json does.
func dropRepeated(drafts []draft) {
	last := map[string]int{}
	for i, d := range drafts {
		if before, ok := last[d.raw]; ok {
			drop(drafts[before:before+1], fmt.Sprintf("the key %q is written again further down, and the last one counts", d.Key))
			drafts[i].Hints = append(drafts[i].Hints, "the key is written more than once; only this last one counts")
		}
		last[d.raw] = i
	}
}

// hintSameHost marks different keys of one secret that mean the same: the
// kubelet walks a Go map, so which of them it tries first changes each time.
func hintSameHost(drafts []draft) {
	byHost := map[string][]int{}
	for i, d := range drafts {
		if d.live() {
			byHost[d.Host] = append(byHost[d.Host], i)
		}
	}
	for _, same := range byHost {
		if len(same) < 2 {
			continue
		}
		differ := slices.ContainsFunc(same, func(i int) bool {
			return !drafts[i].Credential.Equal(drafts[same[0]].Credential)
		})
		for n, i := range same {
			other := same[0]
			if n == 0 {
				other = same[1]
			}
			drafts[i].Hints = append(drafts[i].Hints, sameHostHint(drafts[other].Key, differ))
		}
	}
}

func sameHostHint(other string, differ bool) string {
	text := fmt.Sprintf("duplicate: the key %q means the same to the kubelet", other)
	if differ {
		text += ", and the order in which they are tried is random at each lookup"
	}
	return text
}
