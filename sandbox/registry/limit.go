package registry

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// PullLimit bounds successful GETs of manifests in a window, counted by account
// or, for anonymous callers, by address. HEAD is told the state and counts
// nothing, also when nothing remains: so does Docker Hub.
type PullLimit struct {
	// Anonymous and Account are manifests a window; zero or less is unlimited.
	Anonymous, Account int
	Window             time.Duration
}

type bucket struct {
	used int
	ends time.Time
}

type limiter struct {
	mu      sync.Mutex
	limit   PullLimit
	buckets map[string]bucket
}

func newLimiter(l PullLimit) *limiter { return &limiter{limit: l, buckets: map[string]bucket{}} }

func (l *limiter) set(limit PullLimit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit, l.buckets = limit, map[string]bucket{}
}

// usage is the state of one caller's window after the request.
type usage struct {
	limit, remaining int
	window, wait     time.Duration
	over             bool
}

func (l *limiter) take(key string, account, counts bool) usage {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := l.limit.Anonymous
	if account {
		limit = l.limit.Account
	}
	if limit <= 0 {
		return usage{}
	}
	now := time.Now()
	b := l.buckets[key]
	if !now.Before(b.ends) {
		b = bucket{ends: now.Add(l.limit.Window)}
	}
	over := counts && b.used >= limit
	if counts && !over {
		b.used++
	}
	l.buckets[key] = b
	return usage{limit: limit, remaining: limit - b.used, window: l.limit.Window, wait: b.ends.Sub(now), over: over}
}

// admit counts a manifest request and writes what the vendor tells about it.
func (l *limiter) admit(w http.ResponseWriter, req *http.Request, user string, headers bool) bool {
	source := user
	if source == "" {
		source, _, _ = net.SplitHostPort(req.RemoteAddr)
	}
	u := l.take(source, user != "", req.Method == http.MethodGet)
	if u.limit == 0 {
		return true
	}
	seconds := int(u.window.Seconds())
	if headers {
		w.Header().Set("Ratelimit-Limit", fmt.Sprintf("%d;w=%d", u.limit, seconds))
		w.Header().Set("Ratelimit-Remaining", fmt.Sprintf("%d;w=%d", u.remaining, seconds))
		w.Header().Set("Docker-Ratelimit-Source", source)
	}
	if u.over {
		w.Header().Set("Retry-After", strconv.Itoa(int(u.wait.Seconds())+1))
	}
	return !u.over
}
