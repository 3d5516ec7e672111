package runbook

import (
	"fmt"
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
		{contains("{{"), "a template was not filled in ({{ … }})"},
		{func(s string) bool { return strings.Contains(s, "<") && strings.Contains(s, ">") }, "a placeholder was not filled in (<…>)"},
		{contains("://"), "the name begins with a scheme; an image is written without https://"},
		{func(s string) bool { return strings.ContainsAny(s, " \t\n") }, "there is a space in the name"},
		{func(s string) bool { return strings.HasSuffix(s, ":") }, "the tag after the colon is empty"},
		{func(s string) bool { return strings.HasSuffix(s, "@") }, "the digest after the @ is empty"},
		{badDigest, "what stands after the @ is no digest: that is sha256: and 64 hex digits in lower case"},
		{func(s string) bool { return undoubled(s) != "" }, hostTwice},
		{longTag, "the tag is longer than 128 characters"},
		{upperRepository, "the repository name must be lowercase"},
		{contains("//"), "there is an empty part between two slashes"},
		{func(s string) bool { return strings.Contains(guessHost(s), "_") }, `the name of a host may not hold "_"`},
	}
}

func longTag(image string) bool {
	i := strings.LastIndexByte(image, ':')
	return i > strings.LastIndexByte(image, '/') && len(image)-i-1 > 128
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
