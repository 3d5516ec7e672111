package k8s

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	edlib "github.com/hbollon/go-edlib"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pullfix/pullfix/runbook"
)

// Bounds of the search for similar names.
const (
	namesRead = 5000
	namesNear = 5
)

// notFound is the error for a target that does not exist, with names like it.
// What cannot be read leaves it without names.
func (o *observer) notFound(ctx context.Context) error {
	return similar(ctx, o.api, o.target)
}

func similar(ctx context.Context, a api, target runbook.Target) error {
	result := &runbook.NotFoundError{Target: target}
	var siblings []string
	sideBySide(
		func() { result.NamespaceMissing = noNamespace(ctx, a, target.Namespace) },
		func() {
			if r := listedAs(target.Kind); r != "" && len(validation.IsDNS1123Label(target.Namespace)) == 0 {
				siblings, _ = names(ctx, a, question{resource: r, namespace: target.Namespace}, "")
			}
		},
	)
	if !result.NamespaceMissing {
		result.Near = near(target.Name, siblings)
		return result
	}
	all, _ := names(ctx, a, question{resource: namespaces}, "")
	result.Near = near(target.Namespace, all)
	return result
}

func listedAs(kind string) resource {
	if kind == kindPod {
		return pods
	}
	return resourceOf(kind)
}

// noNamespace tells whether a namespace certainly does not exist.
func noNamespace(ctx context.Context, a api, namespace string) bool {
	if len(validation.IsDNS1123Label(namespace)) > 0 {
		return true
	}
	_, err := get[corev1.Namespace](ctx, a, question{resource: namespaces, name: namespace})
	return missing(err)
}

// names lists the names of objects that start with prefix; only metadata
// travels.
func names(ctx context.Context, a api, q question, prefix string) ([]string, error) {
	q.metadataOnly, q.version = true, "0"
	var found []string
	read := 0
	_, err := each(ctx, a, q, func(o *metav1.PartialObjectMetadata) bool {
		if read++; strings.HasPrefix(o.Name, prefix) {
			found = append(found, o.Name)
		}
		return read < namesRead
	})
	slices.Sort(found)
	return found, err
}

// near are the names most like the one that was asked for, best first.
func near(name string, among []string) []string {
	type match struct {
		name string
		far  int
	}
	var matches []match
	for _, other := range slices.Compact(slices.Sorted(slices.Values(among))) {
		if far, ok := distance(name, other); ok {
			matches = append(matches, match{other, far})
		}
	}
	slices.SortStableFunc(matches, func(a, b match) int { return cmp.Compare(a.far, b.far) })
	var best []string
	for _, m := range matches[:min(len(matches), namesNear)] {
		best = append(best, m.name)
	}
	return best
}

// distance tells how far a name is from what was asked for; ok is false when
// they have nothing to do with each other. A name that begins with what was
// asked for is what people mean who leave out a pod's suffix.
func distance(asked, name string) (far int, ok bool) {
	asked, name = strings.ToLower(asked), strings.ToLower(name)
	edits := edlib.OSADamerauLevenshteinDistance(asked, name)
	switch {
	case asked == "":
		return 0, false
	case edits <= 2 && edits < len(asked):
		return edits, true
	case strings.HasPrefix(name, asked):
		return 3, true
	case stem(asked) != "" && strings.HasPrefix(name, stem(asked)+"-"):
		return 4 + edits, true // another pod of the same workload
	case len(asked) > 2 && strings.Contains(name, asked):
		return 100 + edits, true
	case edits <= len(asked)/3:
		return 100 + edits, true
	}
	return 0, false
}

// stem is what is left of a pod's name without the two parts that a Deployment
// appends, or the one of the others.
func stem(name string) string {
	parts := strings.Split(name, "-")
	if len(parts) > 2 {
		return strings.Join(parts[:len(parts)-2], "-")
	}
	return parts[0]
}

// Namespaces lists the namespaces that start with prefix, for completion. Of a
// cluster with more than 5000 it may miss some.
func (c *Cluster) Namespaces(ctx context.Context, prefix string) ([]string, error) {
	return names(ctx, c.api, question{resource: namespaces}, prefix)
}

// Pods lists the pods of a namespace that start with prefix, for completion. Of
// a namespace with more than 5000 it may miss some.
func (c *Cluster) Pods(ctx context.Context, namespace, prefix string) ([]string, error) {
	if len(validation.IsDNS1123Label(namespace)) > 0 {
		return nil, errors.New("listing pods: no namespace can be called " + namespace)
	}
	return names(ctx, c.api, question{resource: pods, namespace: namespace}, prefix)
}
