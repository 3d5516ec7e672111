// Package scrub makes text that others wrote (registries, kubelets, tenants)
// fit to be quoted: it hides what could be a credential and removes what could
// steer a terminal or mislead a reader. All quoted text passes through here.
package scrub

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Hidden stands where something was taken out.
const Hidden = "[hidden]"

// Text returns s on one line, without control characters, terminal sequences,
// invisible and bidirectional characters, and without what could be a
// credential: the user part of a URL, every query parameter except ns, scope
// and service, Authorization values, JSON Web Tokens and other encoded JSON,
// tokens with a vendor's prefix, and values called password, token and the like.
func Text(s string) string {
	hidden := hide(s)
	line := plain(hidden)
	if line == hidden {
		return line
	}
	// Once more: invisible characters can split a credential, and a forged
	// terminal sequence can swallow the word by which one is recognised.
	return hide(line)
}

// hide looks for the mark of each shape before it searches for the shape: most
// text has none, and a search costs a hundred times as much.
func hide(s string) string {
	if strings.Contains(s, "@") {
		s = userPart.ReplaceAllString(s, "${1}"+Hidden+"@")
		s = slashedUserPart.ReplaceAllString(s, "${1}"+Hidden+"@")
		s = bareUserPart.ReplaceAllString(s, Hidden+"@${1}")
	}
	if strings.ContainsAny(s, "?&") {
		s = query.ReplaceAllStringFunc(s, hideParameters)
	}
	if strings.Contains(s, "#") {
		s = fragment.ReplaceAllString(s, "${1}#"+Hidden)
	}
	s = hideNamed(s, strings.ToLower(s))
	if strings.Contains(s, "eyJ") {
		s = encodedJSON.ReplaceAllString(s, Hidden)
	}
	if containsAnyOf(s, "gh", "gl", "dckr", "ya29", "xox", "AK", "ASIA") {
		s = vendorToken.ReplaceAllString(s, Hidden)
	}
	return s
}

// hideNamed hides what stands after a name; lower is the text in lower case.
func hideNamed(s, lower string) string {
	if strings.Contains(lower, "authorization") {
		s = authorization.ReplaceAllStringFunc(s, hideAuthorization)
	}
	if containsAnyOf(lower, "basic", "bearer") {
		s = scheme.ReplaceAllStringFunc(s, hideScheme)
	}
	if containsAnyOf(lower, `password"`, `passwd"`, `auth"`, `secret"`, `token"`) {
		s = quotedValue.ReplaceAllString(s, "${1}"+Hidden)
	}
	if containsAnyOf(lower, "password=", "passwd=", "pwd=", "secret=", "token=", "signature=", "sig=", "x-amz-", "x-goog-") {
		s = namedValue.ReplaceAllStringFunc(s, hideValue)
	}
	return s
}

// hideValue hides a value behind a name, unless it is what the shell has to fill
// in, in double quotes as pullfix's own commands have it.
func hideValue(match string) string {
	name := namedValue.FindStringSubmatch(match)[1]
	if strings.HasSuffix(name, `"`) && shellReference.MatchString(match[len(name):]) {
		return match
	}
	return name + Hidden
}

func containsAnyOf(s string, marks ...string) bool {
	return slices.ContainsFunc(marks, func(mark string) bool { return strings.Contains(s, mark) })
}

// Limit returns s when it has at most n runes, else its first n-1 and "…".
func Limit(s string, n int) string {
	if n <= 0 {
		return ""
	}
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := 0
	for at := range s {
		if runes == n-1 {
			return s[:at] + "…"
		}
		runes++
	}
	return s
}

var (
	// CSI, OSC and two-character sequences of ECMA-48, in 7-bit and 8-bit form.
	terminalSequence = regexp.MustCompile(
		`(?:\x1b\[|\x{9b})[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x{9d})[^\x07\x1b\x{9c}]*(?:\x07|\x1b\\|\x{9c})|\x1b[ -/]*[0-Z\\^_a-~]`)
	lineBreak = regexp.MustCompile(`[\t\n\v\f\r\x{85}\x{2028}\x{2029}]+`)

	userPart = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#"'<>]*@`)
	// What stands after the colon is no port number, so it is a password that
	// was not escaped.
	slashedUserPart = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#@:"'<>]*:[0-9]*[^\s0-9/"'<>@][^\s"'<>@]*@`)
	// A digest (name:tag@sha256:…) has no dot in its algorithm, a host has.
	bareUserPart = regexp.MustCompile(`[^\s/@"'<>:]+:[^\s/@"'<>]+@((?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+)`)
	query        = regexp.MustCompile(`(?:\?|&amp;|&)[^\s"'<>#]+`)
	fragment     = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>#]*)#[^\s"'<>]+`)

	authorization = regexp.MustCompile(`(?i)(authorization["']?\s*[:=]\s*["']?(?:(?:basic|bearer|negotiate|digest|token)\s+)?)[^\s"',;]+`)
	schemeAtEnd   = regexp.MustCompile(`(?i)(?:basic|bearer|negotiate|digest|token)\s+$`)
	scheme        = regexp.MustCompile(`(?i)\b(?:basic|bearer)\s+[A-Za-z0-9._~+/-]+=*`)
	quotedValue   = regexp.MustCompile(`(?i)("(?:password|passwd|auth|secret|token|[a-z_]*_token|identitytoken|registrytoken)"\s*:\s*")(?:[^"\\]|\\.)*`)
	namedValue    = regexp.MustCompile(
		`(?i)(\b(?:password|passwd|pwd|secret|token|[a-z_]*_token|identitytoken|registrytoken|x-amz-[a-z-]+|x-goog-[a-z-]+|signature|sig)=["']?)[^\s"'&,;]+`)
	// $(command …) or $NAME: no value, but where it comes from.
	shellReference = regexp.MustCompile(`^\$(?:\(|[A-Z][A-Z0-9_]*$)`)
	// Base64 of `{"`: a JSON Web Token, an ECR password, a docker configuration.
	encodedJSON = regexp.MustCompile(`eyJ[A-Za-z0-9_+/=.-]{8,}`)
	vendorToken = regexp.MustCompile(
		`\b(?:gh[opsur]_[A-Za-z0-9]{8,}|github_pat_[A-Za-z0-9_]{8,}|gl(?:pat|dt|cbt|ptt|rt)-[A-Za-z0-9_.-]{8,}|dckr_[po]at_[A-Za-z0-9_-]{8,}|ya29\.[A-Za-z0-9_-]{8,}|xox[abeprs]-[A-Za-z0-9-]{8,}|AKC[A-Za-z0-9]{20,}|A(?:KIA|SIA)[A-Z0-9]{12,})`)
)

// plain makes one line of visible characters.
func plain(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = terminalSequence.ReplaceAllString(s, "")
	s = lineBreak.ReplaceAllString(s, " ")
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || unicode.IsGraphic(r) && !unicode.IsSpace(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return -1 // control, format (bidi, zero width), private use, unassigned
	}, s)
}

// hideParameters hides the values of a query, which begins with its separator.
func hideParameters(s string) string {
	separator := "&"
	if s[0] == '?' {
		separator = "?"
	}
	s = strings.ReplaceAll(s, "&amp;", "&")
	parts := strings.Split(s[1:], "&")
	for i, part := range parts {
		name, _, found := strings.Cut(part, "=")
		switch {
		case found && harmless(name):
		case found:
			parts[i] = name + "=" + Hidden
		case len(part) >= shortestToken:
			parts[i] = Hidden
		}
	}
	return separator + strings.Join(parts, "&")
}

// hideAuthorization hides the value of an Authorization header. Without a scheme
// it has to look encoded: "may require authorization: authorization failed" is
// what containerd says of every refusal.
func hideAuthorization(s string) string {
	parts := authorization.FindStringSubmatch(s)
	head, value := parts[1], strings.TrimPrefix(s, parts[1])
	encoded := func(r rune) bool { return unicode.IsDigit(r) || unicode.IsUpper(r) || r == '=' }
	if strings.HasSuffix(head, " ") && schemeAtEnd.MatchString(head) || strings.ContainsFunc(value, encoded) {
		return head + Hidden
	}
	return s
}

// hideScheme hides what follows the name of a scheme, unless it is a word as in
// "Basic authentication".
func hideScheme(s string) string {
	blank := strings.LastIndexFunc(s, unicode.IsSpace)
	value := s[blank+1:]
	encoded := func(r rune) bool { return unicode.IsDigit(r) || unicode.IsUpper(r) }
	if len(value) > len("authentication") || strings.LastIndexFunc(value, encoded) > 0 {
		return s[:blank+1] + Hidden
	}
	return s
}

// shortestToken is the length from which a query without a name is hidden; a
// shorter one is a word after a question mark.
const shortestToken = 8

// harmless names the parameters that tell which registry, repository and
// service was asked.
func harmless(parameter string) bool {
	return parameter == "ns" || parameter == "scope" || parameter == "service"
}
