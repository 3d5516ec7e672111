package runbook

import (
	"strings"

	"github.com/distribution/reference"

	"github.com/pullfix/pullfix/runbook/vendor"
)

// Reference is an image reference as the kubelet reads it.
type Reference struct {
	vendor.Image
	// Given says that the registry was written; a bare name means Docker Hub.
	Given bool
	// Problem says why the reference does not parse, in plain words; "" when it
	// does.
	Problem string
	// Warning is a likely slip in a reference that parses.
	Warning string
}

// ParseReference reads an image as the kubelet does: bare names mean Docker
// Hub, and :latest is added when there is neither tag nor digest.
func ParseReference(image string) Reference {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return Reference{Problem: slip(image, err), Image: vendor.Image{Host: guessHost(image)}}
	}
	r := Reference{Image: vendor.Image{Host: reference.Domain(named), Repository: reference.Path(named)}}
	if r.Host == "" { // what looks like one, and may not be one, was read as part of the path
		r.Host, r.Repository, _ = strings.Cut(r.Repository, "/")
	}
	if tagged, ok := named.(reference.Tagged); ok {
		r.Tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		r.Digest = digested.Digest().String()
	}
	if r.Tag == "" && r.Digest == "" {
		r.Tag = "latest"
	}
	r.Given = r.Host != "docker.io" || strings.HasPrefix(image, "docker.io/") || strings.HasPrefix(image, "index.docker.io/")
	r.Warning = warn(image, r)
	return r
}

// warn finds slips that still parse (pull-semantics: a first part counts as a
// registry only with a dot, a port or an upper-case letter, or as localhost).
func warn(image string, r Reference) string {
	first, _, hasSlash := strings.Cut(image, "/")
	switch {
	case undoubled(image) != "":
		return hostTwice
	case r.oddHost():
		return r.Host + ` holds "_", which the name of a host may not`
	case slipOf(r.Host) != "":
		return r.Host + " looks like a slip of the pen for " + slipOf(r.Host)
	case !hasSlash && strings.Contains(strings.Split(image, ":")[0], "."):
		return image + " has no repository: it looks like a registry, but means docker.io/" + r.Repository
	case hasSlash && r.Host == first && !strings.ContainsAny(first, ".:") && first != "localhost":
		return first + " is taken for a registry host because of its upper-case letter"
	case !r.Given && hasSlash && strings.Contains(first, "-") && strings.HasSuffix(first, "-registry"):
		return first + " has no dot and no port, so it is a Docker Hub user, not a registry"
	}
	return ""
}

// oddHost tells that what stands for the registry cannot be the name of a host.
func (r Reference) oddHost() bool { return strings.Contains(r.Host, "_") }

// guessHost finds the registry in a reference that does not parse.
func guessHost(image string) string {
	image = strings.TrimSpace(image)
	if _, rest, ok := strings.Cut(image, "://"); ok {
		image = rest
	}
	first, _, ok := strings.Cut(image, "/")
	if ok && (strings.ContainsAny(first, ".:") || first == "localhost") && !strings.ContainsAny(first, "${}<> ") {
		return first
	}
	return ""
}

// sameImage tells whether two spellings name the same image.
func sameImage(a, b string) bool {
	if a == b {
		return true
	}
	ra, rb := ParseReference(a), ParseReference(b)
	return ra.Problem == "" && rb.Problem == "" && ra.Image == rb.Image
}

// short is the reference as people say it: without docker.io/library/.
func (r Reference) short() string {
	s := r.name()
	if r.Tag != "" {
		s += ":" + r.Tag
	}
	if r.Digest != "" {
		s += "@" + r.Digest
	}
	return s
}

// name is the repository with its registry; official Docker Hub images keep
// their bare name with a hint.
func (r Reference) name() string {
	if r.Host == "" {
		return r.Repository
	}
	return r.Host + "/" + r.Repository
}

// version is the tag or the digest, as a noun phrase.
func (r Reference) version() string {
	if r.Digest != "" {
		return "digest " + shortDigest(r.Digest)
	}
	return "tag " + r.Tag
}

func shortDigest(digest string) string {
	const shown = len("sha256:") + 12
	if len(digest) > shown {
		return digest[:shown]
	}
	return digest
}
