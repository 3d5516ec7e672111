package message

import (
	"strings"
	"unicode/utf8"
)

// longestFragment bounds what is quoted.
const longestFragment = 160

// quote returns the clause around a place: from the colon before it to the
// colon after it, in the original case.
func (s span) quote(text string) string {
	if s.to <= s.from || s.to > len(text) {
		return opening(text)
	}
	from, to := 0, len(text)
	if at := strings.LastIndex(text[:s.from], ": "); at >= 0 {
		from = at + 2
	}
	if at := strings.Index(text[s.to:], ": "); at >= 0 {
		to = s.to + at
	}
	if to-from > longestFragment {
		from = max(from, s.from-longestFragment/4)
		to = min(to, max(s.to, from+longestFragment))
	}
	return tidy(text[from:to])
}

// opening is the beginning of a text, for those that no rule knows.
func opening(text string) string {
	return tidy(text[:min(len(text), longestFragment)])
}

// tidy drops half characters at the cut and loose punctuation.
func tidy(text string) string {
	for text != "" && !utf8.RuneStart(text[0]) {
		text = text[1:]
	}
	for text != "" {
		if r, size := utf8.DecodeLastRuneInString(text); r != utf8.RuneError || size > 1 {
			break
		}
		text = text[:len(text)-1]
	}
	return strings.Trim(text, " ,")
}
