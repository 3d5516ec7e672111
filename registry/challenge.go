package registry

import (
	"net/http"
	"strings"
)

// challenge is one scheme of a WWW-Authenticate header (RFC 9110, 11.6.1). The
// scheme and the names of parameters are in lower case.
type challenge struct {
	scheme string
	params map[string]string
}

// Bounds of what is read of challenges.
const (
	mostChallenges = 8
	mostParams     = 32
)

// parseChallenges reads all challenges of a reply. What is malformed ends the
// header it stands in; what was read before counts.
func parseChallenges(header http.Header) []challenge {
	var found []challenge
	for _, text := range header.Values("WWW-Authenticate") {
		for text != "" && len(found) < mostChallenges {
			var c challenge
			var ok bool
			if c, text, ok = nextChallenge(text); !ok {
				break
			}
			found = append(found, c)
		}
	}
	return found
}

// find returns the first challenge of the scheme.
func find(challenges []challenge, scheme string) (challenge, bool) {
	for _, c := range challenges {
		if c.scheme == scheme {
			return c, true
		}
	}
	return challenge{}, false
}

func nextChallenge(text string) (c challenge, rest string, ok bool) {
	scheme, rest := token(strings.TrimLeft(text, " \t,"))
	if scheme == "" {
		return challenge{}, "", false
	}
	c = challenge{scheme: strings.ToLower(scheme), params: map[string]string{}}
	for len(c.params) < mostParams {
		name, value, after, found := nextParam(rest)
		if !found {
			break
		}
		// The first of a repeated name counts.
		if _, repeated := c.params[name]; !repeated {
			c.params[name] = value
		}
		rest = after
	}
	return c, rest, true
}

// nextParam reads name=value or name="value". Something else is the next
// challenge, or the end.
func nextParam(text string) (name, value, rest string, ok bool) {
	name, after := token(strings.TrimLeft(text, " \t,"))
	after, isParam := strings.CutPrefix(strings.TrimLeft(after, " \t"), "=")
	if name == "" || !isParam {
		return "", "", text, false
	}
	after = strings.TrimLeft(after, " \t")
	if strings.HasPrefix(after, `"`) {
		value, rest = quoted(after[1:])
	} else {
		value, rest = bare(after)
	}
	return strings.ToLower(name), value, rest, true
}

func token(text string) (word, rest string) {
	end := strings.IndexFunc(text, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end:]
}

// bare reads an unquoted value leniently: some registries do not quote URLs.
func bare(text string) (value, rest string) {
	end := strings.IndexAny(text, " \t,")
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end:]
}

// quoted reads up to the closing quote; an open end closes it.
func quoted(text string) (value, rest string) {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			return out.String(), text[i+1:]
		case '\\':
			if i++; i < len(text) {
				out.WriteByte(text[i])
			}
		default:
			out.WriteByte(text[i])
		}
	}
	return out.String(), ""
}
