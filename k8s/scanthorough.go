package k8s

import (
	"context"

	corev1 "k8s.io/api/core/v1"
)

// restarts bounds how often a thorough scan begins again because its place in
// the list is no longer known.
const restarts = 3

// thorough reads every pod, page by page. A continuation that the API server
// has forgotten (410) is replaced by the one it offers, else the list begins
// again; rows are told once all the same.
func (s *scan) thorough(ctx context.Context) error {
	q := question{resource: pods, namespace: s.options.Namespace, limit: s.options.Page}
	if q.limit <= 0 {
		q.limit = pageDefault
	}
	for again := 0; ; {
		p, err := each(ctx, s.api, q, func(pod *corev1.Pod) bool {
			s.look(pod)
			return true
		})
		s.flush()
		switch {
		case err == nil && p.next == "":
			return nil
		case err == nil:
			q.next = p.next
		case expired(err) && again < restarts:
			again++
			if q.next = offered(err); q.next == "" {
				s.pods = 0
			}
		default:
			return s.broken(ctx, q, err)
		}
	}
}

// broken ends a thorough scan: what was seen stands, with a gap for the rest.
func (s *scan) broken(ctx context.Context, q question, err error) error {
	if s.pods == 0 {
		return err
	}
	s.gap(ctx, q, err)
	return ctx.Err()
}
