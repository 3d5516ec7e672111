package slackbot

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Bounds of calls to Slack.
const (
	callTimeout  = 15 * time.Second
	mostResponse = 8 << 20 // bytes
)

// wire carries every call to Slack: it bounds time and size, and spaces out the
// opening of sockets. slack-go bounds none of it, and opens sockets as fast as
// Slack closes them.
type wire struct {
	next    http.RoundTripper
	opening *spacing
}

// openMethod is the one that socket mode calls for each connection.
const openMethod = "/apps.connections.open"

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, openMethod) {
		if err := w.opening.wait(r.Context()); err != nil {
			return nil, fmt.Errorf("waiting before opening a socket: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
	resp, err := w.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &boundedBody{Reader: io.LimitReader(resp.Body, mostResponse), body: resp.Body, cancel: cancel}
	return resp, nil
}

// boundedBody ends the call's deadline when the body is closed.
type boundedBody struct {
	io.Reader
	body   io.Closer
	cancel context.CancelFunc
}

func (b *boundedBody) Close() error {
	b.cancel()
	return b.body.Close()
}

// The pauses between openings of a socket.
const (
	firstOpening = time.Second
	longOpening  = time.Minute
	stable       = time.Minute // connected for so long, the pauses begin anew
)

// spacing keeps openings of a socket apart: a second, then twice as long each
// time up to a minute, with jitter so that many bots do not come at once.
type spacing struct {
	mu      sync.Mutex
	last    time.Time
	pause   time.Duration
	greeted time.Time // when Slack last said hello; zero since the last opening
	opens   int
}

// wait returns when the next socket may be opened.
func (s *spacing) wait(ctx context.Context) error {
	s.mu.Lock()
	if !s.greeted.IsZero() && time.Since(s.greeted) >= stable {
		s.pause = 0
	}
	s.greeted = time.Time{}
	s.pause = min(max(2*s.pause, firstOpening), longOpening)
	at := time.Now()
	if !s.last.IsZero() {
		at = s.last.Add(s.pause + rand.N(s.pause/4))
	}
	s.mu.Unlock()
	if !sleep(ctx, time.Until(at)) {
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
	s.opens++
	return nil
}

// hello notes that a socket is good.
func (s *spacing) hello() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.greeted = time.Now()
}

// opened is how many sockets were opened.
func (s *spacing) opened() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opens
}

// sleep waits; false when ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
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

// apiURL makes the address end with a slash: slack-go only puts the method
// behind it.
func apiURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return "", fmt.Errorf("the address of Slack's API is not valid: %q", s)
	}
	return strings.TrimSuffix(s, "/") + "/", nil
}

// trustedReply tells whether a response_url leads to Slack, or to the stand-in
// that is configured: nothing is sent anywhere else.
func trustedReply(reply, api string) bool {
	r, err := url.Parse(reply)
	if err != nil {
		return false
	}
	a, err := url.Parse(api)
	if err != nil {
		return false
	}
	if r.Scheme == a.Scheme && r.Host == a.Host {
		return true
	}
	return r.Scheme == "https" && (r.Host == "hooks.slack.com" || strings.HasSuffix(r.Host, ".slack.com"))
}
