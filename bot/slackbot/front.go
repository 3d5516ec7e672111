package slackbot

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/slack-go/slack"

	"github.com/pullfix/pullfix/bot"
)

// delivery is one envelope from Slack.
type delivery struct {
	envelope string
	arrived  time.Time
	command  *slack.SlashCommand
	click    *slack.InteractionCallback
}

// acker acknowledges an envelope; the payload may be nil.
type acker interface {
	AckCtx(ctx context.Context, envelope string, payload any) error
}

// Bounds of what comes in.
const (
	recorders   = 32
	recordQueue = 512
	workers     = 8
	workQueue   = 256
	// recordWithin leaves Slack's three seconds time for the way.
	recordWithin = 2200 * time.Millisecond
	ackWithin    = 500 * time.Millisecond
	openWithin   = 2800 * time.Millisecond
	// lookWithin is for finding out who clicked; it leaves time to open a modal.
	lookWithin = 1500 * time.Millisecond
	workWithin = 3 * time.Minute
	remember   = 15 * time.Minute
)

// front takes deliveries in: records, acknowledges, then hands over to workers.
// The reader of the socket only ever puts them into a queue.
type front struct {
	*Bot
	Services
	ack     acker
	until   func(time.Time) (context.Context, context.CancelFunc) // how long something may take
	seen    *memory[struct{}]
	asks    *meter // commands, and buttons that start work
	presses *meter // all other buttons
	hushed  *memory[struct{}]
	record  *crew // recording and acknowledging: no network but the ack
	modals  *crew // opening modals: a trigger lives three seconds
	work    *crew // everything slow
	refusal *crew // answers when there is no room
}

// newFront makes a front; what it does ends when life ends.
func newFront(life context.Context, b *Bot, s Services, ack acker) *front {
	until := func(t time.Time) (context.Context, context.CancelFunc) { return context.WithDeadline(life, t) }
	return &front{
		Bot: b, Services: s, ack: ack, until: until, seen: newMemory[struct{}](remember, 20000),
		asks: newMeter(b.o.Asks.or(askBurst, askEvery)), presses: newMeter(b.o.Presses.or(pressBurst, pressEvery)),
		hushed: newMemory[struct{}](hush, mostMetered),
		record: newCrew(recorders, recordQueue), modals: newCrew(workers, workQueue),
		work: newCrew(workers, workQueue), refusal: newCrew(2, recordQueue),
	}
}

// rest finishes the work that followed, once everything is acknowledged.
func (f *front) rest() {
	f.modals.rest()
	f.work.rest()
	f.refusal.rest()
}

// take queues a delivery. Where there is no room it is refused politely, so
// that nobody believes it was accepted.
func (f *front) take(d delivery) {
	if f.record.offer(func() { f.handle(d) }) {
		return
	}
	f.o.Log.Warn("too much arrives at once", "envelope", d.envelope)
	f.refusal.offer(func() { f.acknowledge(d, busy(d)) })
}

const tooBusy = "pullfix has too much to do at the moment; nothing was recorded. Try again in a minute."

// busy is the answer in an ack when there is no room.
func busy(d delivery) any { return refuse(d, tooBusy) }

// refuse is an answer in an ack, which needs no further call; nil where an ack
// can carry none.
func refuse(d delivery, text markup) any {
	switch {
	case d.command != nil:
		return map[string]any{"response_type": slack.ResponseTypeEphemeral, "text": string(text)}
	case d.click != nil && d.click.Type == slack.InteractionTypeViewSubmission:
		view := troubleView(text)
		return slack.NewUpdateViewSubmissionResponse(&view)
	}
	return nil
}

func (f *front) handle(d delivery) {
	ctx, cancel := f.until(d.arrived.Add(recordWithin))
	defer cancel()
	switch {
	case d.command != nil:
		f.handleCommand(ctx, d, *d.command)
	case d.click == nil:
		f.acknowledge(d, nil)
	case !f.forUs(d.click.APIAppID, d.click.Team.ID, d.click.Enterprise.ID, d.click.Team.EnterpriseID):
		f.stranger(d)
	case d.click.Type == slack.InteractionTypeBlockActions && d.click.View.ID != "":
		f.handleChoice(d, *d.click)
	case d.click.Type == slack.InteractionTypeBlockActions:
		f.handleClick(ctx, d, *d.click)
	case d.click.Type == slack.InteractionTypeViewSubmission:
		f.handleSubmission(ctx, d, *d.click)
	default:
		f.acknowledge(d, nil)
	}
}

// acknowledge sends the ack. It is not bound to the deadline of recording: a
// late ack is better than none.
func (f *front) acknowledge(d delivery, payload any) {
	ctx, cancel := f.until(time.Now().Add(ackWithin))
	defer cancel()
	if err := f.ack.AckCtx(ctx, d.envelope, payload); err != nil {
		f.o.Log.Error("acknowledging", "envelope", d.envelope, "err", err)
		return
	}
	f.health.acked(time.Since(d.arrived))
}

// stranger acknowledges what is for another workspace or another app, and does
// nothing else.
func (f *front) stranger(d delivery) {
	f.o.Log.Warn("a delivery for another workspace or app", "envelope", d.envelope)
	f.acknowledge(d, nil)
}

// later hands slow work over, after the ack.
func (f *front) later(reply string, job func(context.Context)) {
	run := func(job func(context.Context)) func() {
		return func() {
			ctx, cancel := f.until(time.Now().Add(workWithin))
			defer cancel()
			job(ctx)
		}
	}
	if !f.work.offer(run(job)) {
		f.o.Log.Warn("too much work at once")
		f.refusal.offer(run(func(ctx context.Context) { f.say(ctx, reply, sentence(tooBusy)) }))
	}
}

// say answers the asker, and logs when that is not possible.
func (f *front) say(ctx context.Context, reply string, m message) {
	if reply == "" {
		return
	}
	if err := f.answer(ctx, reply, m); err != nil {
		f.o.Log.Warn("answering", "err", err)
	}
}

// forUs checks app and workspace of a payload against what Slack told us at
// the start.
func (f *front) forUs(app, team string, enterprises ...string) bool {
	self := f.self.Load()
	if self.app != "" && app != self.app {
		return false
	}
	if self.team != "" && team == self.team {
		return true
	}
	for _, e := range enterprises {
		if self.enterprise != "" && e == self.enterprise {
			return true
		}
	}
	return false
}

// person names who did it. Within an organisation people keep their ids over
// workspaces, so the team is ours: the directory finds out the rest. Otherwise
// somebody else's team stays visible.
func (f *front) person(id, team string) bot.Person {
	self := f.self.Load()
	if team == "" || self.enterprise != "" {
		team = self.team
	}
	return bot.Person{Team: team, ID: id}
}

// badMessage acknowledges what slack-go could not read; else Slack would show a
// failure, and send it again.
func (f *front) badMessage(raw json.RawMessage) {
	var envelope struct {
		ID string `json:"envelope_id"`
	}
	if err := json.Unmarshal(raw, &envelope); err != nil || envelope.ID == "" {
		f.o.Log.Warn("a frame that cannot be read")
		return
	}
	f.o.Log.Warn("an envelope that cannot be read", "envelope", envelope.ID)
	d := delivery{envelope: envelope.ID, arrived: time.Now()}
	f.refusal.offer(func() { f.acknowledge(d, nil) })
}

// unrecorded tells whether an error of the desk means that nothing was recorded;
// what was recorded before is fine.
func unrecorded(err error) bool { return err != nil && !errors.Is(err, bot.ErrSeen) }
