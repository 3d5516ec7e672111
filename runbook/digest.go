package runbook

import (
	"fmt"
	"slices"
)

// beside is the answer that tells of the tag beside a missing digest.
func (e evidence) beside() (Answer, bool) {
	if e.ref.Digest == "" || e.ref.Tag == "" {
		return Answer{}, false
	}
	for _, a := range append(e.sent(), e.otherAnswers()...) {
		if slices.Contains(a.Tags, e.ref.Tag) {
			return a, true
		}
	}
	return Answer{}, false
}

// besideSays tells that the tag is there, though not with the digest that
// decides.
func (e evidence) besideSays() string {
	a, ok := e.beside()
	switch {
	case !ok:
		return ""
	case a.TagDigest == "":
		return fmt.Sprintf("; the tag %s does, with another digest", e.ref.Tag)
	}
	return fmt.Sprintf("; the tag %s does, with the digest %s", e.ref.Tag, shortDigest(a.TagDigest))
}

// pinned is the image with the digest that its tag has; "" where that is not
// known.
func (e evidence) pinned() string {
	a, ok := e.beside()
	if !ok || a.TagDigest == "" {
		return ""
	}
	return e.spelling(e.ref.Tag) + "@" + a.TagDigest
}
