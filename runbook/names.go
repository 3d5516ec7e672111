package runbook

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// kindWord is the kind as people say it and kubectl takes it.
func kindWord(kind string) string {
	if kind == "" {
		return "pod"
	}
	return strings.ToLower(kind)
}

func secretName(source string) string { return strings.TrimPrefix(source, "secret/") }

// ShownKey is the key of a pull secret's entry as people can read it: quoted
// where it holds a blank or what does not show.
func ShownKey(key string) string {
	odd := func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }
	if strings.ContainsFunc(key, odd) {
		return strconv.Quote(key)
	}
	return key
}

// count says "1 pod", "3 pods".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// list joins names as a sentence does: a, b and c; long lists are cut.
func list(names []string) string {
	const most = 4
	if len(names) > most {
		names = append(append([]string{}, names[:most-1]...), fmt.Sprintf("%d more", len(names)-most+1))
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
