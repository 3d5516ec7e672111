package message

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A longer text is an HTML page or a pasted log. Its beginning names the image
// and its end the cause, so the middle is left out.
const (
	longest  = 64 << 10
	keptHead = 48 << 10
)

// plain undoes what loggers, terminals and web pages did to a message: escaped
// and curled quotes, HTML entities, line breaks, control characters.
func plain(text string) string {
	if len(text) > longest {
		text = text[:keptHead] + " " + text[len(text)-(longest-keptHead):]
	}
	text = strings.ToValidUTF8(text, " ")
	if strings.IndexByte(text, '\\') >= 0 {
		text = unescape(text)
	}
	if strings.IndexByte(text, '&') >= 0 {
		text = entities().Replace(text)
	}
	return squeeze(text)
}

// unescape takes the backslashes from quotes at any depth of quoting and turns
// the usual escapes into what they stand for. It keeps other backslashes, so
// that Windows paths stay readable.
func unescape(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			b.WriteByte(text[i])
			i++
			continue
		}
		end := i
		for end < len(text) && text[end] == '\\' {
			end++
		}
		plain, width := escaped(text[end:])
		if width == 0 {
			plain = text[i:end]
		}
		b.WriteString(plain)
		i = end + width
	}
	return b.String()
}

// escaped reads what follows a backslash: the plain form and how many bytes it
// takes; zero when it is no escape.
func escaped(rest string) (plain string, width int) {
	if rest == "" {
		return "", 0
	}
	switch rest[0] {
	case '"', '\'', '/':
		return rest[:1], 1
	case 'n', 'r', 't':
		return " ", 1
	}
	for _, pair := range [...][2]string{{"u003c", "<"}, {"u003e", ">"}, {"u0026", "&"}, {"u0022", `"`}, {"u0027", "'"}} {
		if len(rest) >= 5 && strings.EqualFold(rest[:5], pair[0]) {
			return pair[1], 5
		}
	}
	return "", 0
}

func entities() *strings.Replacer {
	return strings.NewReplacer("&quot;", `"`, "&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&amp;", "&", "&nbsp;", " ")
}

// squeeze makes quotes straight and every run of blanks or control characters
// one blank.
func squeeze(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	blank := true
	for _, r := range text {
		r = straight(r)
		if r == ' ' {
			if !blank {
				b.WriteByte(' ')
			}
			blank = true
			continue
		}
		b.WriteRune(r)
		blank = false
	}
	return strings.TrimRight(b.String(), " ")
}

func straight(r rune) rune {
	switch {
	case r > ' ' && r < utf8.RuneSelf && r != 0x7f:
		return r
	case r == '“' || r == '”' || r == '„' || r == '«' || r == '»' || r == '＂':
		return '"'
	case r == '‘' || r == '’' || r == '`':
		return '\''
	case r == '：':
		return ':'
	case unicode.IsSpace(r), unicode.IsControl(r), unicode.Is(unicode.Cf, r):
		return ' '
	}
	return r
}

// lower is strings.ToLower for ASCII only: it keeps every byte where it was, so
// that a match can be quoted in the original case.
func lower(text string) string {
	i := strings.IndexFunc(text, func(r rune) bool { return r >= 'A' && r <= 'Z' })
	if i < 0 {
		return text
	}
	b := []byte(text)
	for ; i < len(b); i++ {
		if b[i] >= 'A' && b[i] <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}
