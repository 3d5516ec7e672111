package slackbot

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	sandbox "github.com/pullfix/pullfix/sandbox/slack"
)

var update = flag.Bool("update", false, "write the golden files")

// product is everything that the bot can put before people.
type product struct {
	messages map[string]message
	modals   map[string]slack.ModalViewRequest
}

func link42(p bot.Place) string {
	return "https://acme.slack.com/archives/" + p.Channel + "/p" + strings.ReplaceAll(p.Message, ".", "")
}

func everyMessage() product {
	paged := Route{Mention: "S01PLATFORM", Pages: true}
	p := product{messages: make(map[string]message)}
	roots := map[string]bot.Incident{
		"running": running(), "verdict": judged(), "asking": decided(bot.Asking), "changing": decided(bot.Changing), "watching": watched(),
		"resolved": resolvedIncident(), "closed": closedIncident(bob, "the tag was pushed again"), "healthy": healthyIncident(), "escalated": escalatedIncident(),
		"cannot-tell": unknownIncident(), "new-cause": anotherCause(), "overtaken": overtaken(), "acknowledged": acknowledged(), "read-only": readOnly(),
		"right-missing": rightMissing(), "no-answer": noAnswer(), "not-found": closedIncident(bot.Person{}, "I find no pod checkout in namespace shop."),
		"credential": expired(), "many-remedies": manyRemedies(), "canary": inWaves(bot.Watching, 1), "waves": inWaves(bot.Changing, 12),
		"written": written(), "handed-over": handedOverIncident(), "compromised": declared(), "snoozed": snoozed(),
	}
	for name, i := range roots {
		p.messages["root-"+name] = drawing{incident: i, route: paged}.root()
	}
	p.messages["root-nobody-paged"] = drawing{incident: judged()}.root()
	p.messages["root-outage"] = drawing{incident: outage(), route: paged}.root()
	joined := closedIncident(bot.Person{}, "joins i-1")
	p.messages["root-joined"] = drawing{incident: joined, joined: "https://acme.slack.com/archives/C01OPS/p1763781120000100"}.root()
	p.messages["root-joined-unknown"] = drawing{incident: joined}.root()
	p.messages["root-afterwards"] = drawing{incident: lookedBack()}.root()
	p.messages["root-alone"] = withoutButtons(drawing{incident: judged(), route: paged}.root())
	evilDrawing := drawing{incident: hostile(), route: paged}
	for _, state := range []bot.State{bot.Diagnosing, bot.Open, bot.Asking, bot.Changing, bot.Watching, bot.Resolved, bot.Closed} {
		p.messages["hostile-"+string(state)] = evilDrawing.in(state).root()
	}
	p.addAnswers(evilDrawing)
	p.addCalls(evilDrawing)
	return p
}

func everyModal() product {
	p := product{modals: make(map[string]slack.ModalViewRequest)}
	p.addModals(drawing{incident: hostile(), route: Route{Mention: "S01PLATFORM", Pages: true}})
	return p
}

// in is the drawing in another state, with all that this state has.
func (d drawing) in(s bot.State) drawing {
	i := d.incident
	i.State = s
	long := i.Trouble
	i.Decision = &bot.Decision{Title: long, Needed: 3, Expires: after(30), Granted: []bot.Approval{{Person: bob, At: after(3)}}, Refused: long}
	i.Ending = &bot.Ending{At: after(9), By: carol, Resolution: long, Proof: many(long, 30), Elsewhere: 3}
	i.Recovery = &runbook.Recovery{Wanted: 5, Pulled: 9}
	i.Progress = []bot.Progress{{Step: runbook.StepScope, Note: long}}
	d.incident = i
	return d
}

func (p product) addAnswers(evilDrawing drawing) {
	for n, m := range (drawing{incident: judged()}).details() {
		p.messages["details-"+string(rune('1'+n))] = m
	}
	forbidden := judged()
	verdict := *forbidden.Verdict
	verdict.Gaps = []runbook.Gap{{What: "secret shop/regcred", Why: "forbidden", Grant: "get secret regcred in namespace shop"}, {What: "node node1", Why: "timeout"}}
	forbidden.Verdict = &verdict
	p.messages["details-unread"] = (drawing{incident: forbidden}).details()[0]
	for n, m := range evilDrawing.details() {
		p.messages["hostile-details-"+string(rune('1'+n))] = m
	}
	long := evilDrawing.incident.Trouble
	group := runbook.Group{Cause: cause.TagNotFound, Severity: runbook.P1, Summary: long, Namespaces: many(long, 30)}
	for range 40 {
		group.Pods = append(group.Pods, runbook.GroupPod{Namespace: long, Name: long})
	}
	groups := make([]runbook.Group, 40)
	incidents := make([]bot.Incident, 60)
	for n := range 60 {
		groups[n%40], incidents[n] = group, evilDrawing.incident
	}
	_, noCommand := parseCommand("diagnosee shop web")
	_, noPod := parseCommand("diagnose shop")
	p.messages["help"] = help()
	p.messages["wrong-command"] = wrong(func() *formError {
		target := &formError{}
		_ = errors.As(noCommand, &target)
		return target
	}())
	p.messages["wrong-form"] = wrong(func() *formError {
		target := &formError{}
		_ = errors.As(noPod, &target)
		return target
	}())
	p.messages["status"] = status([]bot.Incident{judged(), escalatedIncident()}, link42)
	p.messages["status-none"] = status(nil, link42)
	p.messages["hostile-status"] = status(incidents, link42)
	p.messages["scan"] = scanned([]runbook.Group{{
		Cause: cause.TagNotFound, Registry: "ghcr.io", Severity: runbook.P1, Summary: "The tag 1.4.22 does not exist", Namespaces: []string{"shop"},
		Pods: []runbook.GroupPod{{Namespace: "shop", Name: "checkout-1"}, {Namespace: "shop", Name: "checkout-2"}},
	}}, "all namespaces on prod-eu")
	p.messages["scan-none"] = scanned(nil, "shop")
	p.messages["hostile-scan"] = scanned(groups, long)
	p.messages["explain"] = explained(`Failed to pull image "ghcr.io/acme/app:1": failed to resolve reference "ghcr.io/acme/app:1": ghcr.io/acme/app:1: not found`)
	p.messages["hostile-explain"] = explained(long)
	p.messages["hostile-report"] = reportText(shortReport(evilDrawing.incident))
	p.messages["notice"] = sentence(said("Still failing, for another reason: "+evil+", says <@U02BOB>", roomText, drawing{incident: resolvedIncident()}.known))
	p.messages["whisper"] = sentence(said("You may not approve changes in shop: approvers are <!subteam^S01PLATFORM>.", roomText, anybody))
	p.messages["foreign"] = sentence(foreign)
}

func (p product) addModals(evilDrawing drawing) {
	who := &Approvers{People: bot.People{Users: []string{"U03CAROL"}, Groups: []string{"S01PLATFORM"}}, Needed: 2, FourEyes: true, BreakGlass: true}
	d := drawing{incident: judged()}
	p.modals["approve"] = d.approveSheet(only(rollBackPlan()), rollBackPlan(), &Approvers{People: who.People, Needed: 1}).view()
	p.modals["approve-pods"] = d.approveSheet(only(deletePlan()), deletePlan(), nil).view()
	p.modals["approve-break-glass"] = d.approveSheet(only(rollBackPlan()), rollBackPlan(), who).view()
	for _, b := range []bot.Button{bot.Reject, bot.Snooze, bot.CloseIt, bot.Compromise, bot.Unhelpful} {
		p.modals[string(b)] = d.reasonSheet(b).view()
		p.modals["hostile-"+string(b)] = evilDrawing.reasonSheet(b).view()
	}
	everyone := *who
	for range 200 {
		everyone.Users = append(everyone.Users, "U0AAAAAAAAA")
	}
	p.modals["hostile-approve"] = evilDrawing.approveSheet(offer{plans: evilDrawing.incident.Plans}, evilDrawing.incident.Plans[1], &everyone).view()
	noShows := evilDrawing.incident.Plans[0]
	noShows.Shows = nil
	p.modals["hostile-approve-actions"] = evilDrawing.approveSheet(only(noShows), noShows, who).view()
	c := drawing{incident: expired()}
	if o, ok := offered(c.incident, "update-secret"); ok {
		p.modals["approve-choice"] = c.approveSheet(o, o.plans[1], &Approvers{People: who.People, Needed: 1}).view()
	}
	p.modals["not-recorded"] = troubleView(notRecorded(bot.ErrNoIncident).text)
}

func overtaken() bot.Incident {
	i := decided(bot.Open)
	i.Decision.Refused = "the deployment was changed at 03:15"
	return i
}

func acknowledged() bot.Incident {
	i := escalatedIncident()
	i.Acknowledged = &carol
	i.Escalated = append(i.Escalated, bot.Escalated{At: after(30), Why: "asked for by a person", By: bob})
	return i
}

func readOnly() bot.Incident {
	i := judged()
	i.Plans = nil
	return i
}

func rightMissing() bot.Incident {
	i := judged()
	i.Verdict.Remedies = i.Verdict.Remedies[1:]
	i.Plans[0].Missing = "patch deployments in shop"
	return i
}

// outage is without pods that serve, so a roll back is what to do first.
func outage() bot.Incident {
	i := judged()
	c := *i.Case
	w := *c.Facts.Workload
	w.Available = 0
	c.Facts.Workload, i.Case = &w, &c
	return i
}

func noAnswer() bot.Incident {
	i := running()
	i.State, i.Progress, i.Trouble = bot.Open, nil, "the API server does not answer"
	return i
}

type golden struct {
	Text   string          `json:"text,omitempty"`
	Blocks json.RawMessage `json:"blocks,omitempty"`
	View   json.RawMessage `json:"view,omitempty"`
}

// encoded is JSON as Slack reads it: without the escapes of Go's encoder, which
// would hide what is looked for.
func encoded(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	v = nil
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compare(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name+".json")
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./bot/slackbot -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("not as before (-want +got):\n%s", diff)
	}
}

func TestEveryMessage(t *testing.T) {
	t.Parallel()
	for name, m := range everyMessage().messages {
		t.Run(name, func(t *testing.T) {
			if err := checkMessage(m); err != nil {
				t.Error(err)
			}
			blocks := encoded(t, m.blocks)
			problems, err := sandbox.Validate(sandbox.MessageBlocks, blocks)
			if err != nil || len(problems) > 0 {
				t.Errorf("Slack would say %v %v", problems, err)
			}
			harmless(t, string(m.text)+string(blocks))
			compare(t, "message-"+name, encoded(t, golden{Text: string(m.text), Blocks: blocks}))
		})
	}
}

func TestEveryModal(t *testing.T) {
	for name, v := range everyModal().modals {
		t.Run(name, func(t *testing.T) {
			if err := checkModal(v); err != nil {
				t.Error(err)
			}
			raw := encoded(t, v)
			problems, err := sandbox.Validate(sandbox.ModalView, raw)
			if err != nil || len(problems) > 0 {
				t.Errorf("Slack would say %v %v", problems, err)
			}
			harmless(t, string(raw))
			compare(t, "modal-"+name, encoded(t, golden{View: raw}))
		})
	}
}

// harmless looks for what hostile text would want: secrets, calls to everybody,
// links, control characters.
func harmless(t *testing.T, sent string) {
	t.Helper()
	for _, bad := range []string{"MARKER", "<!channel", "<!here", "<!everyone", "<@U0VICTIM", "<!subteam^S0ALL", "<https://evil", `\u202e`, "\u202e", `\u001b`, "\x1b"} {
		if strings.Contains(sent, bad) {
			t.Errorf("%q is in it", bad)
		}
	}
	if strings.Count(sent, "```")%2 != 0 {
		t.Error("a preformatted block is left open")
	}
}
