package registry

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/scrub"
)

const longestSource = 64

// noteWait keeps how long a registry that refuses asks to be left alone, in
// either form of the header.
func (s *session) noteWait(r reply) {
	const longest = 31 * 24 * time.Hour
	text := strings.TrimSpace(r.header.Get("Retry-After"))
	wait := time.Duration(0)
	if seconds, err := strconv.Atoi(text); err == nil && seconds <= int(longest/time.Second) {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(s.prober.options.Now()).Round(time.Second)
	}
	if wait > 0 && wait <= longest {
		s.answer.RetryAfter = wait
	}
}

// noteLimit keeps a registry's count of pulls. Docker Hub sends it with every
// manifest, and goes on answering HEAD with 200 when nothing remains.
func (s *session) noteLimit(r reply) {
	limit, window, ok := parseLimit(r.header.Get("Ratelimit-Limit"))
	remaining, remainingWindow, counted := parseLimit(r.header.Get("Ratelimit-Remaining"))
	if !ok && !counted {
		return
	}
	source := scrub.Limit(r.header.Get("Docker-Ratelimit-Source"), longestSource)
	if !s.safe(source) {
		source = ""
	}
	s.answer.RateLimit = &runbook.RateLimit{
		Limit: limit, Remaining: remaining, Window: max(window, remainingWindow), Source: source,
	}
}

// parseLimit reads "100;w=21600": a count and its window in seconds.
func parseLimit(text string) (count int, window time.Duration, ok bool) {
	number, rest, _ := strings.Cut(text, ";")
	count, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || count < 0 {
		return 0, 0, false
	}
	const longest = 366 * 24 * 3600
	if seconds, found := strings.CutPrefix(strings.TrimSpace(rest), "w="); found {
		if n, err := strconv.Atoi(seconds); err == nil && n > 0 && n <= longest {
			window = time.Duration(n) * time.Second
		}
	}
	return count, window, true
}
