package message

// sandboxWords tell a pause image that cannot be pulled: either words that say
// so, or words of the sandbox together with words of a pull.
type sandboxWords struct {
	image, sandbox, pull []int32
}

func sandboxWordsOf(l *lexicon) sandboxWords {
	return sandboxWords{
		image: l.idsOf([]string{
			"get sandbox image", "pull sandbox image", "inspect sandbox image", "ensure sandbox image", "pull pause image",
			"pulling pause image", "pulling sandbox image", "create pod infra container: image pull failed",
			`"startcontainer" for "pod" with errimagepull`, `"startcontainer" for "pod" with imagepullbackoff`,
			"pod infra container image",
		}),
		sandbox: l.idsOf([]string{
			"create pod sandbox", "createpodsandbox", "runpodsandbox", "creating pod sandbox", "pod infra container",
		}),
		pull: l.idsOf([]string{
			"failed pulling image", "failed to pull image", "failed to pull and unpack", "pulling image", "pullimage",
			"initializing source docker", "pinging container registry", "pinging docker registry", "reading manifest",
			"image pull failed", "error unpacking image", "failed to unpack image", "failed to resolve reference", "failed to resolve image", "pull access denied",
		}),
	}
}

// sandboxImage says whether the pause image is what could not be pulled. What
// kept it away is classified as for any other image.
func (t *table) sandboxImage(seen sighting) (span, bool) {
	if id, ok := seen.first(t.sandbox.image); ok {
		return t.lexicon.place(seen, id), true
	}
	id, ok := seen.first(t.sandbox.sandbox)
	if !ok {
		return span{}, false
	}
	_, ok = seen.first(t.sandbox.pull)
	return t.lexicon.place(seen, id), ok
}
