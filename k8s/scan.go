package k8s

import (
	"context"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pullfix/pullfix/runbook"
)

// ScanOptions say what to look through.
type ScanOptions struct {
	// Namespace narrows the scan; "" is the whole cluster.
	Namespace string
	// Thorough reads every pod. Otherwise only pods in phase Pending are read,
	// and those that kubelets' events name: a pod whose containers ran before
	// waits in phase Running, and its events expire after an hour without news.
	Thorough bool
	// Pending reads only the pods in phase Pending, which costs next to nothing:
	// pods that ran before are not found.
	Pending bool
	// Page is how many pods a thorough scan reads at a time; 500 when it is 0.
	Page int
}

// Survey says how much of the cluster a scan saw.
type Survey struct {
	// Complete says that nothing the scan asks for was refused or cut off. An
	// incomplete scan proves no pod healthy.
	Complete bool
	// Pods is how many pods were looked at.
	Pods int
	Gaps []runbook.Gap
}

// Bounds of a scan.
const (
	pageDefault = 500
	// hintsRead bounds the events that are read; anybody may write more of them.
	hintsRead = 50000
	// hintsByName is up to how many pods of a namespace are read one by one.
	hintsByName = 20
	atOnce      = 16
	batch       = 100
)

// Failing finds the pods that wait for an image they do not get. Found is
// called with rows as they arrive, never twice at once and never twice for one
// pod. The error is for a scan that saw nothing: a *RequestError, or a
// *runbook.NotFoundError for a namespace that does not exist. Every request is
// a GET.
func (c *Cluster) Failing(ctx context.Context, options ScanOptions, found func([]runbook.FailingPull)) (Survey, error) {
	s := &scan{
		observer: observer{api: c.api, log: c.log},
		options:  options, found: found, seen: make(map[string]bool),
	}
	if options.Namespace != "" && len(validation.IsDNS1123Label(options.Namespace)) > 0 {
		return Survey{}, s.namespaceExists(ctx, c.name)
	}
	look := s.quick
	switch {
	case options.Thorough:
		look = s.thorough
	case options.Pending:
		look = s.pending
	}
	err := look(ctx)
	if err == nil && s.pods == 0 && options.Namespace != "" {
		err = s.namespaceExists(ctx, c.name)
	}
	gaps := s.sortedGaps()
	return Survey{Complete: err == nil && len(gaps) == 0, Pods: s.pods, Gaps: gaps}, err
}

// scan is one look through the cluster.
type scan struct {
	observer
	options ScanOptions
	found   func([]runbook.FailingPull)

	turn sync.Mutex // guards what follows, and the calls of found
	seen map[string]bool
	pods int
	rows []runbook.FailingPull
}

// namespaceExists keeps a mistyped namespace from looking healthy: a list in
// one that does not exist is empty, not an error.
func (s *scan) namespaceExists(ctx context.Context, cluster string) error {
	if noNamespace(ctx, s.api, s.options.Namespace) {
		return similar(ctx, s.api, runbook.Target{Cluster: cluster, Namespace: s.options.Namespace})
	}
	return nil
}

// look takes a pod in; the rows of several pods are told together.
func (s *scan) look(pod *corev1.Pod) {
	s.turn.Lock()
	defer s.turn.Unlock()
	key := pod.Namespace + "/" + pod.Name
	if failing := FailingPulls(pod); len(failing) > 0 && !s.seen[key] {
		s.seen[key] = true
		s.rows = append(s.rows, failing...)
	}
	s.pods++
	if len(s.rows) >= batch {
		s.tell()
	}
}

// told tells whether rows of the pod are known already.
func (s *scan) told(key string) bool {
	s.turn.Lock()
	defer s.turn.Unlock()
	return s.seen[key]
}

// flush tells the rows that are left.
func (s *scan) flush() {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.tell()
}

func (s *scan) tell() {
	if len(s.rows) > 0 {
		s.found(s.rows)
		s.rows = nil
	}
}

// quick reads the pods that never ran and, beside that, the events that name
// others; then it looks at those.
func (s *scan) quick(ctx context.Context) error {
	var hints map[string][]string
	var pendingErr, hintErr error
	sideBySide(
		func() { pendingErr = s.pending(ctx) },
		func() { hints, hintErr = s.hints(ctx) },
	)
	if pendingErr != nil && hintErr != nil {
		return pendingErr
	}
	s.verify(ctx, hints)
	s.flush()
	return ctx.Err()
}

// pending reads the pods in phase Pending from the API server's watch cache.
func (s *scan) pending(ctx context.Context) error {
	q := question{resource: pods, namespace: s.options.Namespace, fields: pendingPods, version: "0"}
	_, err := each(ctx, s.api, q, func(pod *corev1.Pod) bool {
		s.look(pod)
		return true
	})
	s.flush()
	if err != nil {
		s.gap(ctx, q, err)
	}
	return err
}
