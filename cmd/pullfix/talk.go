package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pullfix/pullfix/bot/slackbot"
)

// slackAgain is the pause before a Slack that refuses the bot is tried again: an
// operator has to act first.
const slackAgain = time.Minute

// talk keeps the bot in Slack until ctx ends. A Slack that refuses it ends the
// whole only where nothing is lost by that: from the start, and with no other way
// to call people. Else a revoked token would silence the pagers as well.
func (s *service) talk(ctx context.Context) error {
	services := slackbot.Services{Desk: s.counter, Incidents: s.desk, Scanner: s.scanner, Inventory: s.scanner}
	for {
		err := s.slack.Run(ctx, services)
		switch met := !s.slack.Health().Since.IsZero(); {
		case err == nil:
			return nil
		case !errors.Is(err, slackbot.ErrRefused), !met && !s.otherWays:
			return fmt.Errorf("the Slack bot: %w", err)
		}
		s.log.Error("Slack refuses the bot; incidents go on without it, and it is tried again", "err", err, "again in", slackAgain)
		if pause(ctx, slackAgain); ctx.Err() != nil {
			return nil
		}
	}
}
