package message

import (
	"slices"
	"sync"

	"github.com/pullfix/pullfix/runbook/cause"
)

// rule says which words mean which cause. All its demands must hold.
type rule struct {
	cause    cause.Cause
	any      []string              // one of them occurs
	all      []string              // each of them occurs
	none     []string              // none of them occurs
	statuses [2]int                // the HTTP status lies between the two
	notPull  bool                  // only where nothing speaks of pulling an image
	lost     bool                  // the registry does not hold what the image names
	test     func(clue) (int, int) // for what words cannot say; a place, or -1
}

// entry is a rule with its words looked up.
type entry struct {
	rule
	any, all, none []int32
}

// table holds the ordered rules and all the words that readings look for.
type table struct {
	lexicon lexicon
	rules   []entry
	pull    []int32
	sandbox sandboxWords
	image   []int32
	request []int32
	dial    []int32
	with    []int32
	without []int32
	blocked int32
}

// rules is the table, built once and never written after.
var rules = sync.OnceValue(func() *table {
	t := &table{}
	for _, family := range [][]rule{
		credentialRules(), lookalikeRules(), kubeletRules(), signatureRules(), diskRules(),
		runtimeRules(), otherTroubleRules(), tunnelRules(), overloadRules(), proxyRules(), dnsRules(), tlsRules(),
		imageRules(), digestRules(), connectionRules(), unpackRules(),
		webPageRules(), notFoundRules(), authRules(), refusalRules(), statusRules(), lastRules(),
	} {
		for _, r := range family {
			t.rules = append(t.rules, entry{
				rule: r, any: t.lexicon.idsOf(r.any), all: t.lexicon.idsOf(r.all), none: t.lexicon.idsOf(r.none),
			})
		}
	}
	t.pull = t.lexicon.idsOf(pullWords())
	t.sandbox = sandboxWordsOf(&t.lexicon)
	t.image = t.lexicon.idsOf(imageMarks())
	t.request = t.lexicon.idsOf(requestMarks())
	t.dial = t.lexicon.idsOf(dialMarks())
	t.with = t.lexicon.idsOf([]string{"failed to fetch oauth token"})
	t.without = t.lexicon.idsOf([]string{"failed to fetch anonymous token", "no basic auth credentials"})
	t.blocked = t.lexicon.id(blocked)
	t.lexicon.seal()
	return t
})

// pullWords are those that only texts about getting an image hold.
func pullWords() []string {
	return []string{
		"pull image", "pulling image", "errimagepull", "imagepullbackoff", "pull and unpack", "pullimage", "image pull failed",
		"resolve image", "resolve reference", "resolve source metadata", "pull access denied", "docker://",
		"copying system image", "pinging container registry", "pinging docker registry", "failed to register layer", "failed to extract layer", "unable to pull", "trying to pull",
		"sandbox image", "failed to fetch anonymous token", "failed to fetch oauth token", "httpreadseeker",
	}
}

// match says where the rule's decisive words stand: the HTTP status where the
// rule asks for one, else the first of its words.
func (t *table) match(e *entry, c clue) (span, bool) {
	place := span{c.status.from, c.status.to}
	if e.notPull && c.pull {
		return place, false
	}
	if e.statuses[0] > 0 && (c.status.code < e.statuses[0] || c.status.code > e.statuses[1]) {
		return place, false
	}
	id, ok := e.holds(c.seen)
	if !ok {
		return place, false
	}
	if e.test != nil {
		from, to := e.test(c)
		return span{from, to}, from >= 0
	}
	if e.statuses[0] == 0 {
		place = t.lexicon.place(c.seen, id)
	}
	return place, true
}

// holds says whether the words that the rule demands occur and no other ones,
// and which of them comes first in the rule.
func (e *entry) holds(seen sighting) (id int32, ok bool) {
	for _, v := range slices.Backward(e.all) {
		if id = v; seen[id] == 0 {
			return id, false
		}
	}
	if len(e.any) > 0 {
		if id, ok = seen.first(e.any); !ok {
			return id, false
		}
	}
	_, barred := seen.first(e.none)
	return id, !barred
}
