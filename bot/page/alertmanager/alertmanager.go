// Package alertmanager pages by the v2 API of Prometheus' Alertmanager, whose
// own routes then say who is called.
package alertmanager

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/page"
)

// openFor is how long an alert stands without being repeated: Alertmanager
// forgets what nobody repeats, and an acknowledged incident is not repeated.
const openFor = 24 * time.Hour

// Target is one Alertmanager.
type Target struct {
	address string
	token   page.Secret
	client  *http.Client
}

var _ bot.Pager = (*Target)(nil)

// New returns the target at that address, without /api/v2; an empty token means
// that none is sent.
func New(address string, token page.Secret) (*Target, error) {
	if address == "" {
		return nil, errors.New("no address")
	}
	return &Target{address: strings.TrimSuffix(address, "/"), token: token, client: page.NewClient()}, nil
}

// alert is one alert of the v2 API. What its labels are tells it from others: they
// are those that never change while the incident is open.
type alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     string            `json:"startsAt,omitempty"`
	EndsAt       string            `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// Page raises the alert, or ends it.
func (t *Target) Page(ctx context.Context, p bot.Page) error {
	body, err := json.Marshal([]alert{alertOf(p, time.Now())})
	if err != nil {
		return fmt.Errorf("encoding an alert: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.address+"/api/v2/alerts", bytes.NewReader(body))
	if err != nil {
		return &bot.PageRefusedError{Err: fmt.Errorf("making a request to Alertmanager: %w", err)}
	}
	req.Header.Set("Content-Type", "application/json")
	if !t.token.Empty() {
		req.Header.Set("Authorization", "Bearer "+t.token.Use())
	}
	if err := page.Send(t.client, req); err != nil {
		return fmt.Errorf("telling Alertmanager: %w", err)
	}
	return nil
}

func alertOf(p bot.Page, now time.Time) alert {
	a := alert{
		Labels:       map[string]string{"alertname": "ImagePullFailure", "incident": p.Incident, "cluster": p.Cluster, "namespace": p.Namespace, "dedup_key": p.Key},
		Annotations:  map[string]string{"summary": p.Text, "description": strings.Join(p.Details, "\n"), "condition": string(p.Condition), "severity": p.Severity, "cause": p.Cause, "registry": p.Registry},
		EndsAt:       now.Add(openFor).UTC().Format(time.RFC3339Nano),
		GeneratorURL: p.Link,
	}
	if p.Action == bot.PageResolve {
		a.EndsAt = now.UTC().Format(time.RFC3339Nano)
		return a
	}
	a.StartsAt = p.At.UTC().Format(time.RFC3339Nano)
	return a
}
