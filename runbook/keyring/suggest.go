package keyring

import (
	"net"
	"strings"
)

// written is a key taken apart as a person reads it, also when it is not a URL.
type written struct{ host, path string }

func (w written) String() string {
	if w.path == "/" {
		return w.host
	}
	return w.host + w.path
}

// suggest returns a key close to this one that the kubelet would match, or ""
// when only another key would. The repairs add up, so that a key with two
// faults gets an answer too; each answer is tried before it is given.
func suggest(key, subject string) string {
	target, err := locate(subject)
	if err != nil {
		return ""
	}
	w := takeApart(key)
	if onHub(subject) && meansHub(w) {
		return hubKey
	}
	if candidate := w.String(); candidate != key && keyMatches(candidate, subject) {
		return candidate
	}
	for _, repair := range []func(written, location) written{
		repairHub, repairHostCase, repairPort, repairLabels,
		repairVersion, repairSlashes, repairTag, repairGlob, repairLibrary, repairPathCase, repairEndSlash,
	} {
		repaired := repair(w, target)
		if repaired == w {
			continue
		}
		w = repaired
		if candidate := w.String(); candidate != key && keyMatches(candidate, subject) {
			return candidate
		}
	}
	return ""
}

// takeApart drops spaces, quotes, any scheme, the user, query and fragment.
func takeApart(key string) written {
	key = strings.Trim(strings.TrimSpace(key), `"'`)
	if _, rest, found := strings.Cut(key, "://"); found {
		key = rest
	}
	key = strings.TrimLeft(key, "/ ")
	if i := strings.IndexAny(key, "?#"); i >= 0 {
		key = key[:i]
	}
	host, path := key, ""
	if i := strings.IndexByte(key, '/'); i >= 0 {
		host, path = key[:i], key[i:]
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	return written{host: strings.TrimSpace(host), path: strings.TrimSpace(path)}
}

// meansHub reports whether somebody meant all of Docker Hub.
func meansHub(w written) bool {
	name := strings.TrimSuffix(strings.ToLower(w.host), ":443")
	switch w.path {
	case "", "/", "/v1", "/v1/", "/v2", "/v2/":
		return isHubAlias(name) || name == hubHost || name == "docker.io"
	}
	return false
}

func repairHub(w written, target location) written {
	if name := strings.ToLower(w.host); target.name == "docker.io" && (isHubAlias(name) || name == hubHost) {
		w.host = target.name
	}
	return w
}

func repairHostCase(w written, target location) written {
	if strings.EqualFold(w.host, target.host()) {
		w.host = target.host()
	} else if target.name == strings.ToLower(target.name) {
		w.host = strings.ToLower(w.host)
	}
	return w
}

func repairPort(w written, target location) written {
	name, _, err := net.SplitHostPort(w.host)
	if err != nil {
		name = w.host
	}
	if !hostMatches(name, target.name) {
		return w
	}
	w.host = location{name: name, port: target.port}.host()
	return w
}

// repairLabels replaces a glob by the image's host if what is written out in
// the glob is how that host ends.
func repairLabels(w written, target location) written {
	_, tail, found := cutLast(w.host, "*")
	if !found || !strings.HasSuffix(target.host(), tail) && "."+target.host() != tail {
		return w
	}
	if tail == "" && strings.Trim(w.host, "*.") != "" {
		return w // "registry.*" may mean somebody else's host
	}
	w.host = target.host()
	return w
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func repairVersion(w written, _ location) written {
	if w.path == "/v1" || w.path == "/v2" {
		w.path = ""
	}
	return w
}

func repairSlashes(w written, _ location) written {
	for strings.Contains(w.path, "//") {
		w.path = strings.ReplaceAll(w.path, "//", "/")
	}
	return w
}

func repairTag(w written, _ location) written {
	w.path = withoutTag(w.path)
	return w
}

// withoutTag cuts the tag and the digest off a path.
func withoutTag(path string) string {
	path, _, _ = strings.Cut(path, "@")
	if i := strings.LastIndexByte(path, ':'); i > strings.LastIndexByte(path, '/') {
		path = path[:i]
	}
	return path
}

// repairGlob keeps what stands before the first glob of a path; that is all a
// glob there could mean if what follows it is nothing.
func repairGlob(w written, _ location) written {
	if rest := strings.TrimRight(w.path, "*"); rest != w.path && !strings.ContainsAny(rest, "*?[") {
		w.path = rest
	}
	return w
}

func repairLibrary(w written, target location) written {
	if target.name == "docker.io" && strings.HasPrefix(target.path, "/library"+w.path) && w.path != "" {
		w.path = "/library" + w.path
	}
	return w
}

func repairPathCase(w written, target location) written {
	if strings.HasPrefix(target.path, strings.ToLower(w.path)) {
		w.path = strings.ToLower(w.path)
	}
	return w
}

func repairEndSlash(w written, target location) written {
	if trimmed := strings.TrimRight(w.path, "/"); trimmed == target.path {
		w.path = trimmed
	}
	return w
}
