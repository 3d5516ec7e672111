package slack

import (
	"time"

	"github.com/gorilla/websocket"
)

// Disruption is what happens to a socket.
type Disruption string

const (
	// Kill breaks TCP without a close frame.
	Kill Disruption = "kill"
	// Stall falls silent: no pings, no pongs, no payloads, nothing is read as an
	// acknowledgement, but the connection stays, and counts.
	Stall Disruption = "stall"
	// Warn announces the close, which comes [Options.WarnAhead] later.
	Warn Disruption = "warn"
	// Refresh asks for a reconnection and closes.
	Refresh Disruption = "refresh"
	// Disable says that Socket Mode was switched off, and closes. New
	// connections are turned away by [Switches].SocketModeOff.
	Disable Disruption = "disable"
)

// Disrupt does it to the socket with the id, or to all when it is zero, and
// says to how many.
func (w *Workspace) Disrupt(what Disruption, id int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, s := range w.sockets {
		if id == 0 || s.id == id {
			n++
			s.suffer(what)
		}
	}
	w.changed(Change{Kind: "sockets"})
	return n
}

// suffer wants w.mu held.
func (s *socket) suffer(what Disruption) {
	if s.leaving && what != Kill {
		return
	}
	s.w.transcript.add(Entry{Kind: "socket", Name: string(what), Socket: s.id})
	switch what {
	case Kill:
		s.leaving = true
		go s.end() // which takes the lock
	case Stall:
		s.hush.Do(func() { close(s.stall) })
	case Warn:
		// Payloads keep coming until the close, so that a second connection can
		// take over.
		s.disconnect("warning")
		s.timers = append(s.timers, time.AfterFunc(s.w.options.WarnAhead, func() { s.w.Disrupt(Refresh, s.id) }))
	case Refresh:
		s.disconnect("refresh_requested")
		s.queueClose(websocket.CloseNormalClosure, "")
	case Disable:
		s.disconnect("link_disabled")
		s.queueClose(websocket.CloseNormalClosure, "")
	}
}

// SocketState is an open socket.
type SocketState struct {
	ID     int       `json:"id"`
	Opened time.Time `json:"opened"`
	// Leaving sockets get no payloads any more.
	Leaving bool `json:"leaving"`
	Stalled bool `json:"stalled"`
}

// Sockets lists the open sockets, oldest first.
func (w *Workspace) Sockets() []SocketState {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := []SocketState{}
	for _, s := range w.sockets {
		state := SocketState{ID: s.id, Opened: s.opened, Leaving: s.leaving}
		select {
		case <-s.stall:
			state.Stalled = true
		default:
		}
		out = append(out, state)
	}
	return out
}
