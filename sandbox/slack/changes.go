package slack

import (
	"context"
	"fmt"
	"slices"
)

// Change says that something moved; what it is now is asked for.
type Change struct {
	Seq int `json:"seq"`
	// Kind is message, message_changed, message_deleted, channel, view,
	// failure, delivery or sockets.
	Kind    string `json:"kind"`
	Channel string `json:"channel,omitempty"`
	TS      string `json:"ts,omitempty"`
	// User is the only one concerned; empty means everybody.
	User string `json:"user,omitempty"`
}

// keptChanges bounds what a stream that was cut can be resumed from.
const keptChanges = 5000

// changed records the change and wakes who waits. It wants w.mu held.
func (w *Workspace) changed(c Change) {
	w.seq++
	c.Seq = w.seq
	w.changes = append(w.changes, c)
	if len(w.changes) > 2*keptChanges {
		w.changes = slices.Clone(w.changes[len(w.changes)-keptChanges:])
	}
	close(w.wake)
	w.wake = make(chan struct{})
}

// since lists the changes after seq that concern the viewer, and the channel
// that is closed at the next change.
func (w *Workspace) since(seq int, viewer string) ([]Change, int, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []Change
	for _, c := range w.changes {
		if c.Seq > seq && w.concerns(c, viewer) {
			out = append(out, c)
		}
	}
	return out, w.seq, w.wake
}

func (w *Workspace) concerns(c Change, viewer string) bool {
	if viewer == "" {
		return true
	}
	if c.User != "" && c.User != viewer {
		return false
	}
	if ch, ok := w.channel(c.Channel); ok {
		return w.sees(viewer, ch)
	}
	return true
}

// await returns once done does. The condition is tried at each change, with
// w.mu held.
func (w *Workspace) await(ctx context.Context, what string, done func() bool) error {
	for {
		w.mu.Lock()
		ok, wake := done(), w.wake
		w.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, context.Cause(ctx))
		}
	}
}

// WaitMessage waits for a message, a reply or an ephemeral message in the
// channel that fits, and returns it as the one who may see it does.
func (w *Workspace) WaitMessage(ctx context.Context, channel string, fits func(Message) bool) (Message, error) {
	var found Message
	err := w.await(ctx, "a message in "+channel, func() bool {
		for _, m := range slices.Backward(w.messages[channel]) {
			if seen := m.as(m.VisibleTo); fits(seen) {
				found = seen
				return true
			}
		}
		return false
	})
	return found, err
}

// WaitView waits until the user looks at a modal that fits.
func (w *Workspace) WaitView(ctx context.Context, user string, fits func(View) bool) (View, error) {
	var found View
	err := w.await(ctx, "a modal of "+user, func() bool {
		v := w.top(user)
		if v == nil {
			return false
		}
		found = v.public()
		return fits(found)
	})
	return found, err
}

// WaitSockets waits until exactly n sockets have been greeted.
func (w *Workspace) WaitSockets(ctx context.Context, n int) error {
	return w.await(ctx, fmt.Sprintf("%d sockets", n), func() bool { return len(w.live()) == n })
}

// Messages is what the viewer sees in the channel: messages, broadcast replies
// and their own ephemeral ones, oldest first.
func (w *Workspace) Messages(channel, viewer string) []Message {
	return w.look(channel, viewer, inChannel)
}

// Thread is what the viewer sees of a thread: the parent, then the replies.
func (w *Workspace) Thread(channel, ts, viewer string) []Message {
	return w.look(channel, viewer, inThread(ts))
}

func (w *Workspace) look(channel, viewer string, keep func(*message) bool) []Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.channel(channel)
	if !ok || !w.sees(viewer, c) {
		return nil
	}
	return w.listed(channel, viewer, keep)
}

// Failures are what Slack told people in the app's stead, oldest first.
func (w *Workspace) Failures() []Failure {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.failures)
}
