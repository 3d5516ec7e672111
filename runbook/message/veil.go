package message

import (
	"slices"
	"strings"
)

// veil hides names in a lower-case text, so that no word of an image's, a host's
// or a secret's name is taken for the error: it may be called ratelimit, or have
// the tag 1-tls. Letters and digits of names become x; everything else, and every
// byte's place, stays.
type veil struct {
	hosts []string // of registries
	names []string // repositories without a host, and these with their tag
	tags  []string
}

// veilOf collects the names that a text introduces as images.
func (t *table) veilOf(low string, seen sighting) veil {
	var v veil
	for _, id := range t.image {
		if seen[id] == 0 {
			continue
		}
		place := t.lexicon.place(seen, id)
		if strings.HasSuffix(low[:place.from], "matching ") {
			continue // a platform follows
		}
		v.know(imageAt(low[place.to:]))
	}
	return v
}

func (v *veil) know(image string) {
	image, _, _ = strings.Cut(image, "@")
	if image == "" || strings.Contains(image, "://") {
		return
	}
	if host, rest, ok := strings.Cut(image, "/"); ok && isHost(host) {
		v.hosts, image = add(v.hosts, host), rest
	}
	v.names = add(v.names, image)
	if at := strings.LastIndexByte(image, ':'); at > strings.LastIndexByte(image, '/') {
		v.names, v.tags = add(v.names, image[:at]), add(v.tags, image[at+1:])
	}
}

func add(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// isHost tells the host of a reference from the first part of its path.
func isHost(first string) bool {
	return first == "localhost" || first != "" && named(first[0]) && strings.ContainsAny(first, ".:")
}

// over returns the text with its names hidden, and where they were.
func (v veil) over(low string) (string, []span) {
	var text []byte // nil until something is hidden
	var hidden []span
	hide := func(from, to int) {
		if from >= to {
			return
		}
		if text == nil {
			text = []byte(low)
		}
		for i := from; i < to; i++ {
			if c := text[i]; 'a' <= c && c <= 'z' || digit(c) {
				text[i] = 'x'
			}
		}
		hidden = append(hidden, span{from, to})
	}
	inTokens(low, hide)
	v.byName(low, hide)
	introduced(low, hide)
	if text == nil {
		return low, nil
	}
	return string(text), hidden
}

// inTokens hides what is a name by its form, whoever introduced it: the path of
// a reference with a host, and what a registry's addresses hold.
func inTokens(low string, hide func(from, to int)) {
	for from := 0; from < len(low); from++ {
		length := strings.IndexAny(low[from:], " \"'()<>,;[]{}|")
		if length < 0 {
			length = len(low) - from
		}
		token, start := strings.TrimRight(low[from:from+length], ":."), from
		if !strings.Contains(token, "://") {
			start += strings.LastIndexByte(token, '=') + 1
			token = token[start-from:]
		}
		if slash := strings.IndexByte(token, '/'); slash > 0 {
			inToken(token, slash, func(a, b int) { hide(start+a, start+b) })
		}
		from += length
	}
}

func inToken(token string, slash int, hide func(from, to int)) {
	scheme, rest, isURL := strings.Cut(token, "://")
	switch start := len(scheme) + len("://"); {
	case isURL && (scheme == "http" || scheme == "https"):
		inAddress(rest, func(a, b int) { hide(start+a, start+b) })
	case isURL && scheme == "docker":
		if at := strings.IndexByte(rest, '/'); at > 0 && isHost(rest[:at]) {
			hide(start+at, start+endOfName(rest))
		} else {
			hide(start, start+endOfName(rest))
		}
	case isURL, !isHost(token[:slash]), strings.Contains(token, ".go:"), strings.HasSuffix(token, ".git"), strings.Contains(token, ".git/"):
	case strings.HasPrefix(token[slash:], "/v2/"):
		inAddress(token, hide)
	case !strings.HasSuffix(token[:slash], "kubernetes.io"): // there it is a type
		hide(slash, endOfName(token))
	}
}

// endOfName is where a reference's digest begins, which holds no words.
func endOfName(token string) int {
	if at := strings.IndexByte(token, '@'); at >= 0 {
		return at
	}
	return len(token)
}

// inAddress hides the names in an address without its scheme: the host of a
// registry, the repository and the tag, and what is asked of a token server.
func inAddress(address string, hide func(from, to int)) {
	path, _, _ := strings.Cut(address, "?")
	if len(path) < len(address) && !strings.HasPrefix(address[len(path):], "?ns=") {
		hide(len(path), len(address))
	} else if len(path) < len(address) {
		hide(len(path)+len("?ns="), len(address))
	}
	from := strings.Index(path, "/v2/")
	if from < 0 {
		return
	}
	hide(0, strings.IndexByte(path, '/'))
	from += len("/v2/")
	for _, mark := range [...]string{"/manifests/", "/blobs/", "/tags/", "/referrers/"} {
		if at := strings.LastIndex(path, mark); at >= from {
			hide(from, at)
			if ref := at + len(mark); !strings.Contains(path[ref:], ":") {
				hide(ref, len(path))
			}
			return
		}
	}
}
