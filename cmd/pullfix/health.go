package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pullfix/pullfix/bot/slackbot"
	"github.com/pullfix/pullfix/cmd/pullfix/metrics"
	"github.com/pullfix/pullfix/runbook/scrub"
)

// connection tells how the connection to Slack is.
type connection interface {
	Health() slackbot.Health
}

// condition is everything that readiness is judged by.
type condition struct {
	slack    connection
	journal  func() []error
	stored   func() (since time.Time, why error)
	reaches  func() []metrics.Reach
	unread   func() []string              // clusters that the watch cannot read
	troubles func(now time.Time) []string // of the watchdog
	stopping *atomic.Bool
}

// health answers those who run pullfix: /healthz that it lives, /readyz whether
// it can work, and if not, why not, and /metrics.
func health(c condition, numbers http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if why := c.unready(time.Now()); len(why) > 0 {
			answer(w, http.StatusServiceUnavailable, "not ready: "+strings.Join(why, "\nnot ready: "))
			return
		}
		answer(w, http.StatusOK, strings.Join(append([]string{"ready"}, c.remarks()...), "\n"))
	})
	mux.Handle("GET /metrics", numbers)
	return mux
}

// unready says why pullfix cannot work, nothing when it can.
func (c condition) unready(now time.Time) []string {
	var why []string
	if c.stopping.Load() {
		why = append(why, "stopping")
	}
	switch h := c.slack.Health(); {
	case h.Trouble != "":
		why = append(why, scrub.Text(h.Trouble))
	case !h.Connected:
		why = append(why, "not connected to Slack")
	}
	if since, err := c.stored(); err != nil {
		why = append(why, fmt.Sprintf("incidents cannot be written since %s: %s", utc(since), scrub.Text(err.Error())))
	}
	for _, r := range c.reaches() {
		if !r.Since.IsZero() && now.Sub(r.Since) > mostUnreached {
			why = append(why, fmt.Sprintf("cluster %s is %s since %s", orUsual(r.Cluster), r.Why, utc(r.Since)))
		}
	}
	for _, trouble := range c.troubles(now) {
		why = append(why, scrub.Text(trouble))
	}
	return why
}

// mostUnreached is how long an API server may be silent, as during its upgrade,
// before pullfix says that it cannot work.
const mostUnreached = time.Minute

func utc(t time.Time) string { return t.UTC().Format("15:04:05 MST") }

func orUsual(cluster string) string {
	if cluster == "" {
		return "(the only one)"
	}
	return cluster
}

// remarks are what works but should be looked at.
func (c condition) remarks() []string {
	var said []string
	if h := c.slack.Health(); h.Warning != "" {
		said = append(said, "warning: "+scrub.Text(h.Warning))
	}
	for _, err := range c.journal() {
		said = append(said, "warning: the journal: "+scrub.Text(err.Error()))
	}
	for _, line := range c.unread() {
		said = append(said, "warning: "+scrub.Text(line))
	}
	return said
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // who asked may be gone
}

// listening is an HTTP server that has its port.
type listening struct {
	net.Listener
	server *http.Server
}

// listen takes the port, so that what is wrong with it is said before anything
// else is begun.
func listen(address string, handler http.Handler, log *slog.Logger) (listening, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return listening{}, usage(fmt.Errorf("listening: %w", err), "listen names HOST:PORT; is another pullfix running?")
	}
	return listening{Listener: l, server: &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}, nil
}
