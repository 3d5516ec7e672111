package bot

import (
	"context"
	"fmt"
	"strings"

	"github.com/pullfix/pullfix/runbook"
)

// notFoundAnswer is what somebody hears who may not ask about a namespace: the
// same as if there were none.
func notFoundAnswer(t runbook.Target) string {
	return fmt.Sprintf("I find no %s %s in namespace %s.", strings.ToLower(orPod(t.Kind)), t.Name, t.Namespace)
}

// mostNear bounds the names that are suggested.
const mostNear = 3

// noSuchObject is the answer to a target that does not exist, with what there is
// instead, as far as the asker may see it.
func (d *Desk) noSuchObject(ctx context.Context, i Incident, missing *runbook.NotFoundError) string {
	may := func(cluster, namespace string) bool {
		return d.mayAsk(ctx, i.Asked, runbook.Target{Cluster: cluster, Namespace: namespace}, i.Place.Channel) == ""
	}
	answer := notFoundAnswer(i.Target)
	switch {
	case !may(i.Target.Cluster, i.Target.Namespace):
		return answer
	case len(missing.Clusters) > 0:
		seen := upTo(mostNear, missing.Clusters, func(cluster string) bool { return may(cluster, i.Target.Namespace) })
		return NoCluster(i.Target.Cluster, seen)
	case missing.NamespaceMissing:
		seen := upTo(mostNear, missing.Near, func(namespace string) bool { return may(i.Target.Cluster, namespace) })
		if len(seen) == 0 {
			return answer
		}
		return answer + " Namespaces with a name like that: " + strings.Join(seen, ", ") + "."
	case len(missing.Near) == 0:
		return answer
	}
	return answer + " Near: " + strings.Join(missing.Near[:min(mostNear, len(missing.Near))], ", ") + "."
}

// NoCluster is the answer to a cluster that is not configured, or not named;
// there are those that the asker may see.
func NoCluster(name string, there []string) string {
	text := "There is no cluster " + name + "."
	if name == "" {
		text = "Say which cluster, as CLUSTER/NAMESPACE."
	}
	if len(there) > 0 {
		text += " There is: " + strings.Join(there, ", ") + "."
	}
	return text
}

// upTo are the first names that are to be kept, at most so many.
func upTo(most int, names []string, keep func(string) bool) []string {
	var kept []string
	for _, name := range names {
		if len(kept) < most && keep(name) {
			kept = append(kept, name)
		}
	}
	return kept
}
