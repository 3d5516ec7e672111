package slack

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// The kinds of deliveries.
const (
	kindCommand    = "slash_commands"
	kindAction     = "block_actions"
	kindSubmission = "view_submission"
	kindClosed     = "view_closed"
	kindEvent      = "events_api"
)

// Delivery is what became of one payload for the app.
type Delivery struct {
	EnvelopeID string `json:"envelope_id"`
	// Kind is slash_commands, block_actions, view_submission, view_closed or
	// events_api.
	Kind    string    `json:"kind"`
	User    string    `json:"user,omitempty"`
	Channel string    `json:"channel,omitempty"`
	At      time.Time `json:"at"`
	// AckedAt is zero until the app acknowledged in time.
	AckedAt time.Time `json:"acked_at,omitzero"`
	// Response is the payload of the acknowledgement, if it had one.
	Response map[string]any `json:"response,omitempty"`
	// Failure is dispatch_failed, operation_timeout or trouble_connecting.
	Failure string `json:"failure,omitempty"`
	// Frames counts how often it was sent.
	Frames int `json:"frames"`
}

// settled reports whether nothing more will happen by itself.
func (d *Delivery) settled() bool { return !d.AckedAt.IsZero() || d.Failure != "" }

// envelope is a payload on its way.
type envelope struct {
	*Delivery
	payload  object
	sockets  []int // that it went out on
	timer    *time.Timer
	ts       string
	view     string
	response *response
	again    bool // was failed once, and is sent again
	attempt  int
}

// All below wants w.mu held, except what is exported.

// dispatch sends a payload to the app, and fails it when there is no socket.
func (w *Workspace) dispatch(e *envelope) *Delivery {
	e.EnvelopeID, e.At = unguessable(), time.Now()
	w.deliveries = append(w.deliveries, e.Delivery)
	w.byEnvelope[e.EnvelopeID] = e.Delivery
	if len(w.deliveries) > 2*keptEntries {
		w.forget()
	}
	w.transcript.add(Entry{Kind: "act", Name: e.Kind, Envelope: e.EnvelopeID, Body: compact(e.payload)})
	w.pending[e.EnvelopeID] = e
	e.timer = time.AfterFunc(w.options.AckWithin, func() { w.expire(e) })
	if !w.switches.Reorder {
		w.send(e)
		return e.Delivery
	}
	if w.held == nil {
		w.held = e
		time.AfterFunc(200*time.Millisecond, func() { w.release(e) })
		return e.Delivery
	}
	first := w.held
	w.held = nil
	w.send(e)
	w.send(first)
	return e.Delivery
}

// forget drops what is long over, in a workspace that lives for days.
func (w *Workspace) forget() {
	for _, d := range w.deliveries[:keptEntries] {
		delete(w.byEnvelope, d.EnvelopeID)
	}
	w.deliveries = slices.Clone(w.deliveries[keptEntries:])
	if n := len(w.failures) - keptEntries; n > 0 {
		w.failures = slices.Clone(w.failures[n:])
	}
	// An id that was forgotten is as good as one that never was.
	for id, t := range w.triggers {
		if w.now().Sub(t.at) > responseLife {
			delete(w.triggers, id)
		}
	}
	for id, r := range w.responses {
		if w.now().Sub(r.at) > 2*responseLife {
			delete(w.responses, id)
		}
	}
}

// release sends an envelope that was held back, if it still is.
func (w *Workspace) release(e *envelope) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held == e {
		w.held = nil
		w.send(e)
	}
}

func (w *Workspace) send(e *envelope) {
	if w.pending[e.EnvelopeID] != e {
		return // it expired while it was held back
	}
	live := w.live()
	if len(live) == 0 {
		w.fail(e, "dispatch_failed")
		return
	}
	times := 1
	if w.switches.Duplicate {
		times = 2
	}
	for range times {
		s := live[w.options.Rand.IntN(len(live))]
		e.sockets = append(e.sockets, s.id)
		e.Frames++
		s.queue(Entry{Name: e.Kind, Envelope: e.EnvelopeID}, e.frame())
	}
	w.changed(Change{Kind: "delivery", User: e.User})
}

// frame is the envelope as it goes over the wire.
func (e *envelope) frame() object {
	out := object{"envelope_id": e.EnvelopeID, "type": "interactive", "accepts_response_payload": true, "payload": e.payload}
	switch e.Kind {
	case kindCommand:
		out["type"] = kindCommand
	case kindEvent:
		out["type"], out["accepts_response_payload"] = kindEvent, false
		out["retry_attempt"], out["retry_reason"] = e.attempt, ""
		if e.attempt > 0 {
			out["retry_reason"] = "timeout"
		}
	}
	return out
}

// expire fails the envelope that was not acknowledged in time.
func (w *Workspace) expire(e *envelope) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pending[e.EnvelopeID] == e {
		w.fail(e, "operation_timeout")
	}
}

// acknowledged takes a frame from the app.
func (w *Workspace) acknowledged(s *socket, raw []byte) {
	var ack struct {
		EnvelopeID string          `json:"envelope_id"`
		Payload    json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(raw, &ack); err != nil {
		return // Slack says nothing either
	}
	payload := object{}
	if v, err := decode(ack.Payload); err == nil {
		payload, _ = v.(map[string]any) // {} and absence are alike
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok := w.pending[ack.EnvelopeID]
	if !ok || !w.switches.AckAnywhere && !slices.Contains(e.sockets, s.id) {
		return
	}
	e.timer.Stop()
	delete(w.pending, e.EnvelopeID)
	e.AckedAt = time.Now()
	if len(payload) > 0 {
		e.Response = payload
	}
	w.answered(e, payload)
	w.changed(Change{Kind: "delivery", User: e.User})
}

// answered does what the acknowledgement asks for.
func (w *Workspace) answered(e *envelope, payload object) {
	switch e.Kind {
	case kindCommand:
		if len(payload) == 0 {
			return
		}
		if err := w.respond(e.response, payload); err != nil {
			w.tell(e, "invalid_command_response")
		}
	case kindSubmission:
		if v, ok := w.findView(e.view, ""); ok {
			w.submitted(v, payload)
		}
	}
}

// Deliveries is every payload for the app so far, oldest first.
func (w *Workspace) Deliveries() []Delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]Delivery, 0, len(w.deliveries))
	for _, d := range w.deliveries {
		out = append(out, *d)
	}
	return out
}

// WaitDelivery waits until the payload was acknowledged or failed.
func (w *Workspace) WaitDelivery(ctx context.Context, envelopeID string) (Delivery, error) {
	var found Delivery
	err := w.await(ctx, "the delivery of "+envelopeID, func() bool {
		d, ok := w.byEnvelope[envelopeID]
		if !ok {
			return false
		}
		found = *d
		return found.settled()
	})
	return found, err
}
