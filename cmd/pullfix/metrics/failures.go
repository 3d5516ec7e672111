package metrics

import (
	"maps"
	"sync"

	"github.com/pullfix/pullfix/runbook"
)

// failures are the failing containers of each cluster at the last look, so that
// each is counted once.
type failures struct {
	mu   sync.Mutex
	seen map[string]map[failingContainer]bool
}

type failingContainer struct{ namespace, pod, container, cause string }

// Failing counts containers that a look at a cluster found unable to pull. What
// a look did not see that was not whole may still fail: it counts as before.
func (m *Metrics) Failing(cluster string, groups []runbook.Group, whole bool) {
	m.failures.mu.Lock()
	defer m.failures.mu.Unlock()
	before, now := m.failures.seen[cluster], make(map[failingContainer]bool)
	for _, g := range groups {
		for _, p := range g.Pods {
			now[failingContainer{p.Namespace, p.Name, p.Container, string(g.Cause)}] = true
		}
	}
	for c := range now {
		if !before[c] {
			m.pullErrors.WithLabelValues(cluster, c.cause).Inc()
		}
	}
	if !whole {
		maps.Copy(now, before)
	}
	if m.failures.seen == nil {
		m.failures.seen = make(map[string]map[failingContainer]bool)
	}
	m.failures.seen[cluster] = now
	m.failing.DeletePartialMatch(map[string]string{"cluster": cluster})
	for c := range now {
		m.failing.WithLabelValues(cluster, c.cause).Inc()
	}
}
