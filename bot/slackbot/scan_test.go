package slackbot

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	sandbox "github.com/pullfix/pullfix/sandbox/slack"
)

// TestAScanGivesNoFalseAllClear: who may not ask hears nothing of the cluster,
// and not that all is well.
func TestAScanGivesNoFalseAllClear(t *testing.T) {
	o := open(t, setting{desk: &desk{groups: []runbook.Group{{Cause: "TagNotFound", Namespaces: []string{"shop"}, Pods: []runbook.GroupPod{{Namespace: "shop", Name: "web"}}}}}})
	o.desk.only(func(string) bool { return false })
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix scan")
	o.message(sandbox.Ops, hears("No pod waits for an image in the namespaces that you may ask about."))
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix scan shop")
	o.message(sandbox.Ops, hears("There is no namespace shop."))
	o.desk.err = &runbook.NotFoundError{NamespaceMissing: true, Target: runbook.Target{Namespace: "nope"}, Near: []string{"pope", "node"}}
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix scan nope")
	o.message(sandbox.Ops, func(m sandbox.Message) bool { return m.Text == "There is no namespace nope." })
	o.desk.only(func(namespace string) bool { return namespace != "pope" })
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix scan nope")
	o.message(sandbox.Ops, hears("There is no namespace nope. Names like that: node."))
	o.desk.err = &runbook.NotFoundError{Target: runbook.Target{Cluster: "other", Namespace: "shop"}, Clusters: []string{"demo"}}
	o.command(sandbox.Ann, sandbox.Ops, "/pullfix scan other/shop")
	o.message(sandbox.Ops, hears("There is no cluster other. There is: demo."))
}

// TestWhatDoesNotExistLeavesNothingBehind: only the asker is told.
func TestWhatDoesNotExistLeavesNothingBehind(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(running())
	i.State, i.Sequence = bot.Closed, i.Sequence+1
	i.Ending = &bot.Ending{At: time.Now(), Resolution: "I find no pod checkout in namespace shop."}
	if _, err := o.bot.Show(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	for _, m := range o.Messages(sandbox.Ops, sandbox.Ann) {
		if m.TS == i.Place.Message && !m.Tombstone {
			t.Errorf("still there: %s", m.Text)
		}
	}
}

// TestADialogForWhoMayNotApprove says so, and who may.
func TestADialogForWhoMayNotApprove(t *testing.T) {
	for _, i := range []bot.Incident{judged(), expired()} {
		o := offers(i)[0]
		v := drawing{incident: i}.approveSheet(o, o.plans[0], &Approvers{People: bot.People{Users: []string{carol.ID}}, BreakGlass: true}).barred().view()
		raw, err := json.Marshal(v)
		if err != nil || checkModal(v) != nil {
			t.Fatal(err, checkModal(v))
		}
		if said := string(raw); !strings.Contains(said, "You are not among those who may approve this") || !strings.Contains(said, carol.ID) {
			t.Errorf("the dialog: %s", said)
		}
	}
}

// TestWhoCertainlyMayNotApprove: in doubt the press is judged.
func TestWhoCertainlyMayNotApprove(t *testing.T) {
	o := open(t, setting{})
	f := &front{Bot: o.bot}
	for name, row := range map[string]struct {
		who  *Approvers
		want bool
	}{
		"no rule":         {nil, false}, // the dialog says that already
		"nothing is said": {&Approvers{unsaid: true}, false},
		"named":           {&Approvers{People: bot.People{Users: []string{ann.ID}}}, false},
		"not named":       {&Approvers{People: bot.People{Users: []string{bob.ID}}}, true},
		"no such group":   {&Approvers{People: bot.People{Groups: []string{"S0NONE"}}}, false},
	} {
		if got := f.certainlyNot(t.Context(), ann, row.who); got != row.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
