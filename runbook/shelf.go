package runbook

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Shelf is one configured source, and who may receive what it gives (S3). The
// patterns are those of path.Match, where * does not cross a slash, except that
// "*" and "**" alone mean everything and "/**" at the end everything below; an empty
// list means none.
type Shelf struct {
	Name         string // as configured; people choose by it
	Kind         string // "ECR eu-west-1", "secret platform/regcred"
	Host         string // the registry it is for, exactly
	Clusters     []string
	Namespaces   []string
	Repositories []string
	// Wide allows what opens more than Repositories.
	Wide   bool
	Source Source
}

// refuses says why the shelf may not serve a need; "" when it may.
func (s Shelf) refuses(n Need) string {
	switch {
	case !covers(s.Clusters, n.Cluster):
		return fmt.Sprintf("cluster %q is not among those that may receive it", n.Cluster)
	case !covers(s.Namespaces, n.Namespace):
		return fmt.Sprintf("namespace %s is not among those that may receive it", n.Namespace)
	case len(n.Repositories) == 0:
		return "it is not known for which repositories it would be"
	}
	for _, r := range n.Repositories {
		if !covers(s.Repositories, r) {
			return fmt.Sprintf("repository %s is not among those that it may be used for", r)
		}
	}
	return ""
}

// covers tells whether one of the patterns matches a name.
func covers(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) })
}

func matches(pattern, name string) bool {
	if pattern == "*" || pattern == "**" {
		return true
	}
	if above, ok := strings.CutSuffix(pattern, "/**"); ok {
		depth := strings.Count(above, "/") + 1
		parts := strings.SplitN(name, "/", depth+1)
		if len(parts) <= depth || parts[depth] == "" {
			return false
		}
		pattern, name = above, strings.Join(parts[:depth], "/")
	}
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}
