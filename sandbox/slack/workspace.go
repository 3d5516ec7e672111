package slack

import (
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options describe a workspace. The zero value is [ExampleSeed] with Slack's
// own times.
type Options struct {
	// Seed is what is there at the start; without a team it is ExampleSeed.
	Seed Seed
	// Log takes what happens to sockets; nil means nobody reads it.
	Log *slog.Logger
	// Switches can be changed later with [Workspace.Switch].
	Switches Switches
	// PingEvery is the time between WebSocket PINGs; zero means 10 s.
	PingEvery time.Duration
	// AckWithin is how long an app has to acknowledge; zero means 3 s.
	AckWithin time.Duration
	// WarnAhead is the time from a warning to the close; zero means 10 s.
	WarnAhead time.Duration
	// Life is how long a socket lives; zero means 18060 s, as Slack's.
	Life time.Duration
	// Rand picks the socket for each payload; nil means a random seed.
	Rand *rand.Rand
}

// Switches are the behaviours that Slack does not promise, or that a test
// wants otherwise.
type Switches struct {
	// NoLimits lifts all rate limits.
	NoLimits bool `json:"no_limits"`
	// Redeliver sends unacknowledged commands and interactions again on each
	// new connection, as has been reported from production. Off by default:
	// the documentation promises redelivery for events only.
	Redeliver bool `json:"redeliver"`
	// AckAnywhere accepts an acknowledgement on another connection than the
	// payload went out on.
	AckAnywhere bool `json:"ack_anywhere"`
	// Duplicate sends every envelope twice.
	Duplicate bool `json:"duplicate"`
	// Reorder swaps each two envelopes that come within 200 ms.
	Reorder bool `json:"reorder"`
	// TooManySockets turns each new connection away.
	TooManySockets bool `json:"too_many_sockets"`
	// SocketModeOff turns each new connection away with link_disabled.
	SocketModeOff bool `json:"socket_mode_off"`
	// FreePlan has no user groups (plan_upgrade_required).
	FreePlan bool `json:"free_plan"`
	// PlainTimeout words an unacknowledged command as the documentation does,
	// operation_timeout; off, it is what the field reports: dispatch_failed.
	PlainTimeout bool `json:"plain_timeout"`
}

// Workspace is a Slack workspace in memory. It is safe for concurrent use.
type Workspace struct {
	options    Options
	methods    map[string]method
	limiter    *limiter
	transcript *transcript

	mu       sync.Mutex
	switches Switches
	base     string        // where this workspace is reached, no slash at the end
	offset   time.Duration // of the workspace's clock
	lastTS   int64         // microseconds of the last ts handed out
	serial   int           // for ids
	faults   []*Fault
	scenes   map[string]Scene

	users    []User
	channels []*Channel
	groups   []Group
	messages map[string][]*message // by channel, oldest first
	uploads  map[string]*upload    // by file id

	triggers  map[string]*trigger
	responses map[string]*response
	stacks    map[string][]*view // open modals by user, the visible one last

	tickets    map[string]time.Time
	sockets    []*socket
	pending    map[string]*envelope
	held       *envelope // waiting to be overtaken
	unacked    []*envelope
	deliveries []*Delivery
	byEnvelope map[string]*Delivery
	failures   []Failure

	changes []Change
	seq     int
	wake    chan struct{} // closed and replaced at each change
}

// New makes a workspace.
func New(o Options) *Workspace {
	if o.Seed.Team.ID == "" {
		o.Seed = ExampleSeed()
	}
	o.PingEvery = orElse(o.PingEvery, 10*time.Second)
	o.AckWithin = orElse(o.AckWithin, 3*time.Second)
	o.WarnAhead = orElse(o.WarnAhead, 10*time.Second)
	o.Life = orElse(o.Life, 18060*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Rand == nil {
		o.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	w := &Workspace{
		options: o, methods: methods(), limiter: newLimiter(), switches: o.Switches,
		transcript: newTranscript(o.Seed.App.BotToken, o.Seed.App.AppToken),
		users:      slices.Clone(o.Seed.Users), groups: slices.Clone(o.Seed.Groups),
		scenes: map[string]Scene{}, messages: map[string][]*message{}, uploads: map[string]*upload{},
		triggers: map[string]*trigger{}, responses: map[string]*response{},
		stacks:  map[string][]*view{},
		tickets: map[string]time.Time{}, pending: map[string]*envelope{},
		byEnvelope: map[string]*Delivery{}, wake: make(chan struct{}),
	}
	for _, c := range o.Seed.Channels {
		c.Members = slices.Clone(c.Members)
		w.channels = append(w.channels, &c)
	}
	if _, ok := w.user(slackbot); !ok {
		w.users = append(w.users, User{ID: slackbot, Name: "slackbot", RealName: "Slackbot"})
	}
	for i, u := range w.users {
		if u.TeamID == "" {
			w.users[i].TeamID = o.Seed.Team.ID
		}
	}
	return w
}

func orElse(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// Switch changes the switches.
func (w *Workspace) Switch(change func(*Switches)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.switches)
}

// SetClock moves the workspace's clock by the offset from the machine's. It
// dates messages and ends triggers, response URLs and rate limits; deadlines
// that already run are not moved.
func (w *Workspace) SetClock(offset time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.offset = offset
}

// SetBaseURL says where the workspace is reached, for response URLs and
// uploads. Without it, that is what the first caller called it.
func (w *Workspace) SetBaseURL(base string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.base = strings.TrimSuffix(base, "/")
}

// Join makes the user, perhaps the bot, a member of the channel: what
// /invite does.
func (w *Workspace) Join(channel, user string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.channel(channel)
	if !ok {
		return refuse("channel_not_found")
	}
	if _, ok := w.user(user); !ok {
		return refuse("user_not_found")
	}
	if !c.has(user) {
		c.Members = append(slices.Clip(c.Members), user)
		w.changed(Change{Kind: "channel", Channel: channel})
	}
	return nil
}

// Leave ends the user's membership.
func (w *Workspace) Leave(channel, user string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.channel(channel)
	if !ok {
		return refuse("channel_not_found")
	}
	c.Members = slices.DeleteFunc(slices.Clone(c.Members), func(m string) bool { return m == user })
	w.changed(Change{Kind: "channel", Channel: channel})
	return nil
}

// SetUser adds the user, or replaces the one of the same id.
func (w *Workspace) SetUser(u User) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if u.TeamID == "" {
		u.TeamID = w.options.Seed.Team.ID
	}
	if i := slices.IndexFunc(w.users, func(have User) bool { return have.ID == u.ID }); i >= 0 {
		w.users[i] = u
		return
	}
	w.users = append(w.users, u)
}

// SetGroup adds the user group, or replaces the one of the same id.
func (w *Workspace) SetGroup(g Group) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g.Users = slices.Clone(g.Users)
	if i := slices.IndexFunc(w.groups, func(have Group) bool { return have.ID == g.ID }); i >= 0 {
		w.groups[i] = g
		return
	}
	w.groups = append(w.groups, g)
}
