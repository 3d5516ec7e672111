package cluster

import "sync"

// nodes remembers which nodes have a kubelet, so that a pod there is deleted in
// the kubelet's good time, and elsewhere at once.
type nodes struct {
	mu   sync.Mutex
	live map[string]int
}

func newNodes() *nodes { return &nodes{live: map[string]int{}} }

func (n *nodes) join(name string) (leave func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.live[name]++
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.live[name]--
	}
}

func (n *nodes) has(name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.live[name] > 0
}
