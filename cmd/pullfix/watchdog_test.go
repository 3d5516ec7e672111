package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/slackbot"
	"github.com/pullfix/pullfix/cmd/pullfix/metrics"
)

var errBroken = errors.New("broken")

// kennel is what the watchdog looks at.
type kennel struct {
	current     []bot.Incident
	read, asked error
}

func (k *kennel) Current(context.Context) ([]bot.Incident, error) { return k.current, k.read }
func (k *kennel) Ping(context.Context) error                      { return k.asked }

// moody is a kennel whose desk answers, or not, from one moment to the next.
type moody struct {
	kennel
	stuck atomic.Bool
}

func (m *moody) Ping(context.Context) error {
	if m.stuck.Load() {
		return errBroken
	}
	return nil
}

func newWatchdog(k *kennel) (*watchdog, *shared) {
	said := &shared{}
	return &watchdog{desk: k, metrics: metrics.New("v1"), log: slog.New(slog.NewTextHandler(said, nil)), every: lookEvery}, said
}

func TestWatchdog(t *testing.T) {
	now := time.Now()
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	called := func(d time.Duration) bot.Escalated { return bot.Escalated{At: ago(d), Targets: []string{"x"}} }
	told := bot.Escalated{At: ago(time.Hour), Targets: []string{"x"}, Told: []string{"x"}}
	calls := func(e ...bot.Escalated) kennel { return kennel{current: []bot.Incident{{ID: "ab", Escalated: e}}} }
	for name, test := range map[string]struct {
		kennel kennel
		why    string // "" means content
	}{
		"nothing open":   {kennel{}, ""},
		"not due":        {kennel{current: []bot.Incident{{ID: "ab", Deadline: now.Add(time.Hour)}}}, ""},
		"just due":       {kennel{current: []bot.Incident{{ID: "ab", Deadline: ago(30 * time.Second)}}}, ""},
		"overdue":        {kennel{current: []bot.Incident{{ID: "ab", Deadline: ago(2 * time.Minute)}}}, "incident ab is overdue for 2m0s"},
		"never due":      {kennel{current: []bot.Incident{{ID: "ab"}}}, ""},
		"over":           {kennel{current: []bot.Incident{{ID: "ab", State: bot.Closed, Deadline: ago(time.Hour)}}}, ""},
		"page is young":  {calls(called(time.Minute)), ""},
		"page unheard":   {calls(told, called(6*time.Minute), called(time.Second)), "confirmed its page for 6m0s"},
		"nobody to call": {calls(bot.Escalated{At: ago(time.Hour)}), ""},
		"heard":          {calls(called(time.Hour), told), ""},
		"store broken":   {kennel{read: errBroken}, "the incidents cannot be read: broken"},
		"desk stuck":     {kennel{asked: errBroken}, "the desk does not answer: broken"},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := newWatchdog(&test.kennel)
			w.look(t.Context())
			if got := strings.Join(w.troubles(time.Now()), "; "); !strings.Contains(got, test.why) || (got == "") != (test.why == "") {
				t.Errorf("troubles %q, want %q", got, test.why)
			}
		})
	}
}

// TestWatchdogIsWatched: one that stands still is no comfort, and each change is
// logged once.
func TestWatchdogIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &moody{}
		w, said := newWatchdog(&k.kennel)
		w.desk = k
		if len(w.troubles(time.Now())) == 0 {
			t.Error("content before the first look")
		}
		ctx, stop := context.WithCancel(t.Context())
		go w.run(ctx)
		time.Sleep(time.Second)
		if len(w.troubles(time.Now())) != 0 {
			t.Errorf("troubles %q", w.troubles(time.Now()))
		}
		k.stuck.Store(true)
		time.Sleep(2 * time.Minute)
		k.stuck.Store(false)
		time.Sleep(2 * time.Minute)
		stop()
		synctest.Wait()
		if n := strings.Count(said.String(), "not content"); n != 1 || strings.Count(said.String(), "content again") != 1 {
			t.Errorf("the log says it %d times:\n%s", n, said)
		}
		time.Sleep(staleAfter + lookEvery)
		if got := strings.Join(w.troubles(time.Now()), ""); !strings.Contains(got, "has not looked since") {
			t.Errorf("troubles %q", got)
		}
	})
}

// monitor answers heartbeats without a socket.
type monitor struct {
	beats  atomic.Int32
	answer atomic.Pointer[answering]
}

type answering func() (*http.Response, error)

func answers(a answering) *monitor {
	m := &monitor{}
	m.answer.Store(&a)
	return m
}

func (m *monitor) RoundTrip(*http.Request) (*http.Response, error) {
	m.beats.Add(1)
	return (*m.answer.Load())()
}

func status(code int) answering {
	return func() (*http.Response, error) {
		return &http.Response{StatusCode: code, Status: http.StatusText(code), Header: http.Header{"Location": {"https://elsewhere.example"}}, Body: io.NopCloser(strings.NewReader("x"))}, nil
	}
}

// TestHeartbeat beats while the watchdog is content, and never says where to.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const address = "https://monitor.example/ping/marker"
		var content atomic.Bool
		said, m := &shared{}, answers(status(http.StatusOK))
		h := newHeart(heartbeatSettings{URL: address, Every: time.Minute}, content.Load, metrics.New("v1"), slog.New(slog.NewTextHandler(said, nil)))
		h.client.Transport = m
		ctx, stop := context.WithCancel(t.Context())
		go h.run(ctx)
		beats := func(d time.Duration, want int32) {
			t.Helper()
			before := m.beats.Load()
			time.Sleep(d)
			synctest.Wait()
			if got := m.beats.Load() - before; got != want {
				t.Errorf("%d beats in %s, want %d", got, d, want)
			}
		}
		beats(5*time.Minute, 0)
		content.Store(true)
		beats(time.Minute-time.Nanosecond, 0)
		beats(time.Nanosecond, 1)
		beats(3*time.Minute, 3)
		for _, answer := range []answering{
			status(http.StatusInternalServerError), status(http.StatusFound), func() (*http.Response, error) { return nil, errBroken },
		} {
			m.answer.Store(&answer)
			beats(2*time.Minute, 2)
		}
		stop()
		synctest.Wait()
		if text := said.String(); strings.Contains(text, "marker") || strings.Count(text, "sending the heartbeat") != 1 || !strings.Contains(text, "monitor.example") {
			t.Errorf("the log says\n%s", text)
		}
	})
}

// chatIs is a connection to Slack that stands as it says.
type chatIs slackbot.Health

func (c chatIs) Health() slackbot.Health { return slackbot.Health(c) }

func TestReadyz(t *testing.T) {
	now := time.Now()
	well := func() condition {
		return condition{
			slack: chatIs{Connected: true}, journal: func() []error { return nil }, stored: func() (time.Time, error) { return time.Time{}, nil },
			reaches: func() []metrics.Reach { return []metrics.Reach{{Cluster: "prod", Well: now}} }, troubles: func(time.Time) []string { return nil },
			unread:   func() []string { return nil },
			stopping: &atomic.Bool{},
		}
	}
	for name, test := range map[string]struct {
		spoil func(*condition)
		code  int
		say   string
	}{
		"well":              {func(*condition) {}, 200, "ready\n"},
		"stopping":          {func(c *condition) { c.stopping.Store(true) }, 503, "not ready: stopping\n"},
		"no Slack":          {func(c *condition) { c.slack = chatIs{} }, 503, "not ready: not connected to Slack\n"},
		"Slack refuses":     {func(c *condition) { c.slack = chatIs{Trouble: "revoked xoxb-1-marker"} }, 503, "not ready: revoked"},
		"store":             {func(c *condition) { c.stored = func() (time.Time, error) { return now, errBroken } }, 503, "not ready: incidents cannot be written since "},
		"cluster":           {func(c *condition) { c.reaches = silentFor("prod", now, 2*time.Minute) }, 503, "not ready: cluster prod is unreached since "},
		"cluster, unnamed":  {func(c *condition) { c.reaches = silentFor("", now, 2*time.Minute) }, 503, "not ready: cluster (the only one) is unreached since "},
		"cluster, just now": {func(c *condition) { c.reaches = silentFor("prod", now, 10*time.Second) }, 200, "ready\n"},
		"watchdog":          {func(c *condition) { c.troubles = func(time.Time) []string { return []string{"a", "b"} } }, 503, "not ready: a\nnot ready: b\n"},
		"remarks": {func(c *condition) {
			c.slack = chatIs{Connected: true, Warning: "a stranger"}
			c.journal = func() []error { return []error{errBroken} }
		}, 200, "ready\nwarning: a stranger\nwarning: the journal: broken\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c := well()
			test.spoil(&c)
			for path, code := range map[string]int{"/readyz": test.code, "/healthz": http.StatusOK, "/metrics": http.StatusTeapot, "/": http.StatusNotFound} {
				w := httptest.NewRecorder()
				health(c, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
				if w.Code != code || path == "/readyz" && !strings.HasPrefix(w.Body.String(), test.say) {
					t.Errorf("%s: %d %q, want %d %q", path, w.Code, w.Body, code, test.say)
				}
				if strings.Contains(w.Body.String(), "marker") {
					t.Errorf("%s tells a token: %s", path, w.Body)
				}
			}
		})
	}
}

func silentFor(cluster string, now time.Time, d time.Duration) func() []metrics.Reach {
	return func() []metrics.Reach {
		return []metrics.Reach{{Cluster: cluster, Since: now.Add(-d), Why: "unreached"}}
	}
}

// brokenStore fails as told.
type brokenStore struct {
	bot.Store
	err error
}

func (b *brokenStore) Save(context.Context, bot.Incident, bot.Version) (bot.Version, error) {
	return "1", b.err
}

func TestLedgerTellsOfWritesThatFail(t *testing.T) {
	b := &brokenStore{}
	l := &ledger{Store: b, metrics: metrics.New("v1")}
	for _, step := range []struct{ err, want error }{{nil, nil}, {errBroken, errBroken}, {errBroken, errBroken}, {bot.ErrConflict, nil}, {nil, nil}} {
		b.err = step.err
		if _, err := l.Save(t.Context(), bot.Incident{}, ""); !errors.Is(err, step.err) {
			t.Errorf("the ledger changed %v to %v", step.err, err)
		}
		if _, got := l.trouble(); !errors.Is(got, step.want) || (got == nil) != (step.want == nil) {
			t.Errorf("after %v: %v", step.err, got)
		}
	}
}
