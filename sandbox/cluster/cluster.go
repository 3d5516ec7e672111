package cluster

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

// Options describe a cluster; the zero value is a good one.
type Options struct {
	Log *slog.Logger // nil is silent
	// Version is what /version says, "v1.36.3" when empty.
	Version string
	// EventTTL is how long events live after their last write: 1 hour when
	// zero, as the API server's --event-ttl.
	EventTTL time.Duration
	// History is how many changes are remembered for watches, pages and old
	// versions: 20,000 when zero.
	History int
	// ExternalSecrets serves the External Secrets operator's kind, and the
	// controllers play the operator.
	ExternalSecrets bool
	// BookmarkEvery is the period of a watch's bookmarks: 1 minute when zero.
	BookmarkEvery time.Duration
}

// Cluster is an API server. It is an [http.Handler].
type Cluster struct {
	options   Options
	log       *slog.Logger
	scheme    *runtime.Scheme
	codecs    serializer.CodecFactory
	resources []*resource
	store     *store
	gate      *gate
	ledger    *ledger
	faults    *faults
	nodes     *nodes
	stores    *stores
	named     atomic.Uint64 // events so far
}

// New makes an empty cluster with the namespaces default and kube-system. The
// error is about types that do not fit together, which no input can cause.
func New(options Options) (*Cluster, error) {
	if options.Version == "" {
		options.Version = "v1.36.3"
	}
	if options.EventTTL == 0 {
		options.EventTTL = time.Hour
	}
	if options.History == 0 {
		options.History = 20000
	}
	if options.BookmarkEvery == 0 {
		options.BookmarkEvery = time.Minute
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	scheme, err := newScheme()
	if err != nil {
		return nil, fmt.Errorf("collecting the kinds: %w", err)
	}
	c := &Cluster{
		options:   options,
		log:       options.Log,
		scheme:    scheme,
		codecs:    serializer.NewCodecFactory(scheme),
		resources: served(),
		store:     newStore(options.History),
		gate:      newGate(),
		ledger:    &ledger{},
		faults:    &faults{},
		nodes:     newNodes(),
		stores:    &stores{values: map[string][]byte{}},
	}
	if options.ExternalSecrets {
		c.resources = append(c.resources, externalSecrets())
	}
	for _, name := range []string{"default", "kube-system"} {
		if err := c.ensureNamespace(name); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Compact forgets the past as etcd's compaction does: continue tokens, exact
// versions and watches from before now get 410 Expired.
func (c *Cluster) Compact() { c.store.compact() }

// Version is the version of the newest change, as resourceVersion counts.
func (c *Cluster) Version() uint64 { return c.store.now() }

func (c *Cluster) byKind(kind string) *resource {
	for _, r := range c.resources {
		if r.gvk.Kind == kind {
			return r
		}
	}
	return nil
}

// expireEvents deletes events whose time is over.
func (c *Cluster) expireEvents(r *resource) {
	if r.plural == "events" {
		c.store.expire(r, time.Now().Add(-c.options.EventTTL))
	}
}

// ServeHTTP answers one request.
func (c *Cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := c.parse(r)
	entry := c.ledger.open(call.record())
	counted := &counting{ResponseWriter: w}
	defer func() {
		c.ledger.change(entry, func(e *Request) {
			e.User, e.Status, e.Bytes, e.End = call.user, counted.status, counted.bytes, time.Now()
		})
	}()
	c.serve(counted, call)
}
