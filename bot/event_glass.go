package bot

import (
	"context"
	"fmt"
	"slices"
)

// breakGlass says that one person approved alone what takes more people: in the
// thread and, with the reason, to security.
func (c *change) breakGlass(a Approval) {
	c.note(a.Person, "broke the glass: "+a.BrokeGlass)
	c.tell(fmt.Sprintf("%s broke the glass and approved %q alone. Security is told why.", mention(a.Person), c.Decision.Title), true)
	c.follow(Effect{Kind: DoAlarm})
}

// Alarmed says what became of telling security that the glass was broken.
type Alarmed struct {
	Effect string
	Told   bool
}

func (e Alarmed) apply(c *change) error {
	if e.Told {
		c.note(Person{}, "the security channel was told that the glass was broken")
	} else {
		c.note(Person{}, "nobody was told that the glass was broken")
		c.tell("No security channel is configured, so nobody was told that the glass was broken.", true)
	}
	return Done{Effect: e.Effect}.apply(c)
}

// alarm tells the security channel who broke the glass and why, for as long as it
// takes.
func (d *Desk) alarm(ctx context.Context, e Effect, i Incident) Event {
	route, ok := d.Policy.SecurityRoute(i)
	if !ok || route.Channel == "" || d.Caller == nil {
		return Alarmed{Effect: e.ID}
	}
	call := Call{Key: i.ID + "-" + e.ID, Channel: route.Channel, Text: "The glass was broken on incident " + i.ID}
	for _, a := range i.brokeGlass() {
		call.Details = append(call.Details, fmt.Sprintf("%s approved %s alone at %s: %s", mention(a.Person), a.Remedy, a.At.UTC().Format("15:04 UTC"), a.BrokeGlass))
	}
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		_, err := d.Caller.Call(ctx, i, call)
		if err == nil {
			return Alarmed{Effect: e.ID, Told: true}
		}
		d.Log.Warn("telling security that the glass was broken", "incident", i.ID, "err", err)
		if !sleep(ctx, pause) {
			return nil
		}
	}
}

// brokeGlass are the approvals that one person gave alone.
func (i Incident) brokeGlass() []Approval {
	var all []Approval
	decisions := i.Past
	if i.Decision != nil {
		decisions = append(slices.Clip(decisions), *i.Decision)
	}
	for _, d := range decisions {
		for _, a := range d.Granted {
			if a.BrokeGlass != "" {
				all = append(all, a)
			}
		}
	}
	return all
}
