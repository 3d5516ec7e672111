package slack

import (
	"encoding/json"
	"net/http"
	"time"
)

type forged struct {
	Kind    string         `json:"kind"`
	Payload map[string]any `json:"payload"`
}

func (w *Workspace) controlEvent(raw []byte) (object, error) {
	f, err := take[forged](raw)
	if err != nil {
		return nil, err
	}
	return delivered(w.Event(f.Payload), nil)
}

func (w *Workspace) controlInject(raw []byte) (object, error) {
	f, err := take[forged](raw)
	if err != nil {
		return nil, err
	}
	return delivered(w.Inject(f.Kind, f.Payload), nil)
}

func (w *Workspace) controlFault(raw []byte) (object, error) {
	f, err := take[Fault](raw)
	if err != nil {
		return nil, err
	}
	w.Break(f)
	return nil, nil
}

func (w *Workspace) controlMend([]byte) (object, error) {
	w.Mend()
	return nil, nil
}

func (w *Workspace) controlSockets(raw []byte) (object, error) {
	body, err := take[struct {
		Action Disruption `json:"action"`
		Socket int        `json:"socket"`
	}](raw)
	if err != nil {
		return nil, err
	}
	switch body.Action {
	case Kill, Stall, Warn, Refresh, Disable:
		return object{"sockets": w.Disrupt(body.Action, body.Socket)}, nil
	}
	return nil, refuse("unknown_action")
}

// controlSwitches changes the switches that are named; the others stay.
func (w *Workspace) controlSwitches(raw []byte) (object, error) {
	var err error
	var now Switches
	w.Switch(func(s *Switches) {
		next := *s
		if err = json.Unmarshal(raw, &next); err == nil {
			*s = next
		}
		now = *s
	})
	if err != nil {
		return nil, refuse("invalid_json")
	}
	return object{"switches": now}, nil
}

func (w *Workspace) controlClock(raw []byte) (object, error) {
	body, err := take[struct {
		OffsetSeconds float64 `json:"offset_seconds"`
	}](raw)
	if err != nil {
		return nil, err
	}
	w.SetClock(time.Duration(body.OffsetSeconds * float64(time.Second)))
	return nil, nil
}

func (w *Workspace) controlFile(rw http.ResponseWriter, r *http.Request) {
	content, ok := w.FileContent(r.PathValue("id"))
	if !ok {
		http.NotFound(rw, r)
		return
	}
	// As text whatever it says it is: it comes from the app, and must not run.
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.Header().Set("Content-Security-Policy", "sandbox")
	_, _ = rw.Write(content)
}
