package metrics

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// calls remember how each cluster answered last.
type calls struct {
	mu       sync.Mutex
	clusters map[string]Reach
}

// Reach is how an API server answers.
type Reach struct {
	Cluster string
	Well    time.Time // when it last did; zero when it never has
	Since   time.Time // since when it does not; zero while it does
	Why     string
}

// Reaches tells how the API servers answer that were asked, by name.
func (m *Metrics) Reaches() []Reach {
	m.calls.mu.Lock()
	defer m.calls.mu.Unlock()
	var all []Reach
	for _, r := range m.calls.clusters {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Reach) int { return strings.Compare(a.Cluster, b.Cluster) })
	return all
}

// note keeps what an answer means. A refusal is an answer: the API server is
// there.
func (c *calls) note(cluster, outcome string, now time.Time) (well bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clusters == nil {
		c.clusters = make(map[string]Reach)
	}
	r := c.clusters[cluster]
	r.Cluster = cluster
	switch outcome {
	case unreached, failing:
		if r.Since.IsZero() {
			r.Since = now
		}
		r.Why = outcome
	default:
		r.Well, r.Since, r.Why = now, time.Time{}, ""
	}
	c.clusters[cluster] = r
	return r.Since.IsZero()
}

// The outcomes of a call.
const (
	fine      = "ok"
	limited   = "limited"   // 429
	refused   = "refused"   // another 4xx
	failing   = "failing"   // 5xx
	unreached = "unreached" // no answer
	given     = "given-up"  // pullfix itself did not wait for it
)

func outcomeOf(r *http.Request, answer *http.Response, err error) string {
	switch {
	case err != nil && r.Context().Err() != nil:
		return given
	case err != nil:
		return unreached
	case answer.StatusCode == http.StatusTooManyRequests:
		return limited
	case answer.StatusCode >= http.StatusInternalServerError:
		return failing
	case answer.StatusCode >= http.StatusBadRequest:
		return refused
	}
	return fine
}

// carrier is a function as a round tripper.
type carrier func(*http.Request) (*http.Response, error)

func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

// Kubernetes counts the requests to the API server of a cluster.
func (m *Metrics) Kubernetes(cluster string) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return carrier(func(r *http.Request) (*http.Response, error) {
			answer, err := next.RoundTrip(r)
			outcome := outcomeOf(r, answer, err)
			m.kubernetes.WithLabelValues(cluster, outcome).Inc()
			if outcome == given && !late(r) {
				return answer, err // nobody waited: it says nothing about the server
			}
			if outcome == given {
				outcome = unreached
			}
			if m.calls.note(cluster, outcome, time.Now()) {
				m.reached.WithLabelValues(cluster).SetToCurrentTime()
			}
			return answer, err
		})
	}
}

// late tells that a request was given up because its time had passed.
func late(r *http.Request) bool {
	deadline, ok := r.Context().Deadline()
	return ok && !time.Now().Before(deadline)
}

// Slack counts the calls to Slack's Web API.
func (m *Metrics) Slack(next http.RoundTripper) http.RoundTripper {
	return carrier(func(r *http.Request) (*http.Response, error) {
		answer, err := next.RoundTrip(r)
		m.slack.WithLabelValues(slackMethod(r.URL.Path), outcomeOf(r, answer, err)).Inc()
		return answer, err
	})
}

// slackMethod is the name of a method of the Web API; of other addresses, as
// those that files go to, "other".
func slackMethod(address string) string {
	name := path.Base(address)
	family, _, ok := strings.Cut(name, ".")
	families := []string{"api", "apps", "auth", "bots", "chat", "conversations", "files", "team", "usergroups", "users", "views"}
	if !ok || len(name) > 60 || !slices.Contains(families, family) || path.Dir(address) != "/api" {
		return "other"
	}
	return name
}

// Stored counts an operation of the store.
func (m *Metrics) Stored(operation string, err error) {
	m.store.WithLabelValues(operation, okOr(err, "failed")).Inc()
}
