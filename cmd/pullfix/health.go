package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/pullfix/pullfix/bot/slackbot"
	"github.com/pullfix/pullfix/runbook/scrub"
)

// connection tells how the connection to Slack is.
type connection interface {
	Health() slackbot.Health
}

// health answers those who run pullfix: /healthz that it lives, /readyz whether
// commands and clicks arrive, and if not, why not.
func health(slack connection, journal func() []error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		why := unready(slack.Health())
		if why == "" {
			answer(w, http.StatusOK, strings.Join(append([]string{"ready"}, remarks(slack.Health(), journal())...), "\n"))
			return
		}
		answer(w, http.StatusServiceUnavailable, "not ready: "+why)
	})
	return mux
}

// unready says why nothing arrives from Slack, "" when it does.
func unready(h slackbot.Health) string {
	switch {
	case h.Trouble != "":
		return scrub.Text(h.Trouble)
	case !h.Connected:
		return "not connected to Slack"
	}
	return ""
}

// remarks are what works but should be looked at.
func remarks(h slackbot.Health, journal []error) []string {
	var said []string
	if h.Warning != "" {
		said = append(said, "warning: "+scrub.Text(h.Warning))
	}
	for _, err := range journal {
		said = append(said, "warning: the journal: "+scrub.Text(err.Error()))
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
