// Package pagerduty pages by PagerDuty's Events API v2.
package pagerduty

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/PagerDuty/go-pagerduty"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/page"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/scrub"
)

// Endpoint is PagerDuty's own; accounts in Europe have another one.
const Endpoint = "https://events.pagerduty.com"

// mostSummary is as long as a summary may be, in characters.
const mostSummary = 1024

// Target is one integration of one service.
type Target struct {
	endpoint string
	key      page.Secret
	client   *http.Client
}

var _ bot.Pager = (*Target)(nil)

// New returns the target with that routing key; an empty endpoint is PagerDuty's
// own.
func New(endpoint string, key page.Secret) (*Target, error) {
	if key.Empty() {
		return nil, errors.New("no routing key")
	}
	if endpoint == "" {
		endpoint = Endpoint
	}
	return &Target{endpoint: strings.TrimSuffix(endpoint, "/"), key: key, client: page.NewClient()}, nil
}

// Page triggers, updates or resolves the alert with the page's dedup key.
func (t *Target) Page(ctx context.Context, p bot.Page) error {
	delivery := &page.Delivery{Client: t.client}
	client := pagerduty.NewClient("", pagerduty.WithV2EventsAPIEndpoint(t.endpoint))
	client.HTTPClient = delivery
	_, err := client.ManageEventWithContext(ctx, t.event(p))
	if err != nil {
		return delivery.Judge(fmt.Errorf("telling PagerDuty: %s", scrub.Limit(scrub.Text(err.Error()), 300)))
	}
	return nil
}

func (t *Target) event(p bot.Page) *pagerduty.V2Event {
	e := &pagerduty.V2Event{RoutingKey: t.key.Use(), Action: string(p.Action), DedupKey: p.Key, Client: "pullfix", ClientURL: p.Link}
	if p.Action == bot.PageResolve {
		return e
	}
	e.Payload = &pagerduty.V2Payload{
		Summary: scrub.Limit(p.Text, mostSummary), Source: source(p), Severity: severity(p), Timestamp: p.At.UTC().Format(time.RFC3339),
		Component: p.Registry, Group: p.Namespace, Class: p.Cause,
		Details: map[string]any{
			"details": p.Details, "incident": p.Incident, "condition": string(p.Condition), "level": p.Level,
			"cluster": p.Cluster, "namespace": p.Namespace, "severity": p.Severity,
		},
	}
	if p.Link != "" {
		e.Links = []any{map[string]string{"href": p.Link, "text": "The thread in Slack"}}
	}
	return e
}

func source(p bot.Page) string {
	if p.Cluster == "" {
		return "pullfix"
	}
	return p.Cluster
}

// severity is in PagerDuty's words.
func severity(p bot.Page) string {
	if p.Severity == runbook.P2 && p.Condition == bot.WhenOverdue {
		return "warning"
	}
	return "critical"
}
