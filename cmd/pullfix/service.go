package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/control"
	"github.com/pullfix/pullfix/bot/journal"
	"github.com/pullfix/pullfix/bot/slackbot"
	"github.com/pullfix/pullfix/bot/watch"
	"github.com/pullfix/pullfix/cmd/pullfix/metrics"
	"github.com/pullfix/pullfix/runbook"
)

// parts are what a service is made of. The demo brings stand-ins for some.
type parts struct {
	settings settings
	tokens   tokens
	key      masterKey
	engine   engine
	pagers   map[string]bot.Pager
	log      *slog.Logger
	metrics  *metrics.Metrics
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
	watches []*watch.Watch
	scanner engine

	metrics   *metrics.Metrics
	ledger    *ledger
	watchdog  *watchdog
	sweeper   sweeper
	heart     heart
	otherWays bool // people can be called without Slack
	stopping  atomic.Bool
}

// newService ties the parts together. Nothing is called yet, but the journal is
// taken; close gives it back.
func newService(p parts) (*service, error) {
	policy, err := p.settings.Escalation.policy(p.pagers)
	if err != nil {
		return nil, err
	}
	slack, err := slackbot.New(slackbot.Options{
		APIURL: p.settings.Slack.APIURL, BotToken: p.tokens.bot, AppToken: p.tokens.app, Channel: p.settings.Slack.Channel,
		Log: p.log, Report: p.settings.report, Routes: routes(policy), Approvals: approvers(p.settings.rules()),
		Transport: p.metrics.Slack(http.DefaultTransport),
	})
	if err != nil {
		return nil, usage(err)
	}
	policy.Link = slack.Link
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
	s := &service{log: p.log, journal: kept, slack: slack, scanner: p.engine, metrics: p.metrics, ledger: &ledger{Store: kept, metrics: p.metrics}, otherWays: len(p.pagers) > 0}
	s.desk, err = bot.New(bot.Options{
		Store: s.ledger, Archive: kept, Rooms: p.rooms(), Observer: p.metrics, Announcer: slack, Directory: slack, Engine: p.engine, Changer: p.changer(), Rules: p.settings.rules(),
		Lookout: p.engine, CrashLoop: p.settings.Runbooks.CrashLoop,
		Freezer: p.engine, Caller: slack, Pagers: p.pagers, Policy: policy, Seal: seal, NewID: newIncidentID, Log: p.log,
		Poll: p.pace.poll, Settle: p.pace.settle, Workers: workers,
	})
	if err != nil {
		return nil, errors.Join(err, kept.Close())
	}
	if s.watches, err = p.watches(s.desk, kept); err != nil {
		return nil, errors.Join(err, kept.Close())
	}
	s.counter = counter{Desk: s.desk, usual: p.engine.usual()}
	s.sweeper = sweeper{clusters: p.engine.clusters, incidents: s.lately, log: p.log}
	s.watchdog = &watchdog{desk: s.desk, metrics: p.metrics, log: p.log, every: lookEvery}
	s.heart = newHeart(p.settings.Heartbeat, s.content, p.metrics, p.log)
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

// newIncidentID is short enough to be typed, and random enough never to come
// twice: 50 bits.
func newIncidentID() string { return strings.ToLower(rand.Text()[:10]) }

// health is what tells those who run pullfix how it is.
func (s *service) health() http.Handler {
	return health(condition{
		slack: s.slack, journal: s.journal.Troubles, stored: s.ledger.trouble, reaches: s.metrics.Reaches, unread: s.unread, troubles: s.watchdog.troubles, stopping: &s.stopping,
	}, s.metrics.Handler())
}

// lately are the incidents that may have kept copies: the open ones, and those
// that ended within as long as a copy lives, and a day more.
func (s *service) lately(ctx context.Context) ([]bot.Incident, error) {
	open, err := s.desk.Current(ctx)
	ended, failed := s.journal.EndedSince(ctx, time.Now().Add(-48*time.Hour))
	return append(open, ended...), errors.Join(err, failed)
}

// content tells that people would be called if they had to be.
func (s *service) content() bool { return len(s.watchdog.troubles(time.Now())) == 0 }

// run keeps the bot going until ctx ends or Slack refuses it from the start. It stops
// in this order: nothing more is taken in, and what was is recorded and
// acknowledged; then the desk, when a change that has begun is finished; then
// the watchdog and the answers over HTTP; then the journal is given back.
func (s *service) run(ctx context.Context, web listening) error {
	all, within := errgroup.WithContext(ctx)
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	tend, rest := context.WithCancel(context.WithoutCancel(ctx))
	defer rest()
	context.AfterFunc(within, func() {
		s.stopping.Store(true)
		s.log.Info("stopping: nothing more is taken in")
	})
	all.Go(func() error {
		defer rest()
		err := s.desk.Run(work)
		s.log.Info("stopping: what was begun is finished")
		return err
	})
	all.Go(func() error {
		defer end() // the desk stops after those who bring it things
		return s.takeIn(within)
	})
	for _, w := range s.watches {
		all.Go(func() error { return w.Run(within) })
	}
	all.Go(func() error { return s.tend(tend, web) })
	return errors.Join(all.Wait(), s.close())
}

// tend looks after the bot, and tells how it is, until ctx ends.
func (s *service) tend(ctx context.Context, web listening) error {
	var both sync.WaitGroup
	both.Go(func() { s.watchdog.run(ctx) })
	both.Go(func() { s.sweeper.run(ctx) })
	both.Go(func() { s.heart.run(ctx) })
	stop := context.AfterFunc(ctx, func() { _ = web.server.Close() }) // whoever asks now asks too late
	defer stop()
	err := web.server.Serve(web.Listener)
	if errors.Is(err, http.ErrServerClosed) {
		both.Wait()
		return nil
	}
	return fmt.Errorf("serving HTTP: %w", err)
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
	ways.Go(func() error { return s.talk(within) })
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
