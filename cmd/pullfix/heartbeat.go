package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/pullfix/pullfix/cmd/pullfix/metrics"
)

// heartbeatSettings say whom to tell that pullfix lives. An external monitor
// alarms people when it hears nothing: a pullfix that is dead pages nobody.
type heartbeatSettings struct {
	URL   string        `mapstructure:"url"`
	Every time.Duration `mapstructure:"every"`
}

func (h heartbeatSettings) check(complain complainer) {
	if h.Every < time.Second {
		complain("heartbeat.every", fmt.Sprintf("%s is no pause", h.Every), "write a duration such as 1m")
	}
	if h.URL == "" {
		return
	}
	switch u, err := url.Parse(h.URL); {
	case err != nil || u.Host == "":
		complain("heartbeat.url", "it is no address", "write the address that your monitor gives you; it may stand in PULLFIX_HEARTBEAT instead")
	case u.Scheme != "https" && (u.Scheme != "http" || !onThisMachine(u.Hostname())):
		complain("heartbeat.url", "it is not encrypted", "write an https:// address")
	}
}

// heart tells an external monitor that pullfix lives, while the watchdog is
// content.
type heart struct {
	heartbeatSettings
	content func() bool
	client  *http.Client
	metrics *metrics.Metrics
	log     *slog.Logger
}

const (
	beatTime = 10 * time.Second
	mostBody = 4 << 10 // bytes of an answer that nobody reads
)

func newHeart(h heartbeatSettings, content func() bool, m *metrics.Metrics, log *slog.Logger) heart {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return heart{heartbeatSettings: h, content: content, client: &http.Client{Timeout: beatTime, CheckRedirect: stay}, metrics: m, log: log}
}

// run beats until ctx ends.
func (h heart) run(ctx context.Context) {
	if h.URL == "" {
		return
	}
	working := true
	for {
		timer := time.NewTimer(h.Every)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		if !h.content() {
			continue
		}
		err := h.beat(ctx)
		h.metrics.Beaten(err)
		if err != nil && working {
			h.log.Warn("sending the heartbeat", "err", err)
		}
		working = err == nil
	}
}

// beat sends one. Errors never name the address: whoever knows it can pretend
// that pullfix lives.
func (h heart) beat(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL, nil)
	if err != nil {
		return errors.New("heartbeat.url is no address")
	}
	request.Header.Set("User-Agent", userAgent())
	answer, err := h.client.Do(request)
	if err != nil {
		if inner, ok := errors.AsType[*url.Error](err); ok {
			err = inner.Err
		}
		return fmt.Errorf("asking %s: %w", request.URL.Host, err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, mostBody))
	err = errors.Join(err, answer.Body.Close())
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s answers %s", request.URL.Host, answer.Status)
	}
	return err
}
