package main

import (
	"fmt"

	"github.com/pullfix/pullfix/bot"
	paging "github.com/pullfix/pullfix/bot/page"
	"github.com/pullfix/pullfix/bot/page/alertmanager"
	"github.com/pullfix/pullfix/bot/page/pagerduty"
	"github.com/pullfix/pullfix/bot/page/webhook"
)

// targetKind is one kind of paging target. Open returns nil when the route has
// none of it; secrets come from the environment variables that the route names.
type targetKind struct {
	name string
	open func(r routeSettings, secret func(variable string) (paging.Secret, error)) (bot.Pager, error)
}

// targetKinds are all kinds of paging targets: a new one is a package below
// bot/page, a key of a route, and a line here.
func targetKinds() []targetKind {
	return []targetKind{
		{"PagerDuty", openPagerDuty},
		{"webhook", openWebhook},
		{"Alertmanager", openAlertmanager},
	}
}

func openPagerDuty(r routeSettings, secret func(string) (paging.Secret, error)) (bot.Pager, error) {
	if r.PagerDuty.RoutingKeyEnv == "" {
		return nil, nil
	}
	key, err := secret(r.PagerDuty.RoutingKeyEnv)
	if err != nil {
		return nil, err
	}
	return pagerduty.New(r.PagerDuty.URL, key)
}

func openWebhook(r routeSettings, secret func(string) (paging.Secret, error)) (bot.Pager, error) {
	if r.Webhook.URL == "" {
		return nil, nil
	}
	key, err := secret(r.Webhook.SecretEnv)
	if err != nil {
		return nil, err
	}
	return webhook.New(webhook.Options{URL: r.Webhook.URL, Secret: key, Body: r.Webhook.Body})
}

func openAlertmanager(r routeSettings, secret func(string) (paging.Secret, error)) (bot.Pager, error) {
	if r.Alertmanager.URL == "" {
		return nil, nil
	}
	token, err := secret(r.Alertmanager.TokenEnv)
	if err != nil {
		return nil, err
	}
	return alertmanager.New(r.Alertmanager.URL, token)
}

// openPagers opens the targets of all routes, by name.
func (t *tool) openPagers(routes []routeSettings) (map[string]bot.Pager, error) {
	pagers := map[string]bot.Pager{}
	for _, r := range routes {
		for _, kind := range targetKinds() {
			pager, err := kind.open(r, t.secretIn)
			if err != nil {
				return nil, usage(fmt.Errorf("escalation route %s: %s: %w", r.Name, kind.name, err), "look at escalation.routes in the configuration")
			}
			if pager != nil {
				pagers[targetName(kind, r)] = pager
			}
		}
	}
	return pagers, nil
}

func targetName(kind targetKind, r routeSettings) string { return kind.name + " " + r.Name }

// secretIn reads a secret from the environment; no variable means none.
func (t *tool) secretIn(variable string) (paging.Secret, error) {
	if variable == "" {
		return paging.Secret{}, nil
	}
	text := t.getenv(variable)
	if text == "" {
		return paging.Secret{}, fmt.Errorf("the environment variable %s is empty", variable)
	}
	return paging.NewSecret(text), nil
}
