package slackbot

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	sandbox "github.com/pullfix/pullfix/sandbox/slack"
)

func TestMeterCountsEachPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeter(Pace{Burst: 3, Every: 6 * time.Second})
		for n := range 3 {
			if wait, first := m.spend(ann, fmt.Sprint(n)); wait != 0 || !first {
				t.Errorf("%d: wait %s, first %t", n, wait, first)
			}
		}
		time.Sleep(2 * time.Second)
		if wait, _ := m.spend(ann, "3"); wait.Round(time.Millisecond) != 4*time.Second {
			t.Errorf("wait %s, want 4 s", wait)
		}
		if wait, _ := m.spend(bob, "3"); wait != 0 {
			t.Errorf("somebody else waits %s", wait)
		}
		time.Sleep(4 * time.Second)
		if wait, _ := m.spend(ann, "4"); wait != 0 {
			t.Errorf("after the wait it is %s", wait)
		}
		if wait, _ := m.spend(ann, "5"); wait == 0 {
			t.Error("one in six seconds was two")
		}
	})
}

// What is delivered again takes nothing, and is judged as it was.
func TestMeterCountsRepetitionsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeter(Pace{Burst: 2, Every: time.Minute})
		for n := range 5 {
			if wait, first := m.spend(ann, "a"); wait != 0 || first != (n == 0) {
				t.Errorf("%d: wait %s, first %t", n, wait, first)
			}
		}
		if wait, _ := m.spend(ann, "b"); wait != 0 {
			t.Errorf("repetitions were counted: %s", wait)
		}
		if wait, _ := m.spend(ann, "c"); wait == 0 {
			t.Error("not counted at all")
		}
		if wait, first := m.spend(ann, "a"); wait != 0 || first {
			t.Errorf("refused at the second delivery: %s", wait)
		}
		time.Sleep(2 * time.Minute)
		if wait, first := m.spend(ann, "c"); wait == 0 || first {
			t.Error("what was refused is taken at the second delivery")
		}
	})
}

func TestMeterIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeter(Pace{Burst: 2, Every: time.Second})
		m.most = 10
		crowd := func(from, to int) {
			for n := from; n < to; n++ {
				m.spend(bot.Person{ID: fmt.Sprint(n)}, "")
			}
		}
		m.spend(ann, "a")
		m.spend(ann, "b")
		crowd(0, 100)
		if n := len(m.buckets); n > 10 {
			t.Errorf("%d people are remembered", n)
		}
		if wait, _ := m.spend(ann, "c"); wait == 0 {
			t.Error("who had nothing left was forgotten before those who had")
		}
		time.Sleep(3 * time.Second)
		crowd(100, 101)
		if n := len(m.buckets); n != 1 {
			t.Errorf("%d people are remembered who were idle", n)
		}
	})
}

func TestWhoAsksTooMuchIsToldWhenToGoOn(t *testing.T) {
	t.Parallel()
	inBubble(t, setting{workspace: sandbox.Options{Switches: sandbox.Switches{NoLimits: true}}}, func(o *office) {
		for n := range askBurst {
			if d := o.command(sandbox.Gina, sandbox.Ops, fmt.Sprintf("/pullfix diagnose shop web-%d", n)); d.Response != nil {
				o.t.Errorf("%d is answered %v", n, d.Response)
			}
		}
		for _, text := range []string{"diagnose shop web", "scan", "registries", "report i-1", "status", "help", "what"} {
			d := o.command(sandbox.Gina, sandbox.Ops, "/pullfix "+text)
			if heard := sprintf("%v", d.Response); !strings.Contains(heard, "ephemeral") || !strings.Contains(heard, "Try again in 6 seconds") {
				o.t.Errorf("%s is answered %s", text, heard)
			}
		}
		if d := o.command(sandbox.Ann, sandbox.Ops, "/pullfix diagnose shop web"); d.Response != nil {
			o.t.Errorf("somebody else is answered %v", d.Response)
		}
		time.Sleep(askEvery)
		o.command(sandbox.Gina, sandbox.Ops, "/pullfix diagnose shop later")
		if n := len(o.desk.asked()); n != askBurst+2 {
			o.t.Errorf("%d asks are recorded", n)
		}
	})
}

// Diagnose again starts work, as a question does; steering goes on meanwhile.
func TestClicksAreCounted(t *testing.T) {
	t.Parallel()
	inBubble(t, setting{workspace: sandbox.Options{Switches: sandbox.Switches{NoLimits: true}}}, func(o *office) {
		i := o.shown(escalatedIncident())
		for range askBurst + 10 {
			o.click(sandbox.Bob, i, "pullfix.again", "")
		}
		if n := len(o.desk.pressed()); n != askBurst {
			o.t.Errorf("%d presses are recorded", n)
		}
		m := o.message(i.Place.Channel, hears("Try again in"))
		if m.VisibleTo != sandbox.Bob {
			o.t.Errorf("%+v", m)
		}
		for n := range 3 * pressBurst { // at a human pace, for a minute
			o.click(sandbox.Bob, i, "pullfix.acknowledge", "")
			if got := len(o.desk.pressed()); got != askBurst+n+1 {
				o.t.Fatalf("%d presses are recorded after %d acknowledgements", got, n+1)
			}
			time.Sleep(time.Second)
		}
		o.click(sandbox.Bob, i, actionMore, "close:"+i.ID)
		o.submit(sandbox.Bob, o.modal(sandbox.Bob, "pullfix.close"), "pushed the tag again")
		if p := o.desk.pressed(); p[len(p)-1].Button != bot.CloseIt {
			o.t.Error("the close is lost")
		}
	})
}

func TestConfirmingTooFastSaysSo(t *testing.T) {
	o := open(t, setting{bot: func(o *Options) { o.Presses = Pace{Burst: 1, Every: time.Hour} }})
	i := o.shown(judged())
	o.click(sandbox.Bob, i, "pullfix.approve", "")
	d := o.submit(sandbox.Bob, o.modal(sandbox.Bob, "pullfix.approve"), "")
	if heard := sprintf("%v", d.Response); !strings.Contains(heard, "nothing was done or recorded") || len(o.desk.pressed()) != 0 {
		t.Errorf("%s", heard)
	}
	o.click(sandbox.Bob, i, "pullfix.approve", "")
	o.message(sandbox.Ops, hears("Try again in"))
	if n := o.Calls("views.open"); n != 1 {
		t.Errorf("%d modals", n)
	}
}

// Deliveries that come twice count once, and both are acknowledged.
func TestRepeatedDeliveriesAreNotRefused(t *testing.T) {
	o := open(t, setting{
		workspace: sandbox.Options{Switches: sandbox.Switches{Duplicate: true}},
		bot: func(o *Options) {
			o.Asks, o.Presses = Pace{Burst: 2, Every: time.Hour}, Pace{Burst: 1, Every: time.Hour}
		},
	})
	i := o.shown(escalatedIncident())
	for n := range 2 {
		if d := o.command(sandbox.Ann, sandbox.Ops, fmt.Sprintf("/pullfix diagnose shop web-%d", n)); d.Response != nil {
			t.Errorf("%d is answered %v", n, d.Response)
		}
	}
	o.click(sandbox.Ann, i, "pullfix.acknowledge", "")
	time.Sleep(100 * time.Millisecond)
	if n, p := len(o.desk.asked()), len(o.desk.pressed()); n != 2 || p != 1 {
		t.Errorf("%d asks, %d presses", n, p)
	}
	for _, m := range o.Messages(sandbox.Ops, sandbox.Ann) {
		if strings.Contains(m.Text, "Try again") {
			t.Errorf("%q", m.Text)
		}
	}
}
