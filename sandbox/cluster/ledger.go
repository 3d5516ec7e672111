package cluster

import (
	"slices"
	"sync"
	"time"
)

// Request is a request as it was served. It holds nothing of any body.
type Request struct {
	User, UserAgent                               string
	Verb, Resource, Subresource, Namespace, Name  string
	LabelSelector, FieldSelector, ResourceVersion string
	Limit                                         int64
	Continue                                      bool // a further page
	Method, Path                                  string
	Accept                                        string
	Status                                        int
	Bytes                                         int64     // of the body of the answer
	Start, End                                    time.Time // End is zero while it is being served
}

type ledger struct {
	mu   sync.Mutex
	list []*Request
}

func (l *ledger) open(r Request) *Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry := &r
	l.list = append(l.list, entry)
	return entry
}

func (l *ledger) change(entry *Request, how func(*Request)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	how(entry)
}

// Requests returns what was asked so far, in order of arrival.
func (c *Cluster) Requests() []Request {
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	out := make([]Request, len(c.ledger.list))
	for i, r := range c.ledger.list {
		out[i] = *r
	}
	return out
}

// ForgetRequests empties the list.
func (c *Cluster) ForgetRequests() {
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	c.ledger.list = nil
}

// Depth is how many of the requests were served one after another: the longest
// chain in which each began when the one before had ended. Watches and requests
// that are still open count for nothing. Give the cluster a latency, so that
// requests at the same time do overlap.
func Depth(requests []Request) int {
	done := slices.DeleteFunc(slices.Clone(requests), func(r Request) bool { return r.End.IsZero() || r.Verb == "watch" })
	slices.SortFunc(done, func(a, b Request) int { return a.End.Compare(b.End) })
	depth := 0
	var free time.Time
	for _, r := range done {
		if depth == 0 || !r.Start.Before(free) {
			depth++
			free = r.End
		}
	}
	return depth
}
