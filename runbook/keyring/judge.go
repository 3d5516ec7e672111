package keyring

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// match finds the entries that the kubelet would use, in its order: the keys in
// reverse lexicographic order, equal keys in the order of the secrets; and only
// when none matches, those of Docker Hub for an image there.
func (r *ring) match() {
	if r.lookup.Err != nil {
		return
	}
	for i := range r.drafts {
		d := &r.drafts[i]
		d.KeyMatches = d.badKey == "" && matches(d.Host, r.lookup.Subject)
		if d.KeyMatches && d.live() {
			r.matched = append(r.matched, i)
		}
	}
	slices.SortStableFunc(r.matched, func(a, b int) int {
		return cmp.Compare(r.drafts[b].Host, r.drafts[a].Host)
	})
	if !onDefaultRegistry(r.lookup.Subject) {
		return
	}
	fallback := len(r.matched) == 0
	for i := range r.drafts {
		d := &r.drafts[i]
		if d.badKey != "" || d.Host != hubHost {
			continue
		}
		d.KeyMatches = true
		if fallback && d.live() {
			r.matched = append(r.matched, i)
			r.byHub = true
		}
	}
}

// judge gives every entry its place in the kubelet's order, or the reason why
// it has none.
func (r *ring) judge() {
	if len(r.lookup.Malformed) == 0 {
		for order, i := range r.matched {
			d := &r.drafts[i]
			d.Used, d.Order = true, order
			d.Hints = append(d.Hints, r.matchHints(*d)...)
			r.lookup.Used = append(r.lookup.Used, i)
		}
	}
	for i := range r.drafts {
		if d := &r.drafts[i]; !d.Used {
			r.explainUnused(d)
		}
	}
}

// result hands out the judged entries.
func (r *ring) result() Lookup {
	for _, d := range r.drafts {
		r.lookup.Entries = append(r.lookup.Entries, d.Entry)
	}
	return r.lookup
}

// explainUnused says why d is not used, and with which key it would be.
func (r *ring) explainUnused(d *draft) {
	if r.lookup.Err == nil && !d.KeyMatches {
		d.Suggestion = suggest(d.raw, r.lookup.Subject)
	}
	if d.ignored == "" {
		d.Reason = r.keyReason(*d)
		return
	}
	d.Reason = d.ignored
	if r.lookup.Err == nil && !d.KeyMatches {
		d.Hints = append(d.Hints, "its key would not match either: "+r.keyReason(*d))
	}
}

// keyReason says why the key of d gets it no place among the credentials.
func (r *ring) keyReason(d draft) string {
	switch {
	case d.badKey != "":
		return withSuggestion(d.badKey, d.Suggestion)
	case r.lookup.Err != nil:
		return "the image reference cannot be parsed, so the kubelet looks nothing up"
	case !d.KeyMatches:
		return withSuggestion(mismatch(d.raw, d.Host, r.lookup.Subject), d.Suggestion)
	case len(r.lookup.Malformed) > 0:
		return "it matches, but " + r.lookup.Malformed[0].place() + " is malformed, and that fails every lookup of the pod"
	}
	return fmt.Sprintf("%s is only asked when no other key matches, and %q of %s does",
		hubHost, r.drafts[r.matched[0]].Key, r.drafts[r.matched[0]].Source)
}

func withSuggestion(reason, suggestion string) string {
	if suggestion == "" {
		return reason
	}
	return reason + "; would match with " + suggestion
}

// place names where the fault is.
func (m Malformed) place() string {
	if m.Key == "" {
		return m.Source
	}
	return fmt.Sprintf("the entry %q of %s", m.Key, m.Source)
}

// matchHints says what is odd about the way a used entry matched.
func (r *ring) matchHints(d draft) []string {
	subject := r.lookup.Subject
	if r.byHub {
		if !onHub(subject) {
			host, _, _ := strings.Cut(subject, "/")
			return []string{fmt.Sprintf("the host %s has no dot and no port, so the kubelet takes it for Docker Hub and sends it this Docker Hub credential", host)}
		}
		return nil
	}
	key, keyErr := locate(d.Host)
	target, err := locate(subject)
	if keyErr != nil || err != nil || key.path == "" || strings.HasSuffix(key.path, "/") {
		return nil
	}
	if rest := strings.TrimPrefix(target.path, key.path); rest != "" && !strings.HasPrefix(rest, "/") {
		return []string{fmt.Sprintf("paths are compared as plain text: %s ends in the middle of a name of %s", key.path, target.path)}
	}
	return nil
}
