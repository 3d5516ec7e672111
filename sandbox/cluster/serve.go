package cluster

import (
	"context"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// serve takes a request through authentication, authorization and faults, in
// the real server's order, to what it asks for.
func (c *Cluster) serve(w http.ResponseWriter, k *call) {
	user, err := c.gate.authenticate(k.Request)
	if err != nil {
		c.refuse(w, k, err)
		return
	}
	k.user = user
	fault, wait := c.faults.strike(k.access)
	if !pause(k.Context(), wait) {
		return
	}
	switch {
	case fault != nil && fault.Disconnect:
		if fault.AfterServing && c.gate.allowed(k.access) {
			c.dispatch(discard{}, k)
		}
		hangUp(w)
	case fault != nil && fault.Status != 0:
		s := fault.status(w.Header())
		c.refuse(w, k, &apierrors.StatusError{ErrStatus: s})
	case !c.gate.allowed(k.access):
		c.refuse(w, k, forbidden(k.access))
	default:
		c.dispatch(w, k)
	}
}

// pause waits, unless the client leaves.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// hangUp breaks the connection without an answer.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close() // breaking it is the point
	}
}

// discard takes the answer to a request whose client will not get it.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

func (c *Cluster) dispatch(w http.ResponseWriter, k *call) {
	if k.resource == "" {
		c.discover(w, k)
		return
	}
	if k.res == nil {
		c.reviewOrNothing(w, k)
		return
	}
	c.expireEvents(k.res)
	switch k.verb {
	case "watch":
		c.watch(w, k)
		return
	case "list":
		list, err := c.list(k)
		c.reply(w, k, reply{o: list, err: err})
	case "get":
		o, err := c.fetch(k)
		c.reply(w, k, reply{o: o, err: err})
	default:
		c.reply(w, k, c.change(k))
	}
}

func (c *Cluster) reply(w http.ResponseWriter, k *call, r reply) {
	if r.err != nil {
		c.refuse(w, k, r.err)
		return
	}
	if r.status == 0 {
		r.status = http.StatusOK
	}
	c.answer(w, k, r.status, r.o)
}

// notServed is the answer for paths that the server has nothing at.
func notServed(w http.ResponseWriter) {
	http.Error(w, "404 page not found", http.StatusNotFound)
}
