package slack

import (
	"context"
	"net/http"
	"time"
)

// Fault breaks calls of one method.
type Fault struct {
	// Method is the Web API method, or response_url; empty means any.
	Method string `json:"method"`
	// Skip lets that many calls pass first: Skip 2 breaks the third.
	Skip int `json:"skip"`
	// Times is how many calls break; zero means one, negative all from then on.
	Times int `json:"times"`
	// Status is the HTTP status, as 429 or 503; zero means 200.
	Status int `json:"status"`
	// RetryAfter is sent with it, in seconds.
	RetryAfter int `json:"retry_after"`
	// Error is Slack's error code, for an answer with ok false.
	Error string `json:"error"`
	// Delay is waited first, in milliseconds. A fault of a delay alone slows a
	// call that then succeeds.
	Delay int `json:"delay_ms"`
	// AfterEffect breaks the answer to a call that took effect.
	AfterEffect bool `json:"after_effect"`
}

// Break adds a fault. Of several for one call the oldest acts.
func (w *Workspace) Break(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, &f)
}

// Mend removes all faults.
func (w *Workspace) Mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = nil
}

// takeFault is the fault that is to act on this call of the method, or nil.
func (w *Workspace) takeFault(method string) *Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	var acting *Fault
	for _, f := range w.faults {
		if f.Method != "" && f.Method != method {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if acting == nil && f.Times != 0 {
			f.Times--
			acting = f
		}
	}
	return acting
}

// pause waits the fault's delay; false means that the caller left.
func (f *Fault) pause(ctx context.Context) bool {
	if f == nil || f.Delay <= 0 {
		return true
	}
	select {
	case <-time.After(time.Duration(f.Delay) * time.Millisecond):
		return true
	case <-ctx.Done():
		return false
	}
}

// before and after report whether the fault takes the place of the call, or of
// the answer to it.
func (f *Fault) before() bool {
	return f != nil && !f.AfterEffect && (f.Status != 0 || f.Error != "")
}

func (f *Fault) after() bool { return f != nil && f.AfterEffect }

func (f *Fault) answer() (int, time.Duration, object) {
	status, code := f.Status, f.Error
	if status == 0 {
		status = http.StatusOK
	}
	if code == "" {
		code = "internal_error"
		if status == http.StatusTooManyRequests {
			code = "ratelimited"
		}
	}
	return status, time.Duration(f.RetryAfter) * time.Second, object{"ok": false, "error": code}
}
