package metrics

import (
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

// Failing counts containers that a complete look at a cluster found unable to
// pull.
func (m *Metrics) Failing(cluster string, groups []runbook.Group) {
	m.failures.mu.Lock()
	defer m.failures.mu.Unlock()
	if m.failures.seen == nil {
		m.failures.seen = make(map[string]map[failingContainer]bool)
	}
	before, now := m.failures.seen[cluster], make(map[failingContainer]bool)
	m.failing.DeletePartialMatch(map[string]string{"cluster": cluster})
	for _, g := range groups {
		for _, p := range g.Pods {
			c := failingContainer{p.Namespace, p.Name, p.Container, string(g.Cause)}
			if now[c] {
				continue
			}
			now[c] = true
			m.failing.WithLabelValues(cluster, c.cause).Inc()
			if !before[c] {
				m.pullErrors.WithLabelValues(cluster, c.cause).Inc()
			}
		}
	}
	m.failures.seen[cluster] = now
}
