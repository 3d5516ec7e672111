package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/control"
	"github.com/pullfix/pullfix/bot/journal"
	"github.com/pullfix/pullfix/bot/slackbot"
	"github.com/pullfix/pullfix/runbook"
)

// parts are what a service is made of. The demo brings stand-ins for some.
type parts struct {
	settings settings
	tokens   tokens
	key      masterKey
	engine   engine
	log      *slog.Logger
	pace     pace
}

// pace is how often the bot looks, and how long recovery has to last.
type pace struct {
	poll, settle time.Duration
}

// usualPace is easy on the API server: a look at an open incident costs a few
// requests, and the kubelet itself takes seconds to minutes between attempts.
func usualPace() pace { return pace{poll: 10 * time.Second, settle: 30 * time.Second} }

// workers bounds diagnoses and changes at the same time.
const workers = 8

// service is the bot, tied together.
type service struct {
	log     *slog.Logger
	journal *journal.Journal
	slack   *slackbot.Bot
	desk    *bot.Desk
	control *control.Socket // nil where the operating system has none
	counter counter
	scanner engine
}

// newService ties the parts together. Nothing is called yet, but the journal is
// taken; close gives it back.
func newService(p parts) (*service, error) {
	slack, err := slackbot.New(slackbot.Options{
		APIURL: p.settings.Slack.APIURL, BotToken: p.tokens.bot, AppToken: p.tokens.app, Channel: p.settings.Slack.Channel,
		Log: p.log, Report: p.settings.report, Routes: routes(p.settings.Escalation.Routes), Approvals: approvers(p.settings.rules()),
	})
	if err != nil {
		return nil, usage(err)
	}
	sealKey, err := p.key.derive("seal")
	if err != nil {
		return nil, err
	}
	seal, err := bot.NewSeal(sealKey)
	if err != nil {
		return nil, err
	}
	kept, err := journal.Open(journal.Options{Directory: p.settings.Store.Directory, Log: p.log})
	if err != nil {
		return nil, storeTrouble(err)
	}
	s := &service{log: p.log, journal: kept, slack: slack, scanner: p.engine}
	s.desk, err = bot.New(bot.Options{
		Store: kept, Announcer: slack, Directory: slack, Engine: p.engine, Changer: p.changer(), Rules: p.settings.rules(),
		Pagers: p.settings.pagers(s.find, slack), Seal: seal, NewID: newIncidentID, Log: p.log,
		After: p.settings.Escalation.After, Repeat: p.settings.Escalation.Repeat,
		Poll: p.pace.poll, Settle: p.pace.settle, Workers: workers,
	})
	if err != nil {
		return nil, errors.Join(err, kept.Close())
	}
	s.counter = counter{Desk: s.desk, usual: p.engine.usual()}
	if s.control, err = control.Listen(p.settings.Store.Directory, p.log); err != nil {
		p.log.Warn("pullfix ack, snooze and close will not work", "err", err)
	}
	return s, nil
}

// changer is nil when nothing may be changed: then there is nothing to approve.
func (p parts) changer() bot.Changer {
	if p.settings.ReadOnly {
		return nil
	}
	return p.engine
}

func storeTrouble(err error) error {
	if _, locked := errors.AsType[*journal.LockedError](err); locked {
		return usage(err, "end the other pullfix, or give this one a store.directory of its own")
	}
	return usage(err, "store.directory names a directory that pullfix can write to")
}

func (s *service) find(ctx context.Context, id string) (bot.Incident, error) {
	return s.desk.Find(ctx, id)
}

// newIncidentID is short enough to be typed, and random enough never to come
// twice: 50 bits.
func newIncidentID() string { return strings.ToLower(rand.Text()[:10]) }

// run keeps the bot going until ctx ends or Slack refuses it for good. What was
// taken in is recorded and acknowledged before the desk stops, and a change that
// has begun is finished.
func (s *service) run(ctx context.Context, web listening) error {
	all, within := errgroup.WithContext(ctx)
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	all.Go(func() error { return s.desk.Run(work) })
	all.Go(func() error {
		defer end() // the desk stops last: what was taken in is recorded
		return s.takeIn(within)
	})
	all.Go(func() error {
		if err := web.server.Serve(web.Listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serving HTTP: %w", err)
		}
		return nil
	})
	all.Go(func() error {
		<-within.Done()
		return web.server.Close()
	})
	return errors.Join(all.Wait(), s.close())
}

// close gives back what newService took.
func (s *service) close() error {
	var err error
	if s.control != nil {
		err = s.control.Close()
	}
	return errors.Join(err, s.journal.Close())
}

// takeIn takes in what people do, in Slack and in the terminal, until ctx ends
// and what was begun is recorded.
func (s *service) takeIn(ctx context.Context) error {
	ways, within := errgroup.WithContext(ctx)
	ways.Go(func() error {
		services := slackbot.Services{Desk: s.counter, Incidents: s.desk, Scanner: s.scanner}
		if err := s.slack.Run(within, services); err != nil {
			return fmt.Errorf("the Slack bot: %w", err)
		}
		return nil
	})
	if s.control != nil {
		ways.Go(func() error { return s.control.Serve(within, s.desk) })
	}
	return ways.Wait()
}

// counter is where commands are taken in for the desk: a target without a
// cluster means the usual one.
type counter struct {
	*bot.Desk
	usual string
}

// Ask hands a command to the desk.
func (c counter) Ask(ctx context.Context, a bot.Ask) (string, error) {
	a.Target = c.placed(a.Target)
	return c.Desk.Ask(ctx, a)
}

// MayAsk tells whether a person may ask about a target.
func (c counter) MayAsk(ctx context.Context, p bot.Person, t runbook.Target, channel string) bool {
	return c.Desk.MayAsk(ctx, p, c.placed(t), channel)
}

func (c counter) placed(t runbook.Target) runbook.Target {
	if t.Cluster == "" {
		t.Cluster = c.usual
	}
	return t
}
