package keyring

import (
	"net"
	"net/url"
	"path"
	"strings"
)

// hubHost is the only key to which the kubelet falls back, and hubKey the way
// docker login writes it.
const (
	hubHost = "index.docker.io"
	hubKey  = "https://index.docker.io/v1/"
)

// indexKey returns host and path under which the kubelet files a key: without
// scheme, user, query and fragment, and without a leading "/v1" or "/v2" if a
// slash follows it.
func indexKey(key string) (string, error) {
	if !hasScheme(key) {
		key = "https://" + key
	}
	parsed, err := url.Parse(key)
	if err != nil {
		return "", err
	}
	below := parsed.Path
	if strings.HasPrefix(below, "/v1/") || strings.HasPrefix(below, "/v2/") {
		below = below[len("/v1"):]
	}
	if below == "/" {
		below = ""
	}
	return parsed.Host + below, nil
}

func hasScheme(key string) bool {
	return strings.HasPrefix(key, "https://") || strings.HasPrefix(key, "http://")
}

// location is a host and path taken apart for comparison.
type location struct {
	name string // the host without its port
	port string
	path string
}

// locate takes index keys and subjects apart. The kubelet parses its index keys
// a second time, which matters for keys with escaped characters.
func locate(schemeless string) (location, error) {
	parsed, err := url.Parse("https://" + schemeless)
	if err != nil {
		return location{}, err
	}
	name, port, err := net.SplitHostPort(parsed.Host)
	if err != nil {
		name, port = parsed.Host, ""
	}
	return location{name: name, port: port, path: parsed.Path}, nil
}

// host returns name and port as they are written.
func (l location) host() string {
	if l.port == "" {
		return l.name
	}
	return net.JoinHostPort(l.name, l.port)
}

// matches reports whether the kubelet takes an entry filed under index for
// subject: equal ports, as many labels in the host, each label matched by the
// glob in its place, and a path that the subject's path begins with.
func matches(index, subject string) bool {
	glob, err := locate(index)
	if err != nil {
		return false
	}
	target, err := locate(subject)
	if err != nil {
		return false
	}
	return glob.port == target.port && strings.HasPrefix(target.path, glob.path) &&
		hostMatches(glob.name, target.name)
}

// hostMatches compares label by label. The kubelet uses filepath.Match; on
// Linux path.Match is the same, and it is the same everywhere.
func hostMatches(glob, name string) bool {
	globs, labels := strings.Split(glob, "."), strings.Split(name, ".")
	if len(globs) != len(labels) {
		return false
	}
	for i, g := range globs {
		if ok, err := path.Match(g, labels[i]); err != nil || !ok {
			return false
		}
	}
	return true
}

// onDefaultRegistry reports whether the kubelet takes subject for an image on
// Docker Hub. It also does so for every host without a dot and a port, such as
// localhost.
func onDefaultRegistry(subject string) bool {
	host, _, found := strings.Cut(subject, "/")
	switch {
	case host == "":
		return false
	case !found, host == "docker.io", host == hubHost:
		return true
	}
	return !strings.ContainsAny(host, ".:")
}

// onHub reports whether subject really is on Docker Hub.
func onHub(subject string) bool { return strings.HasPrefix(subject, "docker.io/") }

// keyMatches reports whether the kubelet takes an entry of this key for
// subject, without its fallback for Docker Hub.
func keyMatches(key, subject string) bool {
	index, err := indexKey(key)
	return err == nil && matches(index, subject)
}
