package report

import (
	"regexp"
	"strings"
	"unicode"
)

// Markdown has many dialects; this is safe in all of them. A word that could
// mean anything to one (emphasis, link, address, mention, heading, HTML, image)
// stands in the code font, where nothing means anything.

// plainWord is a word that means nothing to any Markdown.
// A time of the day is one, too.
var plainWord = regexp.MustCompile(`^(?:[\p{L}\p{N}]+(?:['’,-][\p{L}\p{N}]+)*%?|\d\d:\d\d(?::\d\d)?)$`)

// The signs that may stand around a word.
const (
	before = `("'“‘…`
	after  = `.,;:!?)"'”’`
)

// quote makes Markdown of outside text: one line of it, without effect.
func quote(s string) string {
	words := strings.Fields(said(s))
	for n, w := range words {
		words[n] = quoteWord(w, n == 0)
	}
	return strings.Join(words, " ")
}

func quoteWord(w string, first bool) string {
	head := w[:len(w)-len(strings.TrimLeft(w, before))]
	rest := w[len(head):]
	core := strings.TrimRight(rest, after)
	tail := rest[len(core):]
	switch {
	case first && core != "" && isNumber(core) && tail != "":
		return code(w) // "1." and "1)" begin a list
	case core == "" || (first && head+core == ""):
		return quoteSigns(w, first)
	case plainWord.MatchString(core):
		return head + core + tail
	}
	return head + code(core) + tail
}

// quoteSigns is for words without a letter: a dash between words is harmless,
// at the beginning of a line it is a list.
func quoteSigns(w string, first bool) string {
	if !first && strings.Trim(w, after+"(“‘…–—-·→") == "" {
		return w
	}
	return code(w)
}

func isNumber(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
}

// code is text in the code font. A backtick would end it, so it becomes an
// apostrophe; a line break is gone already.
func code(s string) string {
	return "`" + strings.ReplaceAll(said(s), "`", "'") + "`"
}
