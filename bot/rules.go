package bot

import (
	"path"
	"slices"
	"time"
)

// Rules say who may do what. They come from the configuration; an empty list
// means nobody.
type Rules struct {
	Access     []AccessRule
	Approvals  []ApprovalRule
	Responders People
	ReadOnly   bool
}

// People are users and user groups, by id.
type People struct {
	Users  []string
	Groups []string
}

// Reach is where a rule holds; the patterns are those of path.Match.
type Reach struct {
	Clusters   []string
	Namespaces []string
}

func (r Reach) covers(cluster, namespace string) bool {
	return matches(r.Clusters, cluster) && matches(r.Namespaces, namespace)
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return err == nil && ok
	})
}

// AccessRule says who may ask about what, and in which channels; no channel
// named means any.
type AccessRule struct {
	People
	Reach
	Channels []string
}

// ApprovalRule says who may approve what.
type ApprovalRule struct {
	People
	Reach
	Remedies []string // patterns of remedy ids, without their number
	// Needed is how many people; FourEyes that the asker is not one of them.
	Needed   int
	FourEyes bool
	// BreakGlass lets one person approve a P1 alone, with a reason.
	BreakGlass bool
	Expires    time.Duration
	// SelfServiceGroups lets groups count that members can join by themselves.
	SelfServiceGroups bool
}

// access are the rules that a person has to be named by: the first that covers
// the target and this channel. Who asks about all namespaces has to be named by
// each rule down to the first that is for all, since those before it keep theirs
// for themselves. None means nobody.
func (r Rules) access(cluster, namespace, channel string) []AccessRule {
	var rules []AccessRule
	for _, rule := range r.Access {
		here := matches(rule.Clusters, cluster) && (len(rule.Channels) == 0 || slices.Contains(rule.Channels, channel))
		covers := matches(rule.Namespaces, namespace)
		if here && (covers || namespace == "") {
			rules = append(rules, rule)
		}
		if here && covers {
			return rules
		}
	}
	return nil
}

// approval is the first rule that covers the target and the remedy: first match
// wins, and no match means nobody.
func (r Rules) approval(cluster, namespace, remedy string) (ApprovalRule, int, bool) {
	for n, rule := range r.Approvals {
		if rule.covers(cluster, namespace) && matches(rule.Remedies, remedy) {
			return rule, n, true
		}
	}
	return ApprovalRule{}, 0, false
}
