package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/sandbox/shop"
)

// soon is how far off the deadline is after a night has passed in which nobody
// came.
const soon = 3 * time.Second

// setScenes lets the page make happen what would take too long to wait for.
func (d demonstration) setScenes(desk *bot.Desk) {
	d.world.Workspace.SetScene(shop.NobodyComes, func(ctx context.Context) (string, error) { return nobodyComes(ctx, desk) })
}

// nobodyComes moves the stored deadline of the oldest incident that waits for
// people, and that nobody was called for.
func nobodyComes(ctx context.Context, desk *bot.Desk) (string, error) {
	open, err := desk.Current(ctx)
	if err != nil {
		return "", err
	}
	for _, i := range open {
		if i.State != bot.Open || len(i.Escalated) > 0 {
			continue
		}
		err := desk.Hasten(ctx, i.ID, time.Now().Add(soon))
		if errors.Is(err, bot.ErrTooLate) {
			continue
		}
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("The deadline of %s/%s is now.", i.Target.Namespace, i.Target.Name), nil
	}
	return "Diagnose something first, and leave it alone.", nil
}

// demoCredentials are where the company's new credentials come from: secrets of
// the platform's, each for some of the repositories.
func demoCredentials() []credentialSettings {
	here := []string{shop.ClusterName}
	from := func(secret string) *goldenSettings {
		return &goldenSettings{Cluster: shop.ClusterName, Namespace: shop.Golden, Name: secret}
	}
	return []credentialSettings{
		{Name: "payments-robot", Registry: shop.GHCR, Repositories: []string{"acme/payments"}, Clusters: here, Namespaces: []string{"pay"}, Secret: from(shop.GoldenRobot)},
		{Name: "platform", Registry: shop.GHCR, Repositories: []string{"acme/*"}, Clusters: here, Namespaces: []string{"shop", "pay"}, Secret: from(shop.GoldenGHCR)},
		{ // a token of ECR opens whatever its identity may read
			Name: "ecr", Registry: shop.ECR, Repositories: []string{"media/*", "teams/*"}, Clusters: here, Namespaces: []string{"media", "team-*"},
			Wide: true, Secret: from(shop.GoldenECR),
		},
	}
}
