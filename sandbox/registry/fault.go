package registry

import (
	"net/http"
	"slices"
	"sync"
)

// Fault is something that goes wrong for the requests it matches. Empty fields
// match everything.
type Fault struct {
	Endpoint Endpoint
	// Method is an HTTP method.
	Method string
	// Repository is a pattern as in an Account. Requests without a repository
	// (the base, the token server) match only when it is empty.
	Repository string
	// Reference is a tag or digest.
	Reference string
	// Skip lets that many matching requests pass first; Times ends the fault
	// after that many were hit, zero means never.
	Skip, Times int
	// Effect is what happens.
	Effect Effect
}

func (f Fault) matches(method string, t target) bool {
	return (f.Endpoint == AnyEndpoint || f.Endpoint == t.endpoint) &&
		(f.Method == "" || f.Method == method) &&
		(f.Reference == "" || f.Reference == t.reference) &&
		(f.Repository == "" || (t.repository != "" && matches(f.Repository, t.repository)))
}

// Effect is what a fault does to a request.
type Effect struct{ apply func(call) }

// call is one request on its way, as an effect sees it.
type call struct {
	w       http.ResponseWriter
	req     *http.Request
	next    http.Handler
	target  target
	manners manners
}

// forward lets the request go on, answering to w.
func (c call) forward(w http.ResponseWriter) { c.next.ServeHTTP(w, c.req) }

// faults are the faults in force, in the order they were injected.
type faults struct {
	mu     sync.Mutex
	active []*injected
}

type injected struct {
	Fault
	seen int
}

// Inject puts a fault in force until clear is called or its Times are used up.
// When several match, the one injected first happens.
func (r *Registry) Inject(f Fault) (clear func()) {
	in := &injected{Fault: f}
	r.faults.mu.Lock()
	defer r.faults.mu.Unlock()
	r.faults.active = append(r.faults.active, in)
	return func() {
		r.faults.mu.Lock()
		defer r.faults.mu.Unlock()
		r.faults.active = slices.DeleteFunc(r.faults.active, func(o *injected) bool { return o == in })
	}
}

// ClearFaults ends all faults. Requests that are being stalled stay so.
func (r *Registry) ClearFaults() {
	r.faults.mu.Lock()
	defer r.faults.mu.Unlock()
	r.faults.active = nil
}

// pick finds the fault for a request and counts it.
func (f *faults) pick(method string, t target) (Effect, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, in := range f.active {
		if !in.matches(method, t) {
			continue
		}
		in.seen++
		if in.seen <= in.Skip || (in.Times > 0 && in.seen > in.Skip+in.Times) {
			continue
		}
		return in.Effect, in.Effect.apply != nil
	}
	return Effect{}, false
}

func (f *faults) serve(c call) {
	if e, ok := f.pick(c.req.Method, c.target); ok {
		e.apply(c)
		return
	}
	c.forward(c.w)
}

// mask turns each failed answer into the one that refuse writes: a
// pull-through cache knows only that it does not have the thing.
type mask struct {
	http.ResponseWriter
	refuse func()
	failed bool
	wrote  bool
}

// Unwrap lets http.ResponseController reach the connection.
func (m *mask) Unwrap() http.ResponseWriter { return m.ResponseWriter }

// WriteHeader passes on success only.
func (m *mask) WriteHeader(status int) {
	if m.wrote {
		return
	}
	m.wrote = true
	if status < http.StatusBadRequest {
		m.ResponseWriter.WriteHeader(status)
		return
	}
	m.failed = true
	for _, upstream := range []string{"Retry-After", "Www-Authenticate", "Content-Length", "Content-Encoding"} {
		m.Header().Del(upstream)
	}
	m.refuse()
}

// Write drops the bodies of failed answers.
func (m *mask) Write(p []byte) (int, error) {
	m.WriteHeader(http.StatusOK)
	if m.failed {
		return len(p), nil
	}
	return m.ResponseWriter.Write(p)
}
