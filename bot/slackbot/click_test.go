package slackbot

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	sandbox "github.com/pullfix/pullfix/sandbox/slack"
)

func (o *office) modal(user, callback string) sandbox.View {
	o.t.Helper()
	v, err := o.WaitView(o.within(5*time.Second), user, func(v sandbox.View) bool { return v.CallbackID == callback })
	if err != nil {
		o.t.Fatal(err)
	}
	return v
}

func (o *office) submit(user string, v sandbox.View, reason string) sandbox.Delivery {
	o.t.Helper()
	values := map[string]map[string]any{}
	if reason != "" {
		values[reasonBlock] = map[string]any{reasonAction: reason}
	}
	d, err := o.Submit(user, v.ID, values)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.acknowledged(d)
}

func TestApproveByModal(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(judged())
	o.click(sandbox.Bob, i, "pullfix.approve", "")
	v := o.modal(sandbox.Bob, "pullfix.approve")
	drawn := sprintf("%v", v.Blocks)
	for _, want := range []string{"Delete the 3 waiting pods", "checkout-9b2", "kubectl -n shop delete pod"} {
		if !strings.Contains(drawn, want) {
			t.Errorf("%q is not in the modal", want)
		}
	}
	o.submit(sandbox.Bob, v, "")
	presses := o.desk.pressed()
	if len(presses) != 1 {
		t.Fatalf("%d presses", len(presses))
	}
	p := presses[0]
	p.Key, p.Place.Reply = "", ""
	want := bot.Press{
		Person: bob, Incident: i.ID, Button: bot.Approve, Remedy: "delete-pods", PlanHash: deletePlan().Hash,
		Place: bot.Place{Team: "T01ACME", Channel: sandbox.Ops, Message: i.Place.Message},
	}
	if p != want {
		t.Errorf("%+v\nwant %+v", p, want)
	}
	if _, still := o.OpenView(sandbox.Bob); still {
		t.Error("the modal is still open")
	}
}

func TestOtherPlansAreInTheMenu(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(judged())
	o.click(sandbox.Bob, i, actionMore, "approve:"+i.ID+":rollback")
	if v := o.modal(sandbox.Bob, "pullfix.approve"); !strings.Contains(sprintf("%v", v.Blocks), "revision 41") {
		t.Errorf("%v", v.Blocks)
	}
}

func TestReasonsAreAskedFor(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(judged())
	o.click(sandbox.Bob, i, actionMore, "reject:"+i.ID)
	v := o.modal(sandbox.Bob, "pullfix.reject")
	if d := o.submit(sandbox.Bob, v, "   "); !strings.Contains(sprintf("%v", d.Response), "A few words are needed") {
		t.Errorf("blank words are answered %v", d.Response)
	}
	o.submit(sandbox.Bob, v, "the tag comes back at 04:00")
	o.click(sandbox.Carol, i, actionMore, "close:"+i.ID)
	o.submit(sandbox.Carol, o.modal(sandbox.Carol, "pullfix.close"), "pushed the tag again")
	presses := o.desk.pressed()
	if len(presses) != 2 || presses[0].Button != bot.Reject || presses[0].Reason != "the tag comes back at 04:00" ||
		presses[1].Button != bot.CloseIt || presses[1].Person != carol {
		t.Errorf("%+v", presses)
	}
}

func TestPlainButtonsAreRecorded(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(escalatedIncident())
	for _, action := range []string{"pullfix.again", "pullfix.acknowledge"} {
		o.click(sandbox.Bob, i, action, "")
	}
	presses := o.desk.pressed()
	if len(presses) != 2 || presses[0].Button != bot.Again || presses[1].Button != bot.Acknowledge {
		t.Fatalf("%+v", presses)
	}
	p := presses[0]
	if p.Place.Message != i.Place.Message || p.Place.Channel != sandbox.Ops || p.Place.Reply == "" || p.Person != bob || p.Key == presses[1].Key {
		t.Errorf("%+v", p)
	}
}

// The clicker's own answer comes where they clicked, and only they see it.
func TestRefusalIsWhispered(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(judged())
	o.click(sandbox.Gina, i, "pullfix.again", "")
	p := o.desk.pressed()[0]
	text := "You may not approve changes in shop: approvers are <!subteam^S01PLATFORM>."
	if err := o.bot.Whisper(t.Context(), bot.Whisper{To: p.Person, Place: p.Place, Text: text}); err != nil {
		t.Fatal(err)
	}
	m := o.message(sandbox.Ops, hears("You may not approve"))
	if m.VisibleTo != sandbox.Gina || m.Text != text {
		t.Errorf("%+v", m)
	}
	p.Place.Reply = "" // as after a restart
	if err := o.bot.Whisper(t.Context(), bot.Whisper{To: p.Person, Place: p.Place, Text: "Again, without the address."}); err != nil {
		t.Fatal(err)
	}
	if m := o.message(sandbox.Ops, hears("Again, without")); m.VisibleTo != sandbox.Gina {
		t.Errorf("%+v", m)
	}
}

// A message that carries true ids, but is not the incident's own, opens nothing.
func TestForgedMessageOpensNothing(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(judged())
	for name, change := range map[string]map[string]any{
		"another message": {"message_ts": "1.2", "channel_id": sandbox.Ops},
		"another channel": {"message_ts": i.Place.Message, "channel_id": sandbox.Random},
	} {
		o.acknowledged(o.Inject("block_actions", clickPayload(i, change)))
		if _, opened := o.OpenView(sandbox.Bob); opened {
			t.Errorf("%s opens a modal", name)
		}
	}
	if len(o.desk.pressed()) != 0 {
		t.Error("something was recorded")
	}
	if o.Calls("views.open") != 0 {
		t.Error("a modal was asked for")
	}
}

func clickPayload(i bot.Incident, container map[string]any) map[string]any {
	container["type"] = "message"
	return map[string]any{
		"type": "block_actions", "team": map[string]any{"id": "T01ACME"}, "user": map[string]any{"id": sandbox.Bob, "team_id": "T01ACME"},
		"api_app_id": "A01PULLFIX", "trigger_id": "1.2.3", "container": container, "channel": map[string]any{"id": container["channel_id"]},
		"actions": []any{map[string]any{
			"type": "button", "block_id": actionsBlock, "action_id": "pullfix.approve", "value": "approve:" + i.ID + ":delete-pods", "action_ts": "9.9",
			"text": map[string]any{"type": "plain_text", "text": "Delete everything"},
		}},
	}
}

func TestPlanThatIsGoneOpensNothing(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(judged())
	changed := i
	changed.Plans = nil
	o.desk.put(changed)
	o.click(sandbox.Bob, i, "pullfix.approve", "")
	o.message(sandbox.Ops, hears("the situation has changed"))
	changed.Decision = &bot.Decision{Title: "Roll back", Started: &night}
	o.desk.put(changed)
	o.click(sandbox.Bob, i, "pullfix.approve", "")
	o.message(sandbox.Ops, hears("decided already"))
}

func TestSubmissionThatCannotBeRecordedSaysSo(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(judged())
	o.click(sandbox.Bob, i, "pullfix.approve", "")
	v := o.modal(sandbox.Bob, "pullfix.approve")
	o.desk.mu.Lock()
	o.desk.err = bot.ErrNoIncident
	o.desk.mu.Unlock()
	d := o.submit(sandbox.Bob, v, "")
	if raw, _ := json.Marshal(d.Response); !strings.Contains(string(raw), "nothing was done") {
		t.Errorf("%s", raw)
	}
}

// People of another team keep their team, so that the desk can refuse them.
func TestForeignTeamStaysVisible(t *testing.T) {
	b := idle(t)
	b.self.Store(&identity{team: "T1"})
	f := &front{Bot: b}
	if p := f.person("U1", "T2"); p.Team != "T2" {
		t.Errorf("%+v", p)
	}
	// Within one organisation a person is the same in all workspaces: four eyes
	// must not see two.
	b.self.Store(&identity{team: "T1", enterprise: "E1"})
	if p, q := f.person("U1", "T2"), f.person("U1", "T1"); p != q {
		t.Errorf("%+v and %+v are the same person", p, q)
	}
}
