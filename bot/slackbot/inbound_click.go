package slackbot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/pullfix/pullfix/bot"
)

// clicked is a click with who clicked what, where.
type clicked struct {
	pressed
	key     string
	person  bot.Person
	place   bot.Place
	trigger string
}

// readClick reads a click from its payload; false when it is on nothing of
// ours. Only ids are taken, and the message's own place; its text says nothing.
func (f *front) readClick(cb slack.InteractionCallback) (clicked, bool) {
	if len(cb.ActionCallback.BlockActions) != 1 || cb.Container.IsEphemeral {
		return clicked{}, false
	}
	a := cb.ActionCallback.BlockActions[0]
	value := a.Value
	if a.ActionID == actionMore {
		value = a.SelectedOption.Value
	}
	p, ok := parsePressed(a.ActionID, value)
	if !ok {
		return clicked{}, false
	}
	message, channel := orWord(cb.Container.MessageTs, cb.Message.Timestamp), orWord(cb.Container.ChannelID, cb.Channel.ID)
	return clicked{
		pressed: p, person: f.person(cb.User.ID, cb.User.TeamID), trigger: cb.TriggerID,
		key:   strings.Join([]string{channel, message, a.ActionID, value, cb.User.ID, a.ActionTs}, "/"),
		place: bot.Place{Team: f.self.Load().team, Channel: channel, Message: message, Reply: cb.ResponseURL},
	}, true
}

func (f *front) handleClick(ctx context.Context, d delivery, cb slack.InteractionCallback) {
	c, ok := f.readClick(cb)
	if !ok {
		f.acknowledge(d, nil)
		return
	}
	wait, fresh := f.meterOf(c.button).spend(c.person, c.key)
	switch {
	case wait > 0:
		f.acknowledge(d, nil)
		if fresh {
			f.tellSlower(c.person, c.place.Reply, wait)
		}
	case opensModal(c.button):
		first := f.seen.first("modal/"+c.key, struct{}{})
		f.acknowledge(d, nil)
		if first {
			f.openLater(d, c)
		}
	default:
		f.press(ctx, d, c)
	}
}

// press records the click; only then Slack hears that it arrived.
func (f *front) press(ctx context.Context, d delivery, c clicked) {
	err := f.Desk.Press(ctx, bot.Press{Key: c.key, Person: c.person, Place: c.place, Incident: c.incident, Button: c.button})
	f.acknowledge(d, nil)
	if unrecorded(err) {
		f.o.Log.Error("recording a click", "incident", c.incident, "button", string(c.button), "err", err)
		f.later(c.place.Reply, func(ctx context.Context) { f.say(ctx, c.place.Reply, notRecorded(err)) })
	}
}

func notRecorded(err error) message {
	if errors.Is(err, bot.ErrNoIncident) {
		return sentence("pullfix does not know this incident; nothing was done.")
	}
	return sentence("Your click could not be recorded, and nothing was done. Try again in a minute.")
}

// openLater opens the modal on a worker of its own: its trigger lives for three
// seconds from the click.
func (f *front) openLater(d delivery, c clicked) {
	ok := f.modals.offer(func() {
		ctx, cancel := f.until(d.arrived.Add(openWithin))
		defer cancel()
		if text := f.open(ctx, c); text != "" {
			f.later(c.place.Reply, func(ctx context.Context) { f.say(ctx, c.place.Reply, sentence(text)) })
		}
	})
	if !ok {
		f.later(c.place.Reply, func(ctx context.Context) { f.say(ctx, c.place.Reply, sentence(tooBusy)) })
	}
}

// open draws the modal from the store and opens it; otherwise it returns what
// the clicker is told.
func (f *front) open(ctx context.Context, c clicked) markup {
	if text := f.turnedAway(ctx, c); text != "" {
		return text
	}
	i, text := f.own(ctx, c.incident, c.place)
	if text != "" {
		return text
	}
	s, text := f.sheetFor(i, c)
	if text != "" {
		return text
	}
	if c.button == bot.Approve && f.certainlyNot(ctx, c.person, f.approvers(i, c.remedy)) {
		s = s.barred()
	}
	view := s.view()
	if err := checkModal(view); err != nil {
		f.o.Log.Error("a modal breaks Slack's limits", "incident", i.ID, "err", err)
	}
	if _, err := f.api.OpenViewContext(ctx, c.trigger, view); err != nil {
		f.o.Log.Warn("opening a modal", "incident", i.ID, "err", err)
		return "The dialog could not be opened in time; nothing was done. Click again."
	}
	return ""
}

// turnedAway is what somebody hears who counts for nothing here: a modal shows
// what would be done and who may approve it, which is not for guests, bots and
// people of elsewhere. The rest is judged when it is confirmed.
func (f *front) turnedAway(ctx context.Context, c clicked) markup {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	s, err := f.Standing(ctx, c.person)
	if err != nil {
		f.o.Log.Warn("finding out who clicked", "incident", c.incident, "person", c.person.ID, "err", err)
		return "pullfix could not find out in time who you are, so nothing was done. Press the button again."
	}
	why := quote(s.Uncounted(), roomSentence)
	if why == "" {
		return ""
	}
	f.o.Log.Warn("press refused", "incident", c.incident, "person", c.person.ID, "button", string(c.button), "why", string(why))
	return "You may not do this: " + why + "."
}

// certainlyNot tells that a person is none of the approvers. In doubt
// nothing is said, since the press is judged anyway.
func (f *front) certainlyNot(ctx context.Context, p bot.Person, who *Approvers) bool {
	if who == nil || who.unsaid || slices.Contains(who.Users, p.ID) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, lookWithin/2)
	defer cancel()
	for _, group := range who.Groups {
		members, _, err := f.Members(ctx, group)
		if err != nil || slices.Contains(members, p.ID) {
			return false
		}
	}
	return true
}

// own finds the incident whose own message stands at a place; else it returns
// what the clicker is told.
func (f *front) own(ctx context.Context, incident string, at bot.Place) (bot.Incident, markup) {
	i, err := f.Incidents.Find(ctx, incident)
	if err != nil {
		f.o.Log.Warn("finding an incident", "incident", incident, "err", err)
		return i, notRecorded(err).text
	}
	own := f.placeOf(i)
	if i.Place = own; !standsAt(i, at) {
		return i, "This is not the incident's own message; nothing was done."
	}
	return i, ""
}

const noLonger = "This can no longer be approved: the situation has changed. Look at the message again."

func (f *front) sheetFor(i bot.Incident, c clicked) (sheet, markup) {
	d := drawing{incident: i}
	if c.button != bot.Approve {
		return d.reasonSheet(c.button), ""
	}
	if o, ok := offered(i, c.remedy); ok {
		return d.approveSheet(o, o.first(i), f.approvers(i, c.remedy)), ""
	}
	if i.Decision != nil && i.Decision.Started != nil {
		return sheet{}, "This is decided already: " + quote(i.Decision.Title, roomName) + "."
	}
	return sheet{}, noLonger
}

func (f *front) approvers(i bot.Incident, remedy string) *Approvers {
	if f.o.Approvals == nil {
		return &Approvers{unsaid: true}
	}
	if who, ok := f.o.Approvals.Approvers(i.Target, remedy); ok {
		return &who
	}
	return nil
}

// handleSubmission records what was confirmed in a modal, and closes it.
func (f *front) handleSubmission(ctx context.Context, d delivery, cb slack.InteractionCallback) {
	p, ok := f.readSubmission(cb)
	if !ok {
		f.acknowledge(d, nil)
		return
	}
	if hash := other(cb.View, p.PlanHash); hash != "" && p.Button == bot.Approve {
		b, _ := readBrought(cb.View)
		view := f.chosen(ctx, b, hash)
		f.acknowledge(d, slack.NewUpdateViewSubmissionResponse(&view))
		return
	}
	if problem := reasonProblem(p); problem != "" {
		f.acknowledge(d, slack.NewErrorsViewSubmissionResponse(map[string]string{reasonBlock: problem}))
		return
	}
	if wait, _ := f.presses.spend(p.Person, p.Key); wait > 0 {
		f.logSlower(p.Person, "confirming")
		f.acknowledge(d, refuse(d, slower(wait)))
		return
	}
	if err := f.Desk.Press(ctx, p); unrecorded(err) {
		f.o.Log.Error("recording a confirmation", "incident", p.Incident, "button", string(p.Button), "err", err)
		view := troubleView(notRecorded(err).text)
		f.acknowledge(d, slack.NewUpdateViewSubmissionResponse(&view))
		return
	}
	f.acknowledge(d, nil)
}

func (f *front) readSubmission(cb slack.InteractionCallback) (bot.Press, bool) {
	b, ok := readBrought(cb.View)
	if !ok {
		return bot.Press{}, false
	}
	press := bot.Press{
		Key: fmt.Sprintf("%s/%s", cb.View.ID, cb.View.Hash), Person: f.person(cb.User.ID, cb.User.TeamID),
		Place:    bot.Place{Team: b.Team, Channel: b.Channel, Message: b.Message},
		Incident: b.Incident, Button: b.Button, Remedy: b.Remedy, PlanHash: b.PlanHash,
	}
	if cb.View.State != nil {
		press.Reason = strings.TrimSpace(cb.View.State.Values[reasonBlock][reasonAction].Value)
	}
	return press, true
}

// reasonProblem says what is wrong with the words of a modal.
func reasonProblem(p bot.Press) string {
	switch n := utf8.RuneCountInString(p.Reason); {
	case p.Button != bot.Approve && n == 0:
		return "A few words are needed for the record."
	case n > mostReason:
		return fmt.Sprintf("At most %d characters, please.", mostReason)
	}
	return ""
}
