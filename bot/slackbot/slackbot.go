package slackbot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/time/rate"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// Token is a Slack token. It hides itself from everything that prints.
type Token string

// Format hides the token from every verb.
func (t Token) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.hidden())) }

// MarshalText hides the token from encoders.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.hidden()), nil }

// LogValue hides the token from logs.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.hidden()) }

func (t Token) hidden() string {
	if t == "" {
		return "[no token]"
	}
	return "[token]"
}

// Routes says who is told when an incident escalates.
type Routes interface {
	Route(i bot.Incident) Route
}

// Approvals says who may approve a remedy; false when no rule covers it.
type Approvals interface {
	Approvers(t runbook.Target, remedy string) (Approvers, bool)
}

// Options are what a Bot needs. The tokens and Log are required.
type Options struct {
	// APIURL is the address of the Web API; "" means Slack's own.
	APIURL string
	// BotToken begins with xoxb-, AppToken, which opens sockets, with xapp-.
	BotToken Token
	AppToken Token
	// Channel is the id of the channel of incidents that nobody asked for.
	Channel string
	Log     *slog.Logger
	// Routes are for the text of messages; nil means that nobody is paged.
	Routes Routes
	// Approvals are for the text of modals; nil says nothing about it.
	Approvals Approvals
	// Report makes an incident's report in Markdown; nil means a short one.
	Report func(bot.Incident) string
	// Transport carries the calls; nil means http.DefaultTransport.
	Transport http.RoundTripper
	// PingTimeout is how long Slack may be silent on a socket; 0 means 30 s.
	PingTimeout time.Duration
	// Asks is how often one person may ask, Presses how often they may press
	// buttons; zero means 20 times at once, then once in six seconds, or one.
	Asks    Pace
	Presses Pace
}

// Bot is pullfix in Slack: a bot.Announcer and a bot.Directory from the start,
// and the way in for commands and clicks while Run runs.
type Bot struct {
	o       Options
	api     *slack.Client
	opening *spacing
	started time.Time
	self    atomic.Pointer[identity]
	health  health
	silence time.Duration // after which a socket without a greeting is left
	// dial opens the connections of sockets; nil is the usual way.
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	posts     *lanes // chat.postMessage, by channel
	updates   *lanes // chat.update, by channel
	whispers  *lanes // chat.postEphemeral, by channel
	redrawing *rate.Limiter
	easel     easel

	rooms    *memory[room] // channels, by id
	people   *memory[bot.Standing]
	groups   *memory[members]
	rights   *memory[[]slack.UserGroup]
	roots    *memory[bot.Place] // where root messages stand, by incident
	drawn    *memory[string]    // what they look like, by incident
	told     *memory[struct{}]  // notices that are said, by key
	calls    *memory[[]called]  // messages with which people were called, by incident
	doubts   *memory[struct{}]  // posts of which nobody knows whether they arrived
	answered *memory[struct{}]  // what was answered where the bot cannot post
	links    atomic.Pointer[linker]
}

var (
	_ bot.Announcer = (*Bot)(nil)
	_ bot.Directory = (*Bot)(nil)
)

// linker knows the incidents to which others are linked.
type linker struct{ incidents Incidents }

// identity is who the bot is, by auth.test and by Slack's greeting.
type identity struct {
	team, enterprise, user, bot, url, app string
}

// Slack's published limits, and how long the directory may be remembered.
const (
	perMessage   = time.Second            // chat.postMessage, a channel
	perUpdate    = 60 * time.Second / 50  // chat.update, the workspace
	updateRun    = 20                     // redraws at once, before that counts
	spareRedraws = 5                      // of those, that ticks of running diagnoses leave to others
	perWhisper   = 600 * time.Millisecond // chat.postEphemeral
	fresh        = 56 * time.Second       // of what is known about people and channels
	workday      = 12 * time.Hour         // of what was posted
)

// New makes a bot; nothing is called yet.
func New(o Options) (*Bot, error) {
	if o.APIURL == "" {
		o.APIURL = slack.APIURL
	}
	var errs []error
	var err error
	if o.APIURL, err = apiURL(o.APIURL); err != nil {
		errs = append(errs, err)
	}
	if !strings.HasPrefix(string(o.BotToken), "xoxb-") {
		errs = append(errs, errors.New("the bot token is missing, or does not begin with xoxb-"))
	}
	if !strings.HasPrefix(string(o.AppToken), "xapp-") {
		errs = append(errs, errors.New("the app token is missing, or does not begin with xapp-"))
	}
	if o.Log == nil {
		errs = append(errs, errors.New("a log is missing"))
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("the Slack bot: %w", errors.Join(errs...))
	}
	if o.PingTimeout == 0 {
		o.PingTimeout = 30 * time.Second
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.Report == nil {
		o.Report = shortReport
	}
	return assemble(o), nil
}

func assemble(o Options) *Bot {
	opening := &spacing{}
	client := &http.Client{
		Transport:     &wire{next: o.Transport, opening: opening},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	b := &Bot{
		o: o, opening: opening, started: time.Now(), silence: greetingTimeout,
		api: slack.New(string(o.BotToken), slack.OptionAppLevelToken(string(o.AppToken)), slack.OptionAPIURL(o.APIURL), slack.OptionHTTPClient(client)),

		posts: newLanes(perMessage, 1), updates: newLanes(perMessage, 1), whispers: newLanes(perWhisper, 5),
		redrawing: rate.NewLimiter(rate.Every(perUpdate), updateRun),
		easel:     easel{waiting: make(map[string]*sketch), last: make(map[string]*sketch)},

		rooms: newMemory[room](fresh, 2000), people: newMemory[bot.Standing](fresh, 5000),
		groups: newMemory[members](fresh/2, 500), rights: newMemory[[]slack.UserGroup](fresh/2, 1),
		roots: newMemory[bot.Place](workday, 5000), drawn: newMemory[string](workday, 5000), told: newMemory[struct{}](workday, 20000),
		calls: newMemory[[]called](workday, 5000), doubts: newMemory[struct{}](workday, 5000), answered: newMemory[struct{}](workday, 5000),
	}
	b.self.Store(&identity{})
	b.links.Store(&linker{})
	return b
}

// link is the address of a message, "" when it is not posted.
func (b *Bot) link(p bot.Place) string {
	url := b.self.Load().url
	if url == "" || p.Message == "" || p.Channel == "" {
		return ""
	}
	return strings.TrimSuffix(url, "/") + "/archives/" + p.Channel + "/p" + strings.ReplaceAll(p.Message, ".", "")
}
