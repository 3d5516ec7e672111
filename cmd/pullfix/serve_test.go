package main

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	sandcluster "github.com/pullfix/pullfix/sandbox/cluster"
	"github.com/pullfix/pullfix/sandbox/slack"
)

const mention = `escalation: {routes: [{name: platform, causes: ["*"], namespaces: ["*"], slack: {mention: S01PLATFORM}}]}`

// TestServe lives through what people do with the bot, from the command to the
// proof of the cure.
func TestServe(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	stop := s.serve(t, mention)
	t.Run("pods that were made too early are deleted", func(t *testing.T) { tooEarly(t, s) })
	t.Run("a bad rollout goes back", func(t *testing.T) { badRollout(t, s) })
	t.Run("a template that was corrected needs its broken pod deleted", func(t *testing.T) { ordered(t, s) })
	t.Run("a healthy workload is one line", func(t *testing.T) {
		s.command(t, slack.Ann, "diagnose shop deployment/storefront")
		s.saw(t, "shop/storefront", "Nothing to do")
	})
	t.Run("a guest may not ask, and learns nothing", func(t *testing.T) {
		s.command(t, slack.Gina, "diagnose shop deployment/search")
		s.told(t, slack.Gina, "I find no deployment search in namespace shop")
	})
	t.Run("a cluster that is not configured", func(t *testing.T) {
		s.command(t, slack.Ann, "diagnose staging/shop web")
		s.told(t, slack.Ann, "I find no pod web in namespace shop")
	})
	t.Run("escalating mentions the people of the route", func(t *testing.T) {
		s.command(t, slack.Ann, "diagnose media deployment/thumbnails")
		s.press(t, slack.Bob, s.saw(t, "ecr-pull", "pullfix.escalate"), "pullfix.escalate")
		m := s.saw(t, "<!subteam^S01PLATFORM>", "deployments in media")
		if !m.Broadcast {
			t.Error("the mention is not broadcast: a reply in a thread notifies nobody")
		}
	})
	t.Run("it says that it is ready", func(t *testing.T) { ready(t, s) })
	t.Run("every write has its line", func(t *testing.T) { audited(t, s) })
	t.Run("it counts what it did", func(t *testing.T) { counted(t, s) })
	stop()
	stoppedInOrder(t, s.log.String())
	if log := s.log.String(); strings.Contains(log, "level=ERROR") {
		t.Errorf("errors in the log:\n%s", log)
	}
}

func tooEarly(t *testing.T, s *stage) {
	s.command(t, slack.Bob, "diagnose shop deployment/cart")
	m := s.saw(t, "does not use secret ghcr-pull", "Delete the 2 waiting pods in shop on demo")
	s.approve(t, slack.Bob, m)
	s.told(t, slack.Bob, "somebody else has to approve it (four eyes)")
	s.approve(t, slack.Dave, m)
	s.told(t, slack.Dave, "You may not approve changes in shop")
	s.press(t, slack.Gina, m, "pullfix.approve") // and no modal opens for a guest
	s.told(t, slack.Gina, "guests do not count")
	if err := s.Workspace.Join(slack.Ops, slack.Erik); err != nil {
		t.Fatal(err)
	}
	s.press(t, slack.Erik, m, "pullfix.escalate")
	s.told(t, slack.Erik, "another workspace")
	if n := s.writes(); n != 0 {
		t.Fatalf("%d writes before anybody approved", n)
	}
	s.approve(t, slack.Carol, m)
	healed := s.saw(t, "Resolved", "Delete the 2 waiting pods, approved by <@"+slack.Carol+">", "2 of 2 pods pulled")
	if healed.TS != m.TS {
		t.Error("the incident has a second message")
	}
	if n := s.writes(); n != 2 {
		t.Errorf("%d writes for 2 pods", n)
	}
}

func badRollout(t *testing.T, s *stage) {
	before := s.writes()
	s.command(t, slack.Ann, "diagnose demo/shop deployment/checkout")
	m := s.saw(t, "The tag 1.4.22 does not exist", "the old pods still serve", "Roll back to revision 1 (tag 1.4.1)")
	if _, _, there := m.Element("pullfix.approve"); there {
		t.Error("the roll back is the primary button while the old pods still serve")
	}
	s.approve(t, slack.Bob, m)
	s.saw(t, "Resolved", "Roll back to revision 1 (tag 1.4.1), approved by <@"+slack.Bob+">")
	if n := s.writes() - before; n != 1 {
		t.Errorf("%d writes for one roll back: %+v", n, s.Cluster.Requests())
	}
}

func ordered(t *testing.T, s *stage) {
	s.command(t, slack.Ann, "diagnose shop statefulset/sessions")
	m := s.saw(t, "The tag 7.O does not exist", "Delete the waiting pod sessions-0 in shop on demo")
	s.approve(t, slack.Carol, m)
	s.saw(t, "Resolved", "Delete the waiting pod sessions-0, approved by <@"+slack.Carol+">")
}

// writes counts what the bot changed in the cluster, beside the events in which
// it says so.
func (s *stage) writes() int {
	n := 0
	for _, r := range s.Cluster.Requests() {
		if r.User == "pullfix" && r.Method != http.MethodGet && took(r) && r.Resource != "selfsubjectaccessreviews" && r.Resource != "events" {
			n++
		}
	}
	return n
}

// took tells that a write took effect: one that met a newer version is refused,
// and made again.
func took(r sandcluster.Request) bool { return r.Status < http.StatusMultipleChoices }

var readyz = regexp.MustCompile(`health=(http://\S+)`)

func ready(t *testing.T, s *stage) {
	found := readyz.FindStringSubmatch(s.log.String())
	if found == nil {
		t.Fatal("the log does not say where health is told")
	}
	if status, text := get(t, found[1]); status != http.StatusOK || text != "ready\n" {
		t.Errorf("%d %q", status, text)
	}
	s.Workspace.Switch(func(w *slack.Switches) { w.SocketModeOff = true })
	s.Workspace.Disrupt(slack.Kill, 0)
	if !eventually(func() bool { status, _ := get(t, found[1]); return status == http.StatusServiceUnavailable }) {
		t.Error("ready without a connection to Slack")
	}
	if status, text := get(t, strings.Replace(found[1], "readyz", "healthz", 1)); status != http.StatusOK || text != "alive\n" {
		t.Errorf("%d %q", status, text)
	}
	s.Workspace.Switch(func(w *slack.Switches) { w.SocketModeOff = false })
	s.online(t)
}

// counted reads the metrics after a morning's work.
func counted(t *testing.T, s *stage) {
	status, text := get(t, strings.Replace(readyz.FindStringSubmatch(s.log.String())[1], "readyz", "metrics", 1))
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	for _, want := range []string{
		`pullfix_incidents_resolved_total\{cause="TagNotFound",severity="P[12]"\} [12]`, `pullfix_time_to_recover_seconds_count 3`,
		`pullfix_time_to_decide_seconds_count 3`, `pullfix_escalations_total\{condition="[a-z]+",outcome="told"\} [1-9]`, `pullfix_watchdog_content 1`,
		`pullfix_slack_calls_total\{method="chat.postMessage",outcome="ok"\} [1-9]`, `pullfix_kubernetes_calls_total\{cluster="demo",outcome="ok"\} [1-9]`,
		`pullfix_cluster_last_answer_timestamp_seconds\{cluster="demo"\} [1-9]`, `pullfix_store_operations_total\{operation="save",outcome="ok"\} [1-9]`,
	} {
		if !regexp.MustCompile(`(?m)^` + want).MatchString(text) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(text, "thumbnails") || strings.Contains(text, "xoxb") {
		t.Error("a name or a token stands in the metrics")
	}
}

// stoppedInOrder reads the end of the log.
func stoppedInOrder(t *testing.T, log string) {
	at := 0
	for _, want := range []string{"stopping: nothing more is taken in", "stopping: what was begun is finished", "msg=stopped"} {
		next := strings.Index(log[at:], want)
		if next < 0 {
			t.Fatalf("no %q after %q", want, log[at:])
		}
		at += next
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestReadOnlyHasNothingToApprove(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	stop := s.serve(t, "readOnly: true")
	s.command(t, slack.Ann, "diagnose shop deployment/cart")
	m := s.saw(t, "does not use secret ghcr-pull", "Diagnose again", "nobody will be paged")
	if strings.Contains(words(m), "pullfix.approve") || strings.Contains(words(m), `"value":"approve`) {
		t.Errorf("there is something to approve: %s", words(m))
	}
	stop()
	if n := s.writes(); n != 0 {
		t.Errorf("%d writes", n)
	}
}
