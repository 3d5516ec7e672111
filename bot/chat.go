package bot

import (
	"context"
	"time"
)

// say puts an effect into the lane of what goes to the chat. The lane is long;
// what does not fit still pends in the outbox and is said after a restart.
func (a *attendant) say(e Effect) {
	select {
	case a.lane <- e:
	default:
		a.desk.Log.Warn("the chat is far behind", "incident", a.id, "effect", e.ID)
	}
}

// chat says things in order: a thread needs its root message, and people read
// from top to bottom. What the chat refuses for the moment is tried again until
// it takes it.
func (a *attendant) chat(ctx context.Context) {
	for {
		select {
		case e, open := <-a.lane:
			if !open {
				return
			}
			a.utter(ctx, e)
		case <-ctx.Done():
			return
		}
	}
}

// The pauses between attempts to say something: a slow chat is not hurried.
const (
	firstPause = time.Second
	longPause  = 30 * time.Second
)

// mostTries bounds attempts to whisper: an answer to a click is worth nothing
// after minutes. Drawings and notices are tried for as long as it takes.
const mostTries = 5

func (a *attendant) utter(ctx context.Context, e Effect) {
	pause := firstPause
	for try := 1; ; try++ {
		event, err := a.speak(ctx, e)
		if err == nil {
			if e.ID != "" {
				a.report(ctx, event)
			}
			return
		}
		a.desk.Log.Warn("telling the chat", "incident", a.id, "effect", string(e.Kind), "try", try, "err", err)
		if e.ID == "" {
			return
		}
		if e.Kind == DoWhisper && try == mostTries {
			a.report(ctx, Done{Effect: e.ID})
			return
		}
		if !sleep(ctx, pause) {
			return
		}
		pause = min(2*pause, longPause)
	}
}

func (a *attendant) speak(ctx context.Context, e Effect) (Event, error) {
	i := *a.current.Load()
	switch e.Kind {
	case DoTell:
		return Done{Effect: e.ID}, a.desk.Announcer.Tell(ctx, i, *e.Notice)
	case DoWhisper:
		return Done{Effect: e.ID}, a.desk.Announcer.Whisper(ctx, *e.Whisper)
	}
	a.drawing.Store(false)
	place, err := a.desk.Announcer.Show(ctx, i)
	return Shown{Effect: e.ID, Place: place, Drawing: i.Drawing}, err
}
