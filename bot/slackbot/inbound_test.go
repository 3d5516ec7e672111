package slackbot

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	sandbox "github.com/pullfix/pullfix/sandbox/slack"
)

func hears(text string) func(sandbox.Message) bool {
	return func(m sandbox.Message) bool { return m.Ephemeral && strings.Contains(m.Text, text) }
}

func TestCommandIsRecordedAndAcknowledged(t *testing.T) {
	o := open(t, setting{})
	d := o.command(sandbox.Ann, sandbox.Ops, "/pullfix diagnose prod-eu/shop deployment/checkout")
	if d.Response != nil {
		t.Errorf("the ack carries %v", d.Response)
	}
	asks := o.desk.asked()
	if len(asks) != 1 {
		t.Fatalf("%d asks", len(asks))
	}
	a := asks[0]
	if a.Person != ann || a.Place.Channel != sandbox.Ops || a.Place.Reply == "" || a.Key == "" {
		t.Errorf("%+v", a)
	}
	if want := (runbook.Target{Cluster: "prod-eu", Namespace: "shop", Kind: "Deployment", Name: "checkout"}); a.Target != want {
		t.Errorf("%+v", a.Target)
	}
}

func TestWhatIsDeliveredTwiceIsRecordedOnce(t *testing.T) {
	o := open(t, setting{workspace: sandbox.Options{Switches: sandbox.Switches{Duplicate: true}}})
	i := o.shown(judged())
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix diagnose shop checkout")
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix help")
	o.click(sandbox.Bob, i, "pullfix.again", "")
	o.message(sandbox.Ops, hears("diagnose"))
	time.Sleep(200 * time.Millisecond)
	if n, p := len(o.desk.asked()), len(o.desk.pressed()); n != 1 || p != 1 {
		t.Errorf("%d asks, %d presses", n, p)
	}
	heard := slices.DeleteFunc(o.Messages(sandbox.Ops, sandbox.Ann), func(m sandbox.Message) bool { return !m.Ephemeral })
	if len(heard) != 1 {
		t.Errorf("help was answered %d times", len(heard))
	}
}

func TestWrongInputGetsTheRightForm(t *testing.T) {
	o := open(t, setting{})
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix diagnose shop")
	o.message(sandbox.Ops, hears("diagnose [CLUSTER/]NAMESPACE POD"))
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix explain Failed to pull image: unauthorized <!channel>")
	o.message(sandbox.Ops, hears("Auth"))
	if len(o.desk.asked()) != 0 {
		t.Error("something was recorded")
	}
}

func TestWhatCannotBeRecordedIsSaid(t *testing.T) {
	o := open(t, setting{desk: &desk{err: errors.New("disk full")}})
	d := o.command(sandbox.Ann, sandbox.Ops, "/pullfix diagnose shop checkout")
	if d.Response == nil || !strings.Contains(sprintf("%v", d.Response), "nothing was recorded") {
		t.Errorf("the ack says %v", d.Response)
	}
}

func TestReadingIsForThoseWhoMayAsk(t *testing.T) {
	pods := func(namespace string) runbook.Group {
		return runbook.Group{Cause: "TagNotFound", Severity: "P1", Summary: "tag of " + namespace, Namespaces: []string{namespace}, Pods: []runbook.GroupPod{{Namespace: namespace, Name: "web"}}}
	}
	o := open(t, setting{desk: &desk{groups: []runbook.Group{pods("shop"), pods("payroll")}}})
	i := o.shown(judged())
	o.desk.only(func(namespace string) bool { return namespace == "shop" })
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix scan")
	m := o.message(sandbox.Ops, hears("1 pod in 1 namespace"))
	if strings.Contains(sprintf("%v", m.Blocks), "payroll") {
		t.Error("a forbidden namespace is shown")
	}
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix scan payroll")
	o.message(sandbox.Ops, hears("There is no namespace payroll."))
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix status")
	o.message(sandbox.Ops, hears("1 open incident"))
	o.desk.only(func(string) bool { return false })
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix status")
	o.message(sandbox.Ops, hears("No incident is open"))
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix report "+i.ID)
	o.message(sandbox.Ops, hears("I find no incident"))
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix report i-other")
	o.message(sandbox.Ops, hears("i-other"))
}

func TestReportIsAFileInTheThread(t *testing.T) {
	t.Parallel()
	o := open(t, setting{})
	i := o.shown(judged())
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix report "+i.ID)
	o.message(sandbox.Ops, hears("The report is in the incident's thread"))
	thread := o.Thread(i.Place.Channel, i.Place.Message, sandbox.Ann)
	last := thread[len(thread)-1]
	if len(last.Files) != 1 || !strings.HasSuffix(last.Files[0].Name, ".md") {
		t.Fatalf("%+v", last)
	}
	content, ok := o.FileContent(last.Files[0].ID)
	if !ok || !strings.Contains(string(content), "## Timeline") {
		t.Errorf("%s", content)
	}
}

func TestNothingIsSaidInSharedChannels(t *testing.T) {
	o := open(t, setting{})
	for _, text := range []string{"/pullfix diagnose shop checkout", "/pullfix status", "/pullfix help"} {
		o.command(sandbox.Ann, sandbox.Partner, text)
	}
	o.message(sandbox.Partner, hears("shared with another organisation"))
	// What was recorded before the channel was known to be shared.
	i := running()
	i.Opened, i.Place = time.Now(), o.desk.asked()[0].Place
	if place, err := o.bot.Show(t.Context(), i); err != nil || place.Message != "" {
		t.Error(place, err)
	}
	i.ID, i.Place = "i-2", bot.Place{Team: "T01ACME", Channel: sandbox.Partner}
	if place, err := o.bot.Show(t.Context(), i); err != nil || place.Channel != sandbox.Ops || place.Message == "" {
		t.Error(place, err)
	}
	for _, m := range o.Messages(sandbox.Partner, sandbox.Erik) {
		t.Errorf("an external sees %q", m.Text)
	}
}

func TestDeliveriesOfOthersAreDropped(t *testing.T) {
	o := open(t, setting{})
	for _, change := range []map[string]any{{"team_id": "T0OTHER"}, {"api_app_id": "A0OTHER"}} {
		payload := map[string]any{
			"team_id": "T01ACME", "api_app_id": "A01PULLFIX", "channel_id": sandbox.Ops, "user_id": sandbox.Ann, "command": "/pullfix",
			"text": "diagnose shop checkout", "trigger_id": sprintf("%v", change), "response_url": "http://evil.example/",
		}
		maps.Copy(payload, change)
		o.acknowledged(o.Inject("slash_commands", payload))
	}
	if n := len(o.desk.asked()); n != 0 {
		t.Errorf("%d were taken", n)
	}
}

func TestUnreadablePayloadsAreAcknowledged(t *testing.T) {
	o := open(t, setting{})
	o.acknowledged(o.Inject("slash_commands", map[string]any{"team_id": 7}))
	o.acknowledged(o.Inject("interactive", map[string]any{"type": "message_action", "team": map[string]any{"id": "T01ACME"}, "api_app_id": "A01PULLFIX"}))
}
