package slackbot

import (
	"strings"
	"testing"
	"time"

	sandbox "github.com/pullfix/pullfix/sandbox/slack"
)

// A modal shows the plan and its approvers: not to guests and people of
// elsewhere.
func TestModalsAreNotForEverybody(t *testing.T) {
	o := open(t, setting{})
	i := o.shown(judged())
	if err := o.Join(sandbox.Ops, sandbox.Erik); err != nil {
		t.Fatal(err)
	}
	for user, why := range map[string]string{sandbox.Gina: "guests do not count", sandbox.Erik: "from another workspace"} {
		for _, value := range []string{"", "close:" + i.ID, "compromise:" + i.ID} {
			action := "pullfix.approve"
			if value != "" {
				action = actionMore
			}
			o.click(user, i, action, value)
			m := o.message(sandbox.Ops, func(m sandbox.Message) bool { return m.VisibleTo == user && hears(why)(m) })
			if !m.Ephemeral {
				t.Errorf("%+v", m)
			}
		}
	}
	for id, why := range map[string]string{"U99NOBODY": "not known", sandbox.Deploy: "not a human", sandbox.Zoe: "deactivated"} {
		c := clicked{person: ann, pressed: pressed{button: "approve", incident: i.ID}}
		c.person.ID = id
		f := newFront(t.Context(), o.bot, Services{Desk: o.desk, Incidents: o.desk}, &acks{})
		if text := string(f.open(t.Context(), c)); !strings.Contains(text, why) {
			t.Errorf("%s hears %q", id, text)
		}
		f.record.rest()
		f.rest()
	}
	if o.Calls("views.open") != 0 {
		t.Error("a modal was asked for")
	}
}

// A directory that is slow or broken opens nothing, and the clicker is told.
func TestModalsWaitForTheDirectory(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{
		"broken": {Method: "users.info", Status: 500}, "limited": {Method: "users.info", Status: 429, RetryAfter: 20},
		"slow": {Method: "users.info", Delay: 10000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, setting{}, func(o *office) {
				i := o.shown(judged())
				o.Break(fault)
				begin := time.Now()
				if d := o.click(sandbox.Bob, i, "pullfix.approve", ""); d.AckedAt.Sub(begin) > 100*time.Millisecond {
					o.t.Errorf("acknowledged after %s", d.AckedAt.Sub(begin))
				}
				o.message(i.Place.Channel, hears("Press the button again"))
				if took := time.Since(begin); took > lookWithin+200*time.Millisecond || o.Calls("views.open") != 0 {
					o.t.Errorf("told after %s, %d modals", took, o.Calls("views.open"))
				}
				time.Sleep(30 * time.Second)
				o.click(sandbox.Bob, i, "pullfix.approve", "")
				o.modal(sandbox.Bob, "pullfix.approve")
			})
		})
	}
}
