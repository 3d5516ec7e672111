package slack

import (
	"math"
	"time"
)

// tier is how often a method may be called.
type tier int

const (
	tierFree tier = iota // no published limit that matters
	tier1                // 1 a minute and more
	tier2                // 20
	tier3                // 50
	tier4                // 100
	tierPost             // one message a second and channel
)

// rate is calls a minute, and how many may come at once. Slack publishes the
// former; the bursts are assumptions on the strict side.
func (t tier) rate() (perMinute, burst float64) {
	switch t {
	case tier1:
		return 1, 10
	case tier2:
		return 20, 20
	case tier3:
		return 50, 50
	case tier4:
		return 100, 100
	case tierPost:
		return 60, 5
	}
	return math.Inf(1), 1
}

// bucket holds what may still be called at once.
type bucket struct {
	left float64
	at   time.Time
}

// limiter counts calls by method, and by channel where that matters.
type limiter struct{ buckets map[string]*bucket }

func newLimiter() *limiter { return &limiter{buckets: map[string]*bucket{}} }

// take uses up one call, or says how long to wait.
func (l *limiter) take(key string, t tier, now time.Time) time.Duration {
	perMinute, burst := t.rate()
	if math.IsInf(perMinute, 1) {
		return 0
	}
	b, ok := l.buckets[key]
	if !ok {
		b = &bucket{left: burst, at: now}
		l.buckets[key] = b
	}
	if now.After(b.at) {
		b.left = min(burst, b.left+now.Sub(b.at).Minutes()*perMinute)
		b.at = now
	}
	// The sums above leave crumbs; a call is not refused for one.
	const crumb = 1e-9
	if b.left+crumb >= 1 {
		b.left--
		return 0
	}
	return time.Duration((1 - b.left) / perMinute * float64(time.Minute))
}

// throttled says how long the caller has to wait; zero means that the call may
// be made. It wants w.mu held.
func (w *Workspace) throttled(c *call, m method) time.Duration {
	if w.switches.NoLimits {
		return 0
	}
	key := c.method
	if m.tier == tierPost {
		key += " " + c.str("channel")
	}
	return w.limiter.take(key, m.tier, w.now())
}
