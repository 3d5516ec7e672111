package slack

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// State is everything that one person sees.
type State struct {
	// Seq is the last change that is in it.
	Seq  int  `json:"seq"`
	Team Team `json:"team"`
	App  App  `json:"app"`
	// Me is the viewer.
	Me       User           `json:"me"`
	Users    []User         `json:"users"`
	Groups   []Group        `json:"groups"`
	Channels []ChannelState `json:"channels"`
	// Modals are the viewer's open ones, the visible one last.
	Modals   []View    `json:"modals"`
	Failures []Failure `json:"failures"`
	// Connected is the number of sockets that the app has open.
	Connected int      `json:"connected"`
	Switches  Switches `json:"switches"`
}

// ChannelState is a conversation as one person sees it.
type ChannelState struct {
	Channel
	// Member is whether the viewer is in it; others look in from outside.
	Member bool `json:"is_member"`
	// Messages are all messages and replies that the viewer sees, the ephemeral
	// ones among them, oldest first. Those without a thread_ts, with their own
	// as thread_ts, or broadcast, belong to the channel's own list.
	Messages []Message `json:"messages"`
}

// State is what the user sees.
func (w *Workspace) State(user string) (State, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	me, ok := w.user(user)
	if !ok {
		return State{}, refuse("user_not_found")
	}
	out := State{
		Seq: w.seq, Team: w.options.Seed.Team, App: w.options.Seed.App, Me: me, Users: append([]User{}, w.users...),
		Groups: append([]Group{}, w.groups...), Channels: []ChannelState{}, Modals: []View{}, Failures: []Failure{},
		Connected: len(w.sockets), Switches: w.switches,
	}
	for _, c := range w.channels {
		if !w.sees(user, c) {
			continue
		}
		messages := w.listed(c.ID, user, func(*message) bool { return true })
		out.Channels = append(out.Channels, ChannelState{
			Channel: *c, Member: c.has(user), Messages: append([]Message{}, messages...),
		})
	}
	for _, v := range w.stacks[user] {
		out.Modals = append(out.Modals, v.public())
	}
	for _, f := range w.failures {
		if f.User == user {
			out.Failures = append(out.Failures, f)
		}
	}
	return out, nil
}

func (w *Workspace) controlState(rw http.ResponseWriter, r *http.Request) {
	state, err := w.State(r.URL.Query().Get("user"))
	if err != nil {
		writeAnswer(rw, http.StatusNotFound, complaint(err))
		return
	}
	writeAnswer(rw, http.StatusOK, state)
}

// controlEvents streams the changes that concern the viewer (Server-Sent
// Events), from the one after Last-Event-ID or ?since on, else from now on.
func (w *Workspace) controlEvents(rw http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	viewer := query.Get("user")
	_, now, _ := w.since(0, viewer)
	seq := now
	for _, from := range []string{query.Get("since"), r.Header.Get("Last-Event-ID")} {
		if n, err := strconv.Atoi(from); err == nil {
			seq = min(n, now)
		}
	}
	rw.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(rw)
	alive := time.NewTicker(15 * time.Second)
	defer alive.Stop()
	line := ": connected\n\n"
	for {
		changes, last, wake := w.since(seq, viewer)
		for _, c := range changes {
			line += fmt.Sprintf("id: %d\ndata: %s\n\n", c.Seq, encode(c))
		}
		seq = last
		if _, err := rw.Write([]byte(line)); err != nil || out.Flush() != nil {
			return
		}
		line = ""
		select {
		case <-wake:
		case <-alive.C:
			line = ": alive\n\n"
		case <-r.Context().Done():
			return
		}
	}
}
