package slackbot

import (
	"context"
	"errors"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// Desk is what commands and clicks are handed to.
type Desk interface {
	Ask(ctx context.Context, a bot.Ask) (string, error)
	Press(ctx context.Context, p bot.Press) error
	MayAsk(ctx context.Context, p bot.Person, t runbook.Target, channel string) bool
}

// Incidents are the recorded ones, for modals, status and report.
type Incidents interface {
	Find(ctx context.Context, id string) (bot.Incident, error)
	Current(ctx context.Context) ([]bot.Incident, error)
}

// Scanner finds what fails in a whole cluster; "" stands for the usual cluster,
// and for all namespaces.
type Scanner interface {
	Scan(ctx context.Context, cluster, namespace string) ([]runbook.Group, error)
}

// Inventory knows from which registries a cluster pulls; "" stands for the usual
// cluster, and for all namespaces.
type Inventory interface {
	Inventory(ctx context.Context, cluster, namespace string) (runbook.Inventory, error)
}

// Services are what Run connects to Slack. Without a Scanner or an Inventory,
// scan and registries answer that there is none.
type Services struct {
	Desk      Desk
	Incidents Incidents
	Scanner   Scanner
	Inventory Inventory
}

func (s Services) validate() error {
	if s.Desk == nil || s.Incidents == nil {
		return errors.New("the Slack bot: desk or incidents are missing")
	}
	return nil
}
