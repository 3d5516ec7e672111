package message

import "strings"

// byName hides the names that the text introduced wherever else they stand.
func (v veil) byName(low string, hide func(from, to int)) {
	for _, host := range v.hosts {
		each(low, host, func(from, to int) { hide(from, to) })
	}
	for _, name := range v.names {
		plain := !strings.ContainsAny(name, "/:")
		each(low, name, func(from, to int) {
			if !plain || isName(low[:from]) {
				hide(from, to)
			}
		})
	}
	for _, tag := range v.tags {
		each(low, tag, func(from, to int) {
			if isTag(low[:from], low[to:]) {
				hide(from, to)
			}
		})
	}
}

// each finds a word where it is part of no longer one.
func each(low, word string, found func(from, to int)) {
	for from := 0; ; {
		at := strings.Index(low[from:], word)
		if at < 0 {
			return
		}
		at += from
		from = at + len(word)
		if (at == 0 || !named(low[at-1])) && (from == len(low) || !named(low[from])) {
			found(at, from)
		}
	}
}

// named tells a letter, a digit, or what joins them within a part of a name.
func named(c byte) bool {
	return 'a' <= c && c <= 'z' || digit(c) || c == '-' || c == '_'
}

// isName tells that a word which may as well be one of the sentence stands where
// a name does.
func isName(before string) bool {
	for _, mark := range [...]string{
		`"`, "'", "/", "//", "image ", "images ", "repository ", "repo ", "manifest for ", "denied for ", "access to ", "name ", "name=",
		"name: ", "unable to pull ",
	} {
		if strings.HasSuffix(before, mark) {
			return true
		}
	}
	return false
}

// isTag tells the same of a tag.
func isTag(before, after string) bool {
	if strings.HasSuffix(before, "manifest ") {
		return strings.HasPrefix(after, " in ")
	}
	for _, mark := range [...]string{"/manifests/", "tag ", "tag=", "tag: "} {
		if strings.HasSuffix(before, mark) {
			return true
		}
	}
	if strings.HasSuffix(before, ":") {
		return !strings.HasPrefix(after, ":") || strings.HasSuffix(before, `":`)
	}
	return (strings.HasSuffix(before, `"`) || strings.HasSuffix(before, "'")) && (strings.HasPrefix(after, `"`) || strings.HasPrefix(after, "'"))
}

// introduced hides the names of other objects: secrets, pods, containers.
func introduced(low string, hide func(from, to int)) {
	for _, m := range [...]struct{ before, after string }{
		{"image pull secrets (", ")"},
		{`secret "`, `"`},
		{`secrets "`, `"`},
		{`pod="`, `"`},
		{`containername="`, `"`},
		{`"startcontainer" for "`, `"`},
	} {
		for from := 0; ; {
			at := strings.Index(low[from:], m.before)
			if at < 0 {
				break
			}
			from += at + len(m.before)
			if length := strings.Index(low[from:], m.after); length > 0 && low[from:from+length] != "pod" {
				hide(from, from+length)
			}
		}
	}
}

// Names tells whether a text names an image, and not one whose name only begins
// or ends like it.
func Names(text, image string) bool {
	found, low := false, lower(text)
	each(low, lower(image), func(from, to int) {
		more := to+1 < len(low) && strings.IndexByte(".:@/", low[to]) >= 0 && named(low[to+1])
		found = found || !more && (from == 0 || low[from-1] != '.')
	})
	return found
}
