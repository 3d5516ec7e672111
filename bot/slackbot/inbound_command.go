package slackbot

import (
	"context"
	"errors"
	"fmt"

	"github.com/slack-go/slack"

	"github.com/pullfix/pullfix/bot"
)

// asked is a command with who asked it, where.
type asked struct {
	command
	key    string
	person bot.Person
	place  bot.Place
}

func (f *front) handleCommand(ctx context.Context, d delivery, s slack.SlashCommand) {
	if !f.forUs(s.APIAppID, s.TeamID, s.EnterpriseID) {
		f.stranger(d)
		return
	}
	parsed, err := parseCommand(s.Text)
	a := asked{
		command: parsed, key: s.TriggerID, person: f.person(s.UserID, s.TeamID),
		place: bot.Place{Team: f.self.Load().team, Channel: s.ChannelID, Reply: s.ResponseURL},
	}
	if wait, _ := f.asks.spend(a.person, a.key); wait > 0 {
		f.logSlower(a.person, "asking")
		f.acknowledge(d, refuse(d, slower(wait)))
		return
	}
	var form *formError
	switch {
	case errors.As(err, &form):
		f.once(d, a, func(ctx context.Context) { f.say(ctx, a.place.Reply, wrong(form)) })
	case f.knownForeign(s.ChannelID):
		f.once(d, a, func(ctx context.Context) { f.say(ctx, a.place.Reply, sentence(foreign)) })
	case a.word == "diagnose":
		f.ask(ctx, d, a)
	default:
		f.once(d, a, func(ctx context.Context) { f.read(ctx, a) })
	}
}

// ask records the question; only then Slack hears that it arrived.
func (f *front) ask(ctx context.Context, d delivery, a asked) {
	_, err := f.Desk.Ask(ctx, bot.Ask{Key: a.key, Person: a.person, Place: a.place, Target: a.target})
	if unrecorded(err) {
		f.o.Log.Error("recording a command", "command", a.String(), "err", err)
		f.acknowledge(d, busy(d))
		return
	}
	f.acknowledge(d, nil)
}

// once acknowledges, and does the work unless the same command was delivered
// before.
func (f *front) once(d delivery, a asked, job func(context.Context)) {
	first := f.seen.first("command/"+a.key, struct{}{})
	f.acknowledge(d, nil)
	if first {
		f.later(a.place.Reply, job)
	}
}

// read answers commands that only read. Who may not ask hears the same as if
// there were nothing.
func (f *front) read(ctx context.Context, a asked) {
	reason, err := f.closedTo(ctx, a.place.Channel)
	switch {
	case err != nil:
		f.o.Log.Warn("finding out who sees a channel", "channel", a.place.Channel, "err", err)
		f.say(ctx, a.place.Reply, sentence("I cannot find out who sees this channel, so I say nothing here. Try again later."))
		return
	case reason == foreign:
		f.say(ctx, a.place.Reply, sentence(foreign))
		return
	}
	f.say(ctx, a.place.Reply, f.reading(ctx, a))
}

func (f *front) reading(ctx context.Context, a asked) message {
	switch a.word {
	case "explain":
		return explained(a.text)
	case "scan":
		return f.scan(ctx, a)
	case "registries":
		return f.registries(ctx, a)
	case "status":
		return f.status(ctx, a)
	case "report":
		return f.report(ctx, a)
	}
	return help()
}

func (f *front) status(ctx context.Context, a asked) message {
	current, err := f.Incidents.Current(ctx)
	if err != nil {
		f.o.Log.Warn("reading open incidents", "err", err)
		return sentence("Cannot tell: the incidents could not be read. Try again in a minute.")
	}
	var seen []bot.Incident
	for _, i := range current {
		if !i.State.Over() && f.Desk.MayAsk(ctx, a.person, i.Target, a.place.Channel) {
			seen = append(seen, i)
		}
	}
	return status(seen, f.link)
}

func (f *front) report(ctx context.Context, a asked) message {
	none := sentence(markup(fmt.Sprintf("I find no incident `%s`.", escape(a.incident, 80))))
	i, err := f.Incidents.Find(ctx, a.incident)
	if err != nil {
		if !errors.Is(err, bot.ErrNoIncident) {
			f.o.Log.Warn("finding an incident", "incident", a.incident, "err", err)
		}
		return none
	}
	if !f.Desk.MayAsk(ctx, a.person, i.Target, a.place.Channel) {
		return none
	}
	place := f.placeOf(i)
	if place.Message == "" {
		return reportText(f.o.Report(i))
	}
	if err := f.Tell(ctx, i, bot.Notice{Key: "report/" + a.key, Report: true}); err != nil {
		f.o.Log.Warn("sending a report", "incident", i.ID, "err", err)
		return reportText(f.o.Report(i))
	}
	return sentence("The report is in the incident's thread: " + link(f.link(place), "incident "+i.ID) + ".")
}
