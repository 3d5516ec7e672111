package k8s

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/pullfix/pullfix/runbook"
)

// requestsMost is the budget of one diagnosis. Only a pod that names several
// pull secrets which a list does not show may pass it: leaving one of them out
// would make the verdict a guess.
const requestsMost = 12

// observer gathers one observation: its questions go out side by side, and what
// could not be read is a gap.
type observer struct {
	api      api
	log      *slog.Logger
	target   runbook.Target
	progress runbook.Progress

	mu   sync.Mutex
	gaps []runbook.Gap
}

// gap notes that a question was not answered.
func (o *observer) gap(ctx context.Context, q question, err error) {
	o.note(gapFor(q, err))
	o.log.DebugContext(ctx, "could not read", "what", q.what(), "err", err)
}

func (o *observer) note(g runbook.Gap) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !slices.Contains(o.gaps, g) {
		o.gaps = append(o.gaps, g)
	}
}

// sortedGaps are the gaps in an order that does not depend on which answer came
// first.
func (o *observer) sortedGaps() []runbook.Gap {
	o.mu.Lock()
	defer o.mu.Unlock()
	slices.SortFunc(o.gaps, func(a, b runbook.Gap) int {
		return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.Why, b.Why))
	})
	return o.gaps
}

// ask asks for one object that may be missing or unreadable; nil then. Missing
// ones are reported only by the second result.
func ask[T any, P decodable[T]](ctx context.Context, o *observer, q question) (found *T, gone bool) {
	object, err := get[T, P](ctx, o.api, q)
	switch {
	case err == nil:
		return object, false
	case missing(err):
		return nil, true
	}
	o.gap(ctx, q, err)
	return nil, false
}

// in is a question about a kind in the target's namespace.
func (o *observer) in(r resource, name string) question {
	return question{resource: r, namespace: o.target.Namespace, name: name}
}

// sideBySide runs the functions at once and waits for all of them.
func sideBySide(tasks ...func()) {
	var group sync.WaitGroup
	for _, task := range tasks {
		if task != nil {
			group.Go(task)
		}
	}
	group.Wait()
}
