package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

func orPod(kind string) string {
	if kind == "" {
		return "pod"
	}
	return kind
}

// admit checks whether the asker may ask; everything that is not allowed reads
// like a namespace that does not exist.
func (d *Desk) admit(ctx context.Context, e Effect, i Incident) Event {
	if why := d.mayAsk(ctx, i.Asked, i.Target, i.Place.Channel); why != "" {
		return TurnedAway{Effect: e.ID, Answer: notFoundAnswer(i.Target), Why: why}
	}
	return Admitted{Effect: e.ID}
}

// MayAsk tells whether a person may ask about a target; an empty namespace asks
// about all. It fails closed.
func (d *Desk) MayAsk(ctx context.Context, p Person, t runbook.Target, channel string) bool {
	return d.mayAsk(ctx, p, t, channel) == ""
}

func (d *Desk) mayAsk(ctx context.Context, p Person, t runbook.Target, channel string) string {
	if why := d.standing(ctx, p); why != "" {
		return why
	}
	rules := d.Rules.access(t.Cluster, t.Namespace, channel)
	for _, rule := range rules {
		if ok, _ := d.among(ctx, p, rule.People, true); !ok {
			return "the access rule does not name them"
		}
	}
	if len(rules) == 0 {
		return "no access rule covers it"
	}
	return ""
}

// standing says why a person does not count at all; "" when they do.
func (d *Desk) standing(ctx context.Context, p Person) string {
	s, err := d.Directory.Standing(ctx, p)
	if err != nil {
		return "the directory could not be asked"
	}
	return s.Uncounted()
}

// among tells whether a person is one of the people. A group that its members
// can join by themselves counts only where that is allowed.
func (d *Desk) among(ctx context.Context, p Person, people People, selfService bool) (bool, string) {
	if slices.Contains(people.Users, p.ID) {
		return true, ""
	}
	why := ""
	for _, group := range people.Groups {
		members, open, err := d.Directory.Members(ctx, group)
		switch {
		case err != nil:
			why = "a user group could not be read"
		case !slices.Contains(members, p.ID):
		case open && !selfService:
			why = "members can add themselves to that group, so it does not count"
		default:
			return true, ""
		}
	}
	return false, why
}

// check decides whether a recorded press counts, and leaves a line about it.
func (d *Desk) check(ctx context.Context, e Effect, i Incident) Event {
	event := d.decide(ctx, e, i)
	p := e.Press
	log := d.Log.With("incident", i.ID, "person", p.Person.ID, "button", string(p.Button))
	if p.Remedy != "" {
		log = log.With("remedy", p.Remedy, "plan", p.PlanHash)
	}
	if denied, ok := event.(Denied); ok {
		log.Warn("press refused", "why", denied.Why)
		return event
	}
	log.Info("press allowed")
	return event
}

// decide is made at the click, on the server, from the store.
func (d *Desk) decide(ctx context.Context, e Effect, i Incident) Event {
	p := *e.Press
	deny := func(why string) Event { return Denied{Effect: e.ID, Press: p, Why: why} }
	if !i.standsAt(p) {
		return deny("This is not the incident's own message; nothing was done.")
	}
	if why := d.standing(ctx, p.Person); why != "" {
		return deny(fmt.Sprintf("You may not do this: %s.", why))
	}
	switch p.Button {
	case Approve:
		return d.checkApproval(ctx, e, i)
	case Again, WriteReport, Helpful, Unhelpful, TakePostmortem:
		if why := d.mayAsk(ctx, p.Person, i.Target, i.Place.Channel); why != "" {
			return deny("You may not ask about this.")
		}
	default:
		if ok, why := d.among(ctx, p.Person, d.Rules.Responders, false); !ok {
			return deny(refusal("You may not steer incidents; responders are "+d.names(d.Rules.Responders), why))
		}
	}
	return Granted{Effect: e.ID, Press: p, For: snoozeFor, Policy: &d.Policy}
}

// standsAt tells that the press was on the incident's own message, or, where it
// only steers, on one with which people were called.
func (i *Incident) standsAt(p Press) bool {
	same := func(place Place) bool {
		return place.Message != "" && p.Place.Channel == place.Channel && p.Place.Message == place.Message
	}
	steers := p.Button == Acknowledge || p.Button == Snooze || p.Button == CloseIt
	return same(i.Place) || steers && slices.ContainsFunc(i.Calls, same)
}

// snoozeFor is how long a snooze lasts.
const snoozeFor = 10 * time.Minute

func refusal(sentence, why string) string {
	if why == "" {
		return sentence + "."
	}
	return sentence + " (" + why + ")."
}

// family is a remedy's id without its number.
func family(remedy string) string {
	head, tail, ok := cutLast(remedy, "-")
	if ok && tail != "" && strings.Trim(tail, "0123456789") == "" {
		return head
	}
	return remedy
}

func cutLast(s, sep string) (head, tail string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// names are the people of a rule as mentions.
func (d *Desk) names(people People) string {
	var names []string
	for _, group := range people.Groups {
		names = append(names, "<!subteam^"+group+">")
	}
	for _, user := range people.Users {
		names = append(names, "<@"+user+">")
	}
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ")
}
