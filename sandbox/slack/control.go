package slack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"
)

// control is the workspace's remote control; README.md documents it.
func (w *Workspace) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /control/state", w.controlState)
	mux.HandleFunc("GET /control/events", w.controlEvents)
	mux.HandleFunc("GET /control/transcript", reading(w.Transcript))
	mux.HandleFunc("GET /control/deliveries", reading(w.Deliveries))
	mux.HandleFunc("GET /control/sockets", reading(w.Sockets))
	mux.HandleFunc("GET /control/files/{id}", w.controlFile)
	mux.HandleFunc("POST /control/command", acting(w, w.controlCommand))
	mux.HandleFunc("POST /control/act", acting(w, w.controlAct))
	mux.HandleFunc("POST /control/submit", acting(w, w.controlSubmit))
	mux.HandleFunc("POST /control/close", acting(w, w.controlClose))
	mux.HandleFunc("POST /control/say", acting(w, w.controlSay))
	mux.HandleFunc("POST /control/join", acting(w, w.controlJoin))
	mux.HandleFunc("POST /control/event", acting(w, w.controlEvent))
	mux.HandleFunc("POST /control/inject", acting(w, w.controlInject))
	mux.HandleFunc("POST /control/fault", acting(w, w.controlFault))
	mux.HandleFunc("POST /control/mend", acting(w, w.controlMend))
	mux.HandleFunc("POST /control/sockets", acting(w, w.controlSockets))
	mux.HandleFunc("POST /control/switches", acting(w, w.controlSwitches))
	mux.HandleFunc("POST /control/clock", acting(w, w.controlClock))
	mux.HandleFunc("POST /control/scene", acting(w, w.controlScene))
	return mux
}

// reading answers with what read returns.
func reading[T any](read func() T) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) { writeAnswer(rw, http.StatusOK, read()) }
}

// acting takes a JSON body, and waits for the delivery when it says so. Only
// JSON is taken, which another site's form cannot send.
func acting(w *Workspace, act func(raw []byte) (object, error)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || kind != "application/json" {
			writeAnswer(rw, http.StatusUnsupportedMediaType, object{"ok": false, "error": "json_only"})
			return
		}
		raw, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
		if err != nil {
			writeAnswer(rw, http.StatusBadRequest, object{"ok": false, "error": "unreadable_body"})
			return
		}
		answer, err := act(raw)
		if err != nil {
			writeAnswer(rw, http.StatusBadRequest, complaint(err))
			return
		}
		w.awaited(r.Context(), raw, answer)
		writeAnswer(rw, http.StatusOK, asAnswer(answer, nil))
	}
}

// complaint is an error as the page reads it.
func complaint(err error) object {
	out := object{"ok": false, "error": err.Error()}
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		out["error"] = refusal.Code
	}
	if incomplete, ok := errors.AsType[*Incomplete](err); ok {
		out["error"], out["errors"] = "incomplete", incomplete.Blocks
	}
	return out
}

// awaited replaces the delivery by what became of it, if the body says wait.
func (w *Workspace) awaited(ctx context.Context, raw []byte, answer object) {
	var body struct {
		Wait bool `json:"wait"`
	}
	d, ok := answer["delivery"].(Delivery)
	if json.Unmarshal(raw, &body) != nil || !body.Wait || !ok || d.EnvelopeID == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*w.options.AckWithin+time.Second)
	defer cancel()
	if settled, err := w.WaitDelivery(ctx, d.EnvelopeID); err == nil {
		answer["delivery"] = settled
	}
}

// take decodes a body; fields that are not known are ignored.
func take[T any](raw []byte) (T, error) {
	var body T
	if err := json.Unmarshal(raw, &body); err != nil {
		return body, refuse("invalid_json")
	}
	return body, nil
}

func delivered(d Delivery, err error) (object, error) {
	if err != nil {
		return nil, err
	}
	return object{"delivery": d}, nil
}

type person struct {
	User     string `json:"user"`
	Channel  string `json:"channel"`
	Text     string `json:"text"`
	ThreadTS string `json:"thread_ts"`
	ViewID   string `json:"view_id"`
	// Values are what a modal is filled in with.
	Values map[string]map[string]any `json:"values"`
	All    bool                      `json:"all"`
	// Leave ends a membership instead of beginning it.
	Leave bool `json:"leave"`
}

func (w *Workspace) controlCommand(raw []byte) (object, error) {
	p, err := take[person](raw)
	if err != nil {
		return nil, err
	}
	return delivered(w.Command(p.User, p.Channel, p.Text))
}

func (w *Workspace) controlAct(raw []byte) (object, error) {
	p, err := take[Press](raw)
	if err != nil {
		return nil, err
	}
	return delivered(w.Act(p))
}

func (w *Workspace) controlSubmit(raw []byte) (object, error) {
	p, err := take[person](raw)
	if err != nil {
		return nil, err
	}
	return delivered(w.Submit(p.User, p.ViewID, p.Values))
}

func (w *Workspace) controlClose(raw []byte) (object, error) {
	p, err := take[person](raw)
	if err != nil {
		return nil, err
	}
	return delivered(w.CloseView(p.User, p.ViewID, p.All))
}

func (w *Workspace) controlSay(raw []byte) (object, error) {
	p, err := take[person](raw)
	if err != nil {
		return nil, err
	}
	m, err := w.Say(p.User, p.Channel, p.ThreadTS, p.Text)
	if err != nil {
		return nil, err
	}
	return object{"message": m}, nil
}

func (w *Workspace) controlJoin(raw []byte) (object, error) {
	p, err := take[person](raw)
	if err != nil {
		return nil, err
	}
	if p.Leave {
		return nil, w.Leave(p.Channel, p.User)
	}
	return nil, w.Join(p.Channel, p.User)
}
