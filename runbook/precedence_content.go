package runbook

import "github.com/pullfix/pullfix/runbook/cause"

// judgeLost takes the registry's word to the node that it does not hold what the
// image names. The node had found the image by then, so that a registry that has
// no manifest for the tag says the same.
func judgeLost(e evidence) (finding, bool) {
	f := finding{cause: cause.CorruptContent, certainty: cause.Likely, vantage: VantageRegistry}
	if e.word.Cause != f.cause || !e.lost(f) {
		return finding{}, false
	}
	switch e.registry().Result {
	case cause.UnsupportedManifest, cause.UnexpectedRegistryResponse, cause.RepositoryNotFound:
		return finding{}, false
	}
	return f, true
}

// lost tells that the content is missing in the registry, and was not damaged on
// the way to the node.
func (e evidence) lost(f finding) bool {
	return f.cause == cause.CorruptContent && e.word.Lost && e.word.Mirror == ""
}

// ofImage tells that the fault is the image's own: another image is pulled.
func (e evidence) ofImage(f finding) bool {
	return vantageOf(f.cause) == VantageImage || e.lost(f)
}

// judgeWithheld: the registry gives the manifest, and what keeps its layers
// refuses them. A credential for the registry is good by then.
func judgeWithheld(e evidence) (finding, bool) {
	f := finding{cause: e.word.Cause, certainty: cause.Likely, vantage: VantageRegistry}
	return f, e.withheld(f)
}

func (e evidence) withheld(f finding) bool {
	switch f.cause {
	case cause.PermissionDenied, cause.AuthMissing, cause.AuthRejected, cause.AuthExpired, cause.NotFoundOrDenied:
		return f.cause == e.word.Cause && e.works() && e.aboutContent() && e.word.Mirror == ""
	}
	return false
}

// judgeContent takes faults of what was pulled or of the answer itself.
func judgeContent(e evidence) (finding, bool) {
	heard := e.registry().Result
	f := finding{cause: e.word.Cause, certainty: cause.Certain, vantage: VantageImage}
	if heard == cause.UnsupportedManifest && e.word.Cause == cause.CorruptContent {
		f.cause = heard // containerd takes an unknown manifest for a layer that it cannot fetch
	}
	if heard == cause.UnexpectedRegistryResponse && (e.word.Cause == cause.UnsupportedManifest || e.word.Cause == cause.CorruptContent) {
		f.cause = heard // a web page is no manifest, and names no layers
	}
	switch f.cause {
	case cause.UnsupportedManifest:
		return f, true
	case cause.CorruptContent, cause.PullCancelled:
		f.certainty, f.vantage = cause.Likely, VantageNode
		return f, true
	case cause.UnexpectedRegistryResponse:
		return e.unexpected(f), true
	}
	if heard == cause.UnsupportedManifest || heard == cause.UnexpectedRegistryResponse {
		return finding{cause: heard, certainty: cause.Likely, vantage: VantageRegistry}, true
	}
	return finding{}, false
}

// unexpected tells where an answer comes from that no registry gives: from in
// between, where the registry itself answers well.
func (e evidence) unexpected(f finding) finding {
	f.vantage = VantageRegistry
	if !e.works() {
		return f
	}
	f.certainty = cause.Likely
	if !e.aboutContent() && e.sentTo() == "" {
		f.elsewhere, f.vantage = true, VantageNode
	}
	return f
}

// contentSummary is for content that the registry names and does not give.
func contentSummary(e evidence, f finding) string {
	if e.lost(f) {
		whose := "the registry"
		if e.works() {
			whose += " (or a mirror that the node asks in its place)"
		}
		return e.ref.short() + " is incomplete: " + whose + " lists content that it does not hold; the image has to be pushed again"
	}
	keeper := e.sentTo()
	if keeper == "" {
		return "The storage behind " + e.ref.Host + " refuses the layers of " + e.ref.short() + ", though the registry gives the manifest"
	}
	return keeper + ", the storage behind " + e.ref.Host + ", refuses the layers of " + e.ref.short() + ", though the registry gives the manifest"
}

// lostRemedies: nothing in the cluster brings the content back.
func (e evidence) lostRemedies(f finding) []Remedy {
	return append(e.imageRemedies(f), e.escalate("The registry's operators can tell what was deleted there, or never arrived."))
}

// withheldRemedies: a pull secret opens the registry, not its storage.
func (e evidence) withheldRemedies() []Remedy {
	return []Remedy{e.escalate("The registry's operators must let its storage give out the layers; no pull secret changes that."), e.probeFromNode()}
}
