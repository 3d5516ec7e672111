package metrics

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// page is what Prometheus reads.
func page(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func wants(t *testing.T, m *Metrics, lines ...string) {
	t.Helper()
	text := page(t, m)
	for _, line := range lines {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no %q in\n%s", line, regexp.MustCompile(`(?m)^(#|go_|process_).*\n`).ReplaceAllString(text, ""))
		}
	}
}

var start = time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)

func broken(c cause.Cause, state bot.State) bot.Incident {
	return bot.Incident{ID: "ab", State: state, Opened: start, Verdict: &runbook.Verdict{Severity: runbook.P1, Diagnosis: runbook.Diagnosis{Cause: c}}}
}

// TestLifeOfAnIncident counts each step of it once.
func TestLifeOfAnIncident(t *testing.T) {
	m := New("v1")
	asked := bot.Incident{ID: "ab", State: bot.Diagnosing, Opened: start}
	open := broken(cause.TagNotFound, bot.Open)
	changing := broken(cause.TagNotFound, bot.Changing)
	at := start.Add(90 * time.Second)
	changing.Decision = &bot.Decision{Started: &at}
	watching := changing
	watching.State = bot.Watching
	mended := watching
	mended.Verdict = &runbook.Verdict{Severity: runbook.P1, Diagnosis: runbook.Diagnosis{Cause: cause.None}}
	mended.Earlier = []bot.Earlier{{Cause: cause.TagNotFound}}
	resolved := mended
	resolved.State = bot.Resolved
	moment := start
	for _, step := range [][2]bot.Incident{{{}, asked}, {asked, open}, {open, open}, {open, changing}, {changing, watching}, {watching, mended}, {mended, resolved}, {resolved, resolved}} {
		moment = moment.Add(time.Second)
		m.Saved(step[0], step[1], moment)
	}
	wants(t, m,
		`pullfix_build_info{go="`+runtime.Version()+`",version="v1"} 1`,
		`pullfix_incidents_opened_total{cause="TagNotFound",severity="P1"} 1`,
		`pullfix_incidents_resolved_total{cause="TagNotFound",severity="P1"} 1`,
		`pullfix_time_to_diagnose_seconds_sum 2`, `pullfix_time_to_diagnose_seconds_count 1`,
		`pullfix_time_to_decide_seconds_sum 90`, `pullfix_time_to_decide_seconds_count 1`,
		`pullfix_time_to_recover_seconds_sum 7`, `pullfix_time_to_recover_seconds_count 1`)
	m.Saved(resolved, open, moment) // opened again
	closed := open
	closed.State = bot.Closed
	m.Saved(open, closed, moment)
	wants(t, m, `pullfix_incidents_opened_total{cause="TagNotFound",severity="P1"} 2`, `pullfix_incidents_closed_total{cause="TagNotFound",severity="P1"} 1`)
}

// TestNoIncidentIsNotCounted: what is nothing, or joins another, is none.
func TestNoIncidentIsNotCounted(t *testing.T) {
	m := New("v1")
	asked := bot.Incident{ID: "ab", State: bot.Diagnosing}
	m.Saved(asked, broken(cause.None, bot.Closed), start)
	m.Saved(asked, broken(cause.TagNotFound, bot.Closed), start)
	m.Saved(broken(cause.TagNotFound, bot.Closed), broken(cause.TagNotFound, bot.Closed), start)
	if text := page(t, m); strings.Contains(text, "pullfix_incidents_opened_total{") || strings.Contains(text, "pullfix_incidents_closed_total{") {
		t.Error(text)
	}
}

func TestLooked(t *testing.T) {
	m := New("v1")
	open := broken(cause.TLSUntrusted, bot.Open)
	open.Outbox = []bot.Effect{{Kind: bot.DoPage}, {Kind: bot.DoPage}, {Kind: bot.DoShow}}
	m.Looked(Look{At: start, Content: true, Overdue: 3 * time.Second, Current: []bot.Incident{open, {State: bot.Diagnosing}}})
	wants(t, m, "pullfix_overdue_seconds 3", "pullfix_watchdog_content 1", "pullfix_unconfirmed_page_seconds 0",
		`pullfix_incidents_open{cause="TLSUntrusted",severity="P1"} 1`, `pullfix_incidents_open{cause="Unknown",severity="none"} 1`,
		`pullfix_pending_effects{kind="page"} 2`, `pullfix_pending_effects{kind="show"} 1`)
	m.Looked(Look{At: start})
	wants(t, m, "pullfix_overdue_seconds 0", "pullfix_watchdog_content 0")
	if strings.Contains(page(t, m), "pullfix_incidents_open{") {
		t.Error("what is over still counts as open")
	}
}

// TestFailingCountsOnce: a container that goes on failing is one error; one that
// fails anew is another.
func TestFailingCountsOnce(t *testing.T) {
	m := New("v1")
	group := func(pods ...string) []runbook.Group {
		g := runbook.Group{Cause: cause.AuthRejected}
		for _, p := range pods {
			g.Pods = append(g.Pods, runbook.GroupPod{Namespace: "shop", Name: p, Container: "c"})
		}
		return []runbook.Group{g}
	}
	m.Failing("prod", group("a", "b", "b"), true)
	m.Failing("prod", group("a"), false) // b was not looked at
	m.Failing("prod", group("a", "b"), true)
	m.Failing("prod", group("a"), true)
	m.Failing("prod", group("a", "b"), true)
	m.Failing("dev", group("a"), true)
	wants(t, m, `pullfix_image_pull_errors_total{cause="AuthRejected",cluster="prod"} 3`, `pullfix_containers_failing{cause="AuthRejected",cluster="prod"} 2`,
		`pullfix_containers_failing{cause="AuthRejected",cluster="dev"} 1`)
	m.Failing("prod", nil, true)
	if strings.Contains(page(t, m), `pullfix_containers_failing{cause="AuthRejected",cluster="prod"}`) {
		t.Error("nothing fails, but the gauge stays")
	}
}

func TestCallsByOutcome(t *testing.T) {
	m := New("v1")
	answers := map[string]func() (*http.Response, error){
		"fine":    func() (*http.Response, error) { return &http.Response{StatusCode: 200}, nil },
		"limited": func() (*http.Response, error) { return &http.Response{StatusCode: 429}, nil },
		"refused": func() (*http.Response, error) { return &http.Response{StatusCode: 403}, nil },
		"failing": func() (*http.Response, error) { return &http.Response{StatusCode: 503}, nil },
		"silent":  func() (*http.Response, error) { return nil, errors.New("no route") },
	}
	next := carrier(func(r *http.Request) (*http.Response, error) { return answers[r.Header.Get("Answer")]() })
	ask := func(ctx context.Context, way http.RoundTripper, url, want string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, url, nil).WithContext(ctx)
		r.Header.Set("Answer", want)
		if answer, err := way.RoundTrip(r); err == nil && answer.Body != nil {
			t.Error("a body from nowhere")
		}
	}
	cluster, chat := m.Kubernetes("prod")(next), m.Slack(next)
	ask(t.Context(), cluster, "/api/v1/pods", "fine")
	if r := m.Reaches(); len(r) != 1 || r[0].Well.IsZero() || !r[0].Since.IsZero() {
		t.Errorf("%+v", r)
	}
	ask(t.Context(), cluster, "/api/v1/pods", "silent")
	since := m.Reaches()[0].Since
	ask(t.Context(), cluster, "/api/v1/pods", "failing")
	if r := m.Reaches()[0]; r.Since.IsZero() || !r.Since.Equal(since) || r.Why != "failing" {
		t.Errorf("%+v", r)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	ask(gone, cluster, "/api/v1/pods", "silent")
	ask(t.Context(), cluster, "/api/v1/secrets", "refused")
	if r := m.Reaches()[0]; !r.Since.IsZero() {
		t.Errorf("a refusal is an answer: %+v", r)
	}
	ask(t.Context(), chat, "/api/chat.postMessage", "limited")
	ask(t.Context(), chat, "/upload/marker-secret", "fine")
	ask(t.Context(), chat, "/api/marker.secret", "fine")
	wants(t, m, `pullfix_kubernetes_calls_total{cluster="prod",outcome="ok"} 1`, `pullfix_kubernetes_calls_total{cluster="prod",outcome="unreached"} 1`,
		`pullfix_kubernetes_calls_total{cluster="prod",outcome="failing"} 1`, `pullfix_kubernetes_calls_total{cluster="prod",outcome="given-up"} 1`,
		`pullfix_slack_calls_total{method="chat.postMessage",outcome="limited"} 1`, `pullfix_slack_calls_total{method="other",outcome="ok"} 2`)
	if strings.Contains(page(t, m), "marker") {
		t.Error("an address became a label")
	}
}

func TestEscalationsByOutcome(t *testing.T) {
	m := New("v1")
	at := func(e ...bot.Escalated) bot.Incident {
		i := broken(cause.Timeout, bot.Open)
		i.Escalated = e
		return i
	}
	called := bot.Escalated{Condition: bot.WhenOverdue, Targets: []string{"x", "y"}}
	half, silent, heard := called, called, called
	half.Failed, silent.Failed = []string{"x: down"}, []string{"x: down", "y: down"}
	heard.Failed, heard.Told = []string{"x: down"}, []string{"y"}
	steps := []bot.Incident{at(), at(called), at(half), at(silent), at(silent), at(heard), at(heard, bot.Escalated{Condition: bot.WhenAsked}), at(heard, bot.Escalated{Condition: bot.WhenAsked}, bot.Escalated{Condition: "marker"})}
	for n := range steps[1:] {
		m.Saved(steps[n], steps[n+1], start)
	}
	wants(t, m, `pullfix_escalations_total{condition="overdue",outcome="failed"} 1`, `pullfix_escalations_total{condition="overdue",outcome="told"} 1`,
		`pullfix_escalations_total{condition="asked",outcome="nobody"} 1`, `pullfix_escalations_total{condition="other",outcome="nobody"} 1`)
}

// TestDocumented: every metric stands in the documentation, and nothing else.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, found := range regexp.MustCompile("(?m)^\\| `(pullfix_[a-z_]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		documented = append(documented, found[1])
	}
	all := make(chan *prometheus.Desc, 100)
	New("v1").registry.Describe(all)
	close(all)
	var names []string
	for d := range all {
		if found := regexp.MustCompile(`fqName: "(pullfix_[^"]+)"`).FindStringSubmatch(d.String()); found != nil {
			names = append(names, found[1])
		}
	}
	slices.Sort(names)
	slices.Sort(documented)
	if !slices.Equal(names, documented) {
		t.Errorf("documented are\n%q\nexported are\n%q", documented, names)
	}
}
