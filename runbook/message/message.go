// Package message turns what kubelets and container runtimes say about image
// pulls into causes. A text is a hint, not a proof: the same words can have
// several roots, which is why every reading says how far its text supports it
// and which fragment of it decided.
//
// The rules rest on the wording of the libraries that write these texts
// (containerd, containers/image, the Docker engine, distribution, Go's net,
// crypto/tls and net/http, the kubelet), because that wording outlives the
// wrappers that each release puts around it.
package message

import (
	"slices"

	"github.com/pullfix/pullfix/runbook/cause"
)

// Reading is what one message says.
type Reading struct {
	Message   string          // the text as given
	Cause     cause.Cause     // the main cause
	Certainty cause.Certainty // how far the text alone supports the cause
	// Also holds the causes of further elements of an aggregate, of the mirrors
	// that failed before, and of what kept the sandbox image away, in order and
	// without the main one.
	Also []cause.Cause
	// Image is the image the text names, empty when it names none. For an image
	// volume this is the volume's image, not the container's.
	Image    string
	Host     string // host that answered or was dialled, empty when none is named
	Registry string // registry host of the image (docker.io for bare names), else Host
	// Mirror is the host that answered in place of the image's registry.
	Mirror string
	// Asked says that Host was asked by its name or in a URL: an address that was
	// only dialled may be anybody's.
	Asked bool
	// Lost says that the registry, or a mirror, does not hold content that the
	// image names: it did not get damaged on its way.
	Lost bool
	// HadCredential is the node's own word on whether it sent a credential; nil
	// when it does not say.
	HadCredential *bool
	Tried         []Tried   // the mirrors that failed before the registry was asked
	Elements      []Element // the elements of an aggregate "[e1, e2]", nil otherwise
	Fragment      string    // the decisive words, for quoting
}

// Element is one error of an aggregate: the kubelet tries one credential after
// the other and joins their errors.
type Element struct {
	Text     string
	Cause    cause.Cause
	Fragment string
}

// Tried is a mirror that failed before: its host, and its decisive words.
type Tried struct{ Host, Fragment string }

// Read classifies a message. It does not fail: a text that no rule knows is
// read as Unknown, with its own beginning as the fragment.
func Read(text string) Reading {
	t := rules()
	clean := plain(text)
	low := lower(clean)
	seen := t.lexicon.scan(low)
	v := t.veilOf(low, seen)
	whole := t.behindVeil(v, low, seen)
	seen = whole.seen
	p := split(clean)
	var found []finding
	if len(p.elements) == 1 && p.elements[0] == clean {
		found = []finding{t.judge(clean, whole)}
	} else {
		found = t.findings(p, v)
	}
	main := found[mostTelling(found)]
	mirrors := t.ofMirrors(p, v)
	causes := append(causesOf(found), causesOf(mirrors)...)
	mirror, tried := "", triedOf(p.mirrors, mirrors)
	if len(mirrors) > 0 && t.unasked(main, seen) {
		n := mostTelling(mirrors)
		main, mirror, tried = mirrors[n], tried[n].Host, nil
	}
	if fragment, ok := t.sandboxImage(seen); ok {
		main = finding{cause: cause.SandboxImage, fragment: fragment.quote(clean)}
	}
	reading := Reading{Message: text, Cause: main.cause, Fragment: main.fragment, Lost: main.lost, Also: others(main.cause, causes)}
	if len(p.elements) > 1 {
		reading.Elements = elementsOf(p.elements, found)
	}
	reading.Mirror, reading.Tried = mirror, tried
	reading.locate(clean, seen, p)
	reading.HadCredential = t.hadCredential(seen)
	reading.Certainty = certainty(reading)
	return reading
}

// findings classifies each element of a message that was taken apart.
func (t *table) findings(p parts, v veil) []finding {
	_, wrapped := t.lexicon.scan(lower(p.wrapper)).first(t.pull)
	found := make([]finding, 0, len(p.elements))
	for _, element := range p.elements {
		found = append(found, t.classify(element, v, wrapped))
	}
	return found
}

// ofMirrors classifies what the mirrors said.
func (t *table) ofMirrors(p parts, v veil) []finding {
	found := make([]finding, 0, len(p.mirrors))
	for _, mirror := range p.mirrors {
		found = append(found, t.classify(mirror, v, true))
	}
	return found
}

func triedOf(texts []string, found []finding) []Tried {
	var tried []Tried
	for i, f := range found {
		tried = append(tried, Tried{registryOf(texts[i]), f.fragment})
	}
	return tried
}

// unasked says that the registry itself told nothing: the text names no cause of
// its own, or the node may not ask it.
func (t *table) unasked(main finding, seen sighting) bool {
	return main.cause == cause.Unknown || main.cause == cause.BackOffOnly || seen[t.blocked] > 0
}

func causesOf(found []finding) []cause.Cause {
	causes := make([]cause.Cause, 0, len(found))
	for _, f := range found {
		causes = append(causes, f.cause)
	}
	return causes
}

func elementsOf(texts []string, found []finding) []Element {
	elements := make([]Element, 0, len(found))
	for i, f := range found {
		elements = append(elements, Element{Text: texts[i], Cause: f.cause, Fragment: f.fragment})
	}
	return elements
}

// others lists the causes beside the main one, once each, leaving out those
// that say nothing.
func others(main cause.Cause, causes []cause.Cause) []cause.Cause {
	var also []cause.Cause
	for _, c := range causes {
		if c == main || c == cause.Unknown || c == cause.BackOffOnly || c == cause.NotPullFailure {
			continue
		}
		if !slices.Contains(also, c) {
			also = append(also, c)
		}
	}
	return also
}

// hadCredential reads containerd's own words: it asks for an OAuth token only
// with a credential and for an anonymous one only without.
func (t *table) hadCredential(seen sighting) *bool {
	_, with := seen.first(t.with)
	_, without := seen.first(t.without)
	if !with && !without {
		return nil
	}
	return &with
}

// certainty says how far the node's word suffices. What a mirror answered says
// little about the registry behind it, so it is never certain.
func certainty(r Reading) cause.Certainty {
	switch r.Cause {
	case cause.Unknown, cause.BackOffOnly:
		return cause.CertaintyUnknown
	case cause.InvalidReference, cause.ShortNameUnresolved, cause.NeverPull,
		cause.PullQPSExceeded, cause.PullSecretMalformed, cause.DiskFull:
		return cause.Certain
	case cause.DNSFailure, cause.HTTPSMismatch, cause.TLSUntrusted, cause.RateLimited:
		if r.Mirror == "" {
			return cause.Certain
		}
	}
	return cause.Likely
}
