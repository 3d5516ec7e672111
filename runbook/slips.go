package runbook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
)

// slip explains a reference that does not parse.
func slip(image string, err error) string {
	for _, s := range slips() {
		if s.in(image) {
			return s.says
		}
	}
	return strings.TrimPrefix(err.Error(), "invalid reference format: ")
}

type slipRule struct {
	in   func(string) bool
	says string
}

// slips are the usual ways to spoil a reference, most telling first.
func slips() []slipRule {
	contains := func(part string) func(string) bool {
		return func(s string) bool { return strings.Contains(s, part) }
	}
	return []slipRule{
		{func(s string) bool { return s == "" }, "the image is empty"},
		{func(s string) bool { return strings.TrimSpace(s) != s }, "there is a space or a line end around the name"},
		{contains("${"), "a variable was not filled in (${…})"},
		{contains("$("), "a variable was not filled in ($(…))"},
		{contains("$"), "a variable was not filled in ($…)"},
		{func(s string) bool { return strings.Count(s, "%") > 1 }, "a variable was not filled in (%…%)"},
		{contains("{{"), "a template was not filled in ({{ … }})"},
		{func(s string) bool { return strings.Contains(s, "<") && strings.Contains(s, ">") }, "a placeholder was not filled in (<…>)"},
		{contains("://"), "the name begins with a scheme; an image is written without https://"},
		{func(s string) bool { return strings.ContainsAny(s, " \t\n") }, "there is a space in the name"},
		{func(s string) bool { return strings.ContainsAny(s, "\"'`") }, "there are quotes in the name"},
		{func(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r > 0x7e }) >= 0 }, "a letter of the name is none of a to z"},
		{func(s string) bool { return strings.HasSuffix(s, ":") }, "the tag after the colon is empty"},
		{func(s string) bool { return strings.HasSuffix(s, "@") }, "the digest after the @ is empty"},
		{badDigest, "what stands after the @ is no digest: that is sha256: and 64 hex digits in lower case"},
		{func(s string) bool { return undoubled(s) != "" }, hostTwice},
		{longTag, "the tag is longer than 128 characters"},
		{func(s string) bool { return strings.Contains(tagOf(s), "+") }, `a tag may not hold "+": build metadata is written with "-" or "_" there`},
		{func(s string) bool { return strings.Count(lastPart(s), ":") > 1 && !strings.Contains(s, "@") }, "there are two tags"},
		{slashedTag, `a tag may not hold "/"`},
		{upperRepository, "the repository name must be lowercase"},
		{contains("//"), "there is an empty part between two slashes"},
		{func(s string) bool { return strings.Contains(guessHost(s), "_") }, `the name of a host may not hold "_"`},
	}
}

// tagOf is what stands behind the last colon, "" where that is a port's.
func tagOf(image string) string {
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		return image[i+1:]
	}
	return ""
}

// slashedTag tells a branch's name as the tag (app:feature/login): what stands
// behind the colon can be no port.
func slashedTag(image string) bool {
	before, after, ok := strings.Cut(image, ":")
	part, _, slash := strings.Cut(after, "/")
	return ok && slash && before != "" && strings.Trim(part, "0123456789") != ""
}

func longTag(image string) bool {
	return len(tagOf(image)) > 128
}

func upperRepository(image string) bool {
	rest := image
	if i := strings.IndexByte(image, '/'); i >= 0 && strings.ContainsAny(image[:i], ".:") {
		rest = image[i+1:]
	}
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		rest = rest[:i]
	}
	return strings.ToLower(rest) != rest
}

// badDigest tells a digest that is cut off, mistyped or of no known kind.
func badDigest(image string) bool {
	_, digest, ok := strings.Cut(image, "@")
	if !ok {
		return false
	}
	kind, hex, _ := strings.Cut(digest, ":")
	digits := map[string]int{"sha256": 64, "sha384": 96, "sha512": 128}[kind]
	return digits == 0 || len(hex) != digits || strings.Trim(hex, "0123456789abcdef") != ""
}

const hostTwice = "the registry's host stands twice in the name"

// undoubled is the image with its host once, where that stands twice, as by a
// prefix that a chart and its values both give; "" where it does not. The second
// may lack the port, or have it behind a slash.
func undoubled(image string) string {
	host, rest, _ := strings.Cut(image, "/")
	if !strings.ContainsAny(host, ".:") {
		return ""
	}
	name, _, _ := strings.Cut(host, ":")
	for _, again := range []string{host, strings.ReplaceAll(host, ":", "/"), name} {
		if path, ok := strings.CutPrefix(rest, again+"/"); ok && path != "" {
			return host + "/" + path
		}
	}
	return ""
}

// meant says what the name means where that may be the mistake: one without
// a registry leads to Docker Hub, where the image may not even be meant to be,
// and one with its host twice to nothing.
func (e evidence) meant(f finding) string {
	switch {
	case e.ref.Problem != "":
	case f.cause == cause.RepositoryNotFound && e.ref.Warning != "":
		return ": " + e.ref.Warning
	case isNetwork(f.cause) && !e.ref.Given && !e.works():
		return fmt.Sprintf("; %s names no registry, which means Docker Hub", e.pull.Image)
	}
	return ""
}

// wellKnown are the registries whose names are mistyped most.
func wellKnown() []string {
	return []string{
		"docker.io", "ghcr.io", "quay.io", "gcr.io", "registry.k8s.io", "mcr.microsoft.com", "public.ecr.aws",
		"registry.gitlab.com", "docker.elastic.co", "nvcr.io", "cgr.dev", "lscr.io",
	}
}

// slipOf is the well-known registry that one slip of the pen makes of this host:
// a letter too many, too few, another, or two that were swapped; "" when there is
// none. Whoever owns the wrong name may wait for logins there.
func slipOf(host string) string {
	if slices.Contains(wellKnown(), host) {
		return ""
	}
	for _, known := range wellKnown() {
		if oneSlip(host, known) {
			return known
		}
	}
	return ""
}

func oneSlip(a, b string) bool {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	swapped := len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
	return swapped || len(a) <= 1 && len(b) <= 1 && a != b
}
