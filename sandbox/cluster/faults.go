package cluster

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Fault is what goes wrong with some requests. It strikes from the First one
// that the rule covers (1 when zero), Times in a row (1 when zero, all when
// negative).
type Fault struct {
	Rule  Rule
	User  string // of this user only; empty means anyone
	First int
	Times int
	// Status answers with this HTTP status; 429 and 503 carry Retry-After.
	Status int
	// Disconnect breaks the connection instead, before an answer. With
	// AfterServing the request is carried out first: a write whose answer is
	// lost.
	Disconnect   bool
	AfterServing bool
	// Delay holds the request back, before anything else.
	Delay time.Duration
}

type armed struct {
	Fault
	seen int
}

type faults struct {
	mu      sync.Mutex
	latency time.Duration
	list    []*armed
}

// Inject arms a fault.
func (c *Cluster) Inject(f Fault) {
	f.First = max(f.First, 1)
	if f.Times == 0 {
		f.Times = 1
	}
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	c.faults.list = append(c.faults.list, &armed{Fault: f})
}

// Heal disarms all faults.
func (c *Cluster) Heal() {
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	c.faults.list = nil
}

// SetLatency makes every request take at least this long.
func (c *Cluster) SetLatency(d time.Duration) {
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	c.faults.latency = d
}

// strike returns the fault for a request, if any, and the wait before serving.
func (f *faults) strike(a access) (*Fault, time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	wait := f.latency
	var hit *Fault
	for _, fault := range f.list {
		if !fault.Rule.covers(a) || !is(fault.User, a.user) {
			continue
		}
		fault.seen++
		past := fault.seen - fault.First
		if hit == nil && past >= 0 && (fault.Times < 0 || past < fault.Times) {
			copied := fault.Fault
			hit, wait = &copied, wait+fault.Delay
		}
	}
	return hit, wait
}

// status is the answer of a server in trouble.
func (f *Fault) status(h http.Header) metav1.Status {
	s := metav1.Status{Status: metav1.StatusFailure, Code: int32(f.Status), Message: http.StatusText(f.Status)}
	switch f.Status {
	case http.StatusTooManyRequests:
		h.Set("Retry-After", strconv.Itoa(1))
		s.Reason, s.Message = metav1.StatusReasonTooManyRequests, "Too many requests, please try again later."
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(1))
		s.Reason, s.Message = metav1.StatusReasonServiceUnavailable, "apiserver is shutting down."
	case http.StatusGatewayTimeout:
		s.Reason, s.Message = metav1.StatusReasonTimeout, "request did not complete within the allotted timeout"
	case http.StatusInternalServerError:
		s.Reason, s.Message = metav1.StatusReasonInternalError, "Internal error occurred: etcdserver: request timed out"
	}
	return s
}
