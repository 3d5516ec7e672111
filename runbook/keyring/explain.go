package keyring

import (
	"fmt"
	"strings"
)

// difference is a key that does not match and an image, taken apart.
type difference struct {
	raw     string
	key     location
	target  location
	subject string
}

// mismatch says in plain words why a key, filed under index, does not match
// subject.
func mismatch(raw, index, subject string) string {
	key, err := locate(index)
	if err != nil {
		return "the key has an escaped character that the kubelet cannot read again"
	}
	target, err := locate(subject)
	if err != nil {
		return "the image's name cannot be compared with a key"
	}
	d := difference{raw: raw, key: key, target: target, subject: subject}
	for _, explain := range []func(difference) string{
		foreignScheme, hubAlias, versionPath, imageAlias, hostCase, addressWithoutPort, port, labels, host,
		pathGlob, pathTag, pathOfficial, pathSlash, pathCase,
	} {
		if reason := explain(d); reason != "" {
			return reason
		}
	}
	return fmt.Sprintf("the key is for %s, which %s does not begin with", key.path, target.path)
}

func foreignScheme(d difference) string {
	scheme, _, found := strings.Cut(d.raw, "://")
	if !found || hasScheme(d.raw) || strings.ContainsAny(scheme, "/.") {
		return ""
	}
	return fmt.Sprintf("the kubelet knows the schemes https:// and http:// only, in lower case, and takes %s for the host", scheme)
}

// isHubAlias reports whether people write host when they mean Docker Hub,
// although the kubelet does not know it as that.
func isHubAlias(host string) bool {
	switch strings.ToLower(host) {
	case "registry-1.docker.io", "hub.docker.com", "registry.hub.docker.com", "index.docker.com", "docker.com",
		"www.docker.com", "registry.docker.io", "auth.docker.io", "*.docker.io", "*.docker.com", "dockerhub", "hub.docker.io":
		return true
	}
	return false
}

func hubAlias(d difference) string {
	if !onHub(d.subject) || !isHubAlias(d.key.host()) {
		return ""
	}
	return fmt.Sprintf("%s is not a name of Docker Hub to the kubelet", d.key.host())
}

func versionPath(d difference) string {
	if d.key.path != "/v1" && d.key.path != "/v2" {
		return ""
	}
	if !hostMatches(d.key.name, d.target.name) && (d.key.name != hubHost || !onHub(d.subject)) {
		return ""
	}
	return fmt.Sprintf("%s without a slash at the end is taken as a path", d.key.path)
}

func imageAlias(d difference) string {
	if !isHubAlias(d.target.host()) || d.key.name != hubHost && d.key.name != "docker.io" {
		return ""
	}
	return fmt.Sprintf("the image names %s, which the kubelet does not take for Docker Hub", d.target.host())
}

func hostCase(d difference) string {
	if d.key.name == d.target.name || !strings.EqualFold(d.key.name, d.target.name) {
		return ""
	}
	return fmt.Sprintf("upper and lower case count: the key's host is %s, the image's is %s", d.key.name, d.target.name)
}

func addressWithoutPort(d difference) string {
	if !strings.HasPrefix(d.key.name, "[") {
		return ""
	}
	return fmt.Sprintf("the kubelet takes the brackets of %s for a set of letters, so an IPv6 address matches only with a port", d.key.name)
}

func port(d difference) string {
	if d.key.port == d.target.port || !hostMatches(d.key.name, d.target.name) {
		return ""
	}
	switch {
	case d.target.port == "":
		return fmt.Sprintf("the key has :%s, the image has no port", d.key.port)
	case d.key.port == "":
		return fmt.Sprintf("the image has port %s, the key has none", d.target.port)
	}
	return fmt.Sprintf("the key has :%s, the image has port %s", d.key.port, d.target.port)
}

func labels(d difference) string {
	has, wants := strings.Count(d.key.name, ".")+1, strings.Count(d.target.name, ".")+1
	if has == wants || !strings.ContainsAny(d.key.name, "*?[") {
		return ""
	}
	return fmt.Sprintf("%s has %s, the host %s has %d: a * stands for one label",
		d.key.name, count(has, "label"), d.target.name, wants)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func host(d difference) string {
	switch {
	case d.key.name == "":
		return "the key names no host"
	case d.key.name == hubHost && onHub(d.subject) && d.key.port == "":
		return fmt.Sprintf("%s counts for Docker Hub only without a path, and the key has %s", hubHost, d.key.path)
	case hostMatches(d.key.name, d.target.name):
		return ""
	}
	return fmt.Sprintf("the key is for %s, the image is on %s", d.key.host(), d.target.host())
}

func pathGlob(d difference) string {
	if !strings.ContainsAny(d.key.path, "*?[") {
		return ""
	}
	return fmt.Sprintf("globs work in the host only, not in the path %s", d.key.path)
}

func pathTag(d difference) string {
	if repository := withoutTag(d.key.path); repository != d.key.path {
		return fmt.Sprintf("the key has a tag or digest (%s), and the kubelet compares repositories without them",
			strings.TrimLeft(d.key.path[len(repository):], ":@"))
	}
	return ""
}

func pathOfficial(d difference) string {
	if !strings.HasPrefix(d.target.path, "/library/") || !strings.HasPrefix(d.target.path, "/library"+d.key.path) {
		return ""
	}
	return fmt.Sprintf("the image's full name is %s, with library", d.subject)
}

func pathSlash(d difference) string {
	if strings.Contains(d.key.path, "//") {
		return fmt.Sprintf("the path %s has a slash too many", d.key.path)
	}
	if strings.HasPrefix(d.target.path+"/", d.key.path) {
		return fmt.Sprintf("the path %s ends with a slash, and the image is not below it", d.key.path)
	}
	return ""
}

func pathCase(d difference) string {
	if !strings.HasPrefix(d.target.path, strings.ToLower(d.key.path)) {
		return ""
	}
	return fmt.Sprintf("upper and lower case count: the key's path is %s, the image's is %s", d.key.path, d.target.path)
}
