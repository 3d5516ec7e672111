package keyring

import (
	"fmt"
	"strings"
	"unicode"
)

// entryHints says what is odd about an entry, whatever the image.
func entryHints(d draft, entry configEntry, raw []byte) []string {
	var hints []string
	if strings.Contains(d.raw, "@") && d.Key != d.raw {
		hints = append(hints, "the key has a user or password before an @, which the kubelet ignores")
	}
	if entry.overridden {
		hints = append(hints, "auth overrides username and password, and says something else")
	}
	token := ignoredToken(raw)
	if token != "" {
		hints = append(hints, token+" is ignored by the kubelet")
	}
	c := entry.credential
	switch {
	case c.User == "" && c.Password.Empty():
		hints = append(hints, "user and password are empty: it is tried as an anonymous pull")
	case c.Password.Empty():
		hints = append(hints, "the password is empty: the registry is asked anonymously")
	case c.User == "":
		hints = append(hints, "the user is empty: containerd drops the password and asks anonymously")
	}
	hints = append(hints, spaceHints(c)...)
	return append(hints, KindHints(c, d.Host)...)
}

// ignoredToken names the token of an entry that other clients use and the
// kubelet does not know.
func ignoredToken(raw []byte) string {
	fields, _ := members(raw) // what is no object has no fields
	for _, f := range fields {
		if isNull(f.raw) || string(f.raw) == `""` {
			continue
		}
		for _, name := range []string{"identitytoken", "registrytoken"} {
			if strings.EqualFold(f.name, name) {
				return name
			}
		}
	}
	return ""
}

// spaceHints reports white space around user and password, which the kubelet
// sends along.
func spaceHints(c Credential) []string {
	var hints []string
	password := c.Password.text()
	switch {
	case strings.HasSuffix(password, "\n"):
		hints = append(hints, "trailing newline in the password (echo instead of echo -n?): the kubelet sends it along")
	case password != strings.TrimSpace(password):
		hints = append(hints, "space before or after the password: the kubelet sends it along")
	}
	if c.User != strings.TrimFunc(c.User, unicode.IsSpace) {
		hints = append(hints, "space or line break before or after the user: the kubelet sends it along")
	}
	if strings.ContainsFunc(c.User, unicode.IsControl) && c.User == strings.TrimSpace(c.User) {
		hints = append(hints, fmt.Sprintf("the user %s holds a control character", MaskUser(c.User)))
	}
	return append(hints, unseenHints(c)...)
}

const byteOrderMark = "\ufeff"

// unseenHints reports what an editor or a web page leaves behind and nobody
// sees: a byte order mark, spaces without width, marks of direction.
func unseenHints(c Credential) []string {
	var hints []string
	for _, part := range []struct{ name, text string }{{"user", c.User}, {"password", c.Password.text()}} {
		switch {
		case strings.HasPrefix(part.text, byteOrderMark):
			hints = append(hints, "byte order mark before the "+part.name+" (a file saved as UTF-8 with BOM?): the kubelet sends it along")
		case strings.ContainsFunc(part.text, func(r rune) bool { return unicode.Is(unicode.Cf, r) }):
			hints = append(hints, "invisible character in the "+part.name+" (copied from a page or a document?): the kubelet sends it along")
		}
	}
	return hints
}
