package message

import (
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
)

// finding is what one element says.
type finding struct {
	cause    cause.Cause
	fragment string
	lost     bool
}

// clue is an element made ready for the rules.
type clue struct {
	table  *table
	raw    string   // lower-case text
	low    string   // with the names hidden
	seen   sighting // the words it holds
	status status   // HTTP status, zero when none is named
	pull   bool     // the text or its wrapper speaks of pulling an image
}

// span is a place in a text.
type span struct{ from, to int }

func firstOf(low string, words []string) (int, string) {
	for _, word := range words {
		if at := strings.Index(low, word); at >= 0 {
			return at, word
		}
	}
	return -1, ""
}

// classify runs one element through the rules. Wrapped says that the text before
// the element speaks of pulling an image.
func (t *table) classify(element string, v veil, wrapped bool) finding {
	low := lower(element)
	c := t.behindVeil(v, low, t.lexicon.scan(low))
	c.pull = c.pull || wrapped
	return t.judge(element, c)
}

// behindVeil makes a lower-case text ready for the rules: what they look for is
// found outside of names only.
func (t *table) behindVeil(v veil, raw string, seen sighting) clue {
	low, hidden := v.over(raw)
	if t.lexicon.touches(seen, hidden) {
		seen = t.lexicon.scan(low)
	}
	_, pull := seen.first(t.pull)
	return clue{table: t, raw: raw, low: low, seen: seen, status: httpStatus(low), pull: pull}
}

func (t *table) judge(element string, c clue) finding {
	for i := range t.rules {
		if place, ok := t.match(&t.rules[i], c); ok {
			return finding{cause: t.rules[i].cause, fragment: place.quote(element), lost: t.rules[i].lost}
		}
	}
	if code := grpcCause(c.low); code != "" {
		return finding{cause: code, fragment: opening(element)}
	}
	if saysNothing(c.low) {
		return finding{cause: cause.BackOffOnly, fragment: opening(element)}
	}
	return finding{cause: cause.Unknown, fragment: opening(element)}
}

// grpcCause reads the last telling status code of the runtime's answer, for
// texts that were cut off before the cause.
func grpcCause(low string) cause.Cause {
	var found cause.Cause
	for rest := low; ; {
		_, after, ok := strings.Cut(rest, "code = ")
		if !ok {
			return found
		}
		code, _, _ := strings.Cut(after, " ")
		if c := causeOfCode(code); c != "" {
			found = c
		}
		rest = after
	}
}

func causeOfCode(code string) cause.Cause {
	switch code {
	case "notfound":
		return cause.TagNotFound
	case "deadlineexceeded":
		return cause.Timeout
	case "canceled":
		return cause.PullCancelled
	case "unavailable", "unimplemented":
		return cause.RuntimeUnavailable
	case "permissiondenied":
		return cause.PermissionDenied
	case "unauthenticated":
		return cause.AuthMissing
	}
	return ""
}

// saysNothing recognises a text of which nothing is left once the names of the
// failure and of the image are taken away.
func saysNothing(low string) bool {
	if strings.Contains(low, "trying and failing to pull image") || strings.Contains(low, "image can't be pulled") {
		return true
	}
	for _, name := range [...]string{"back-off pulling image", "failed to pull image", "imagepullbackoff", "errimagepull"} {
		at := strings.LastIndex(low, name)
		if at < 0 {
			continue
		}
		rest := strings.Trim(afterName(low[at+len(name):]), ` :"'.])}`)
		if rest == "" || isColumn(rest) || strings.HasPrefix(rest, "pod=") || strings.HasPrefix(rest, "image=") {
			return true
		}
	}
	return false
}

// isColumn recognises a pod's restarts and age, as kubectl prints them behind
// the name of the failure.
func isColumn(rest string) bool {
	const few = 24
	return len(rest) <= few && (digit(rest[0]) || rest[0] == '(')
}

// afterName drops the name of an image that may follow, quoted or not.
func afterName(text string) string {
	text = strings.TrimLeft(text, " ")
	if quoted, ok := strings.CutPrefix(text, `"`); ok {
		_, rest, _ := strings.Cut(quoted, `"`)
		return rest
	}
	if name, rest, _ := strings.Cut(text, " "); strings.ContainsAny(name, "/") {
		return rest
	}
	return text
}
