// Package pager is a target of pages on this machine, for tests: it answers as
// it is told and remembers what it was sent.
package pager

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Request is what came.
type Request struct {
	Path   string
	Header http.Header
	Body   []byte
}

// Target is a stand-in.
type Target struct {
	URL string

	mu       sync.Mutex
	statuses []int
	slow     time.Duration
	came     []Request
}

// New starts a stand-in that gives these answers in turn, the last one for ever.
func New(t *testing.T, statuses ...int) *Target {
	t.Helper()
	s := &Target{statuses: statuses}
	server := httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

func (s *Target) answer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		http.Error(w, "unreadable", http.StatusInternalServerError)
		return
	}
	s.mu.Lock()
	s.came = append(s.came, Request{Path: r.URL.Path, Header: r.Header.Clone(), Body: body})
	status, slow := s.statuses[0], s.slow
	if len(s.statuses) > 1 {
		s.statuses = s.statuses[1:]
	}
	s.mu.Unlock()
	select {
	case <-time.After(slow):
	case <-r.Context().Done():
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Location", "https://elsewhere.example/")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"status":"said","message":"said by the stand-in"}`)
}

// Slow makes every answer take so long.
func (s *Target) Slow(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow = d
}

// Came is what was sent so far.
func (s *Target) Came() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.came...)
}
