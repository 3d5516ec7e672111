package message

import (
	"strings"
	"sync"

	"github.com/pullfix/pullfix/runbook/cause"
)

// finding is what one element says.
type finding struct {
	cause    cause.Cause
	fragment string
}

// clue is an element made ready for the rules.
type clue struct {
	low    string // lower-case text
	status status // HTTP status, zero when none is named
	pull   bool   // the text or its wrapper speaks of pulling an image
}

// span is a place in a text.
type span struct{ from, to int }

// rule says which words mean which cause. All its demands must hold.
type rule struct {
	cause    cause.Cause
	any      []string              // one of them occurs
	all      []string              // each of them occurs
	none     []string              // none of them occurs
	statuses [2]int                // the HTTP status lies between the two
	notPull  bool                  // only where nothing speaks of pulling an image
	test     func(clue) (int, int) // for what words cannot say; a place, or -1
}

// rules is the ordered table; the first rule that matches decides. It is built
// once and never written.
var rules = sync.OnceValue(func() []rule {
	var table []rule
	for _, family := range [][]rule{
		credentialRules(), lookalikeRules(), kubeletRules(), signatureRules(), diskRules(),
		runtimeRules(), otherTroubleRules(), overloadRules(), proxyRules(), dnsRules(), tlsRules(),
		imageRules(), digestRules(), connectionRules(), unpackRules(),
		webPageRules(), notFoundRules(), authRules(), statusRules(), lastRules(),
	} {
		table = append(table, family...)
	}
	return table
})

// match says where the rule's decisive words stand.
func (r *rule) match(c clue) (span, bool) {
	place := span{c.status.from, c.status.to}
	if r.notPull && c.pull {
		return place, false
	}
	if r.statuses[0] > 0 && (c.status.code < r.statuses[0] || c.status.code > r.statuses[1]) {
		return place, false
	}
	if len(r.any) > 0 {
		at, word := firstOf(c.low, r.any)
		if at < 0 {
			return place, false
		}
		place = span{at, at + len(word)}
	}
	for _, word := range r.all {
		at := strings.Index(c.low, word)
		if at < 0 {
			return place, false
		}
		if place.to == 0 {
			place = span{at, at + len(word)}
		}
	}
	if at, _ := firstOf(c.low, r.none); at >= 0 {
		return place, false
	}
	if r.test != nil {
		from, to := r.test(c)
		return span{from, to}, from >= 0
	}
	return place, true
}

func firstOf(low string, words []string) (int, string) {
	for _, word := range words {
		if at := strings.Index(low, word); at >= 0 {
			return at, word
		}
	}
	return -1, ""
}

// classify runs one element through the rules.
func classify(element, wrapper string) finding {
	low := lower(element)
	c := clue{low: low, status: httpStatus(low), pull: speaksOfPull(low) || speaksOfPull(lower(wrapper))}
	table := rules()
	for i := range table {
		if place, ok := table[i].match(c); ok {
			return finding{cause: table[i].cause, fragment: place.quote(element)}
		}
	}
	if code := grpcCause(low); code != "" {
		return finding{cause: code, fragment: opening(element)}
	}
	if saysNothing(low) {
		return finding{cause: cause.BackOffOnly, fragment: opening(element)}
	}
	return finding{cause: cause.Unknown, fragment: opening(element)}
}

// speaksOfPull says whether a text is about getting an image, in the words of
// the kubelet, the runtimes and their clients.
func speaksOfPull(low string) bool {
	at, _ := firstOf(low, []string{
		"pull image", "pulling image", "errimagepull", "imagepullbackoff", "pull and unpack", "pullimage",
		"image pull failed", "resolve image", "resolve reference", "resolve source metadata", "pull access denied",
		"docker://", "copying system image", "failed to register layer", "failed to extract layer", "unable to pull",
		"trying to pull", "sandbox image", "failed to fetch anonymous token", "failed to fetch oauth token", "httpreadseeker",
	})
	return at >= 0
}

// grpcCause reads the status code of the runtime's answer, for texts that were
// cut off before the cause.
func grpcCause(low string) cause.Cause {
	_, after, ok := strings.Cut(low, "code = ")
	if !ok {
		return ""
	}
	code, _, _ := strings.Cut(after, " ")
	switch code {
	case "notfound":
		return cause.TagNotFound
	case "deadlineexceeded":
		return cause.Timeout
	case "canceled":
		return cause.PullCancelled
	case "unavailable", "unimplemented":
		return cause.RuntimeUnavailable
	case "permissiondenied":
		return cause.PermissionDenied
	case "unauthenticated":
		return cause.AuthMissing
	}
	return ""
}

// saysNothing recognises a text of which nothing is left once the names of the
// failure are taken away.
func saysNothing(low string) bool {
	at, _ := firstOf(low, []string{
		"back-off pulling image", "imagepullbackoff", "errimagepull", "trying and failing to pull image",
		"image can't be pulled",
	})
	if at >= 0 {
		return true
	}
	_, rest, ok := strings.Cut(low, "failed to pull image")
	return ok && strings.Trim(afterQuoted(rest), ` :"'.]`) == ""
}

// afterQuoted drops a leading quoted name.
func afterQuoted(text string) string {
	text = strings.TrimLeft(text, " ")
	if !strings.HasPrefix(text, `"`) {
		return text
	}
	_, rest, _ := strings.Cut(text[1:], `"`)
	return rest
}
