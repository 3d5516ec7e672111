package slack

import (
	"slices"
	"time"
)

// All below wants w.mu held, except what is exported.

// fail ends a delivery that nobody acknowledged, with what Slack does then.
func (w *Workspace) fail(e *envelope, code string) {
	e.timer.Stop()
	delete(w.pending, e.EnvelopeID)
	if e.Kind == kindCommand && code == "operation_timeout" && !w.switches.PlainTimeout {
		code = "dispatch_failed"
	}
	if !e.again { // whoever was told once is not told again
		e.Failure = code
		w.tell(e, code)
	}
	switch {
	case e.Kind == kindEvent:
		w.retry(e)
	case w.switches.Redeliver && len(e.sockets) > 0:
		w.unacked = append(w.unacked, e)
	}
	w.changed(Change{Kind: "delivery", User: e.User})
}

// tell shows the person what went wrong, where Slack shows it.
func (w *Workspace) tell(e *envelope, code string) {
	f := Failure{
		At: w.nextTS(), Kind: e.Kind, User: e.User, Channel: e.Channel, TS: e.ts, ViewID: e.view, Code: code,
	}
	switch e.Kind {
	case kindCommand:
		name, _ := e.payload["command"].(string)
		f.Text = name + ` failed with the error "` + code + `"`
		w.post(Message{Channel: e.Channel, User: slackbot, Text: f.Text, Ephemeral: true, VisibleTo: e.User})
	case kindAction:
		f.Text = "Operation timed out. Apps need to respond within three seconds."
		if m, ok := w.anyMessage(e.Channel, e.ts); ok {
			if m.failed == nil {
				m.failed = map[string]string{}
			}
			m.failed[e.User] = f.Text
		}
	case kindSubmission:
		f.Code, f.Text = "trouble_connecting", troubleText
		if v, ok := w.findView(e.view, ""); ok {
			v.Failure, v.Submitting = troubleText, false
		}
	default:
		return // nobody waits for events and closed modals
	}
	w.failures = append(w.failures, f)
	w.changed(Change{Kind: "failure", Channel: e.Channel, TS: e.ts, User: e.User})
}

// retry sends an event again: nearly at once, after a minute, after five.
func (w *Workspace) retry(e *envelope) {
	pauses := []time.Duration{100 * time.Millisecond, time.Minute, 5 * time.Minute}
	if e.attempt >= len(pauses) {
		return
	}
	next := &envelope{Delivery: &Delivery{Kind: kindEvent}, payload: e.payload, attempt: e.attempt + 1}
	time.AfterFunc(pauses[e.attempt], func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.dispatch(next)
	})
}

// redeliver sends what nobody acknowledged again, if the switch says so. A new
// connection was just greeted.
func (w *Workspace) redeliver() {
	if !w.switches.Redeliver {
		return
	}
	var lost []*envelope
	for _, e := range w.pending {
		gone := !slices.ContainsFunc(w.live(), func(s *socket) bool { return slices.Contains(e.sockets, s.id) })
		if len(e.sockets) > 0 && gone {
			lost = append(lost, e)
		}
	}
	slices.SortFunc(lost, func(a, b *envelope) int { return a.At.Compare(b.At) })
	for _, e := range lost {
		w.send(e)
	}
	unacked := w.unacked
	w.unacked = nil
	for _, e := range unacked {
		e.again = true
		w.pending[e.EnvelopeID] = e
		e.timer = time.AfterFunc(w.options.AckWithin, func() { w.expire(e) })
		w.send(e)
	}
}

// Event sends an event of the Events API, as app_mention; event is the inner
// event, with its type.
func (w *Workspace) Event(event map[string]any) Delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	payload := object{
		"token": "sandbox", "team_id": w.options.Seed.Team.ID, "api_app_id": w.options.Seed.App.ID, "event": event,
		"type": "event_callback", "event_id": w.nextID("Ev"), "event_time": w.now().Unix(), "is_ext_shared_channel": false,
		"authorizations": []object{{
			"enterprise_id": nil, "team_id": w.options.Seed.Team.ID, "user_id": w.options.Seed.App.BotUser,
			"is_bot": true, "is_enterprise_install": false,
		}},
	}
	return *w.dispatch(&envelope{Delivery: &Delivery{Kind: kindEvent}, payload: payload})
}

// Inject sends a payload of the caller's own making, as a forger with the
// app's token or a broken Slack would. Kind is that of [Delivery].
func (w *Workspace) Inject(kind string, payload map[string]any) Delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := &envelope{Delivery: &Delivery{Kind: kind}, payload: payload}
	if kind == kindCommand {
		user, _ := payload["user_id"].(string)
		channel, _ := payload["channel_id"].(string)
		e.User, e.Channel = user, channel
		e.response = &response{user: user, channel: channel, at: w.now()}
	}
	return *w.dispatch(e)
}
