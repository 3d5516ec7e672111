package slack

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// FuzzCall shows that no body breaks the Web API.
func FuzzCall(f *testing.F) {
	f.Add("chat.postMessage", "application/json", `{"channel":"C01OPS","text":"x","blocks":[{"type":"divider"}]}`)
	f.Add("chat.update", "application/x-www-form-urlencoded", "channel=C01OPS&ts=1.000001&blocks=%5B%5D")
	f.Add("views.open", "application/json", `{"trigger_id":1,"view":{"type":"modal","blocks":[7]}}`)
	f.Add("files.completeUploadExternal", "application/json", `{"files":[null,{"id":[]}],"channel_id":{}}`)
	f.Add("conversations.replies", "multipart/form-data; boundary=x", "--x--")
	f.Fuzz(func(t *testing.T, method, kind, body string) {
		w := New(Options{Switches: Switches{NoLimits: true}})
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/api/x", strings.NewReader(body))
		r.URL.Path = "/api/" + method
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Authorization", "Bearer xoxb-1-sandbox")
		recorder := httptest.NewRecorder()
		w.serveAPI(recorder, r)
		v, err := decode(recorder.Body.Bytes())
		answer, ok := v.(map[string]any)
		if err != nil || !ok || answer["ok"] != true && answer["error"] == "" {
			t.Errorf("%s answers %s", method, recorder.Body)
		}
	})
}

// FuzzFrames shows that frames are told apart however they come in.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{0x81, 0x82, 1, 2, 3, 4, 5, 6, 0x89, 0x80, 1, 2, 3, 4}, 1)
	f.Add([]byte{0x81, 0xfe, 0x50, 0x01, 1, 2, 3, 4}, 3)
	f.Add([]byte{0x01, 0x81, 1, 2, 3, 4, 5, 0x80, 0x81, 1, 2, 3, 4, 5}, 2)
	f.Add([]byte{0x82, 0xff, 0, 0, 0, 0, 0, 0, 0x50, 0x00, 1, 2, 3, 4}, 14)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		whole, parts := &framed{}, &framed{}
		want := whole.watch(stream)
		var got error
		for rest := stream; len(rest) > 0 && got == nil; {
			n := min(max(size, 1), len(rest))
			got, rest = parts.watch(rest[:n]), rest[n:]
		}
		if !errors.Is(got, want) || !errors.Is(want, got) {
			t.Errorf("%v in parts of %d, %v at once", got, size, want)
		}
	})
}

// FuzzAck shows that no frame of an app breaks the workspace.
func FuzzAck(f *testing.F) {
	f.Add([]byte(`{"envelope_id":"x"}`))
	f.Add([]byte(`{"envelope_id":"x","payload":{"text":"hi","blocks":[{"type":"divider"}],"response_type":"in_channel"}}`))
	f.Add([]byte(`{"envelope_id":7}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		w := New(Options{})
		d := &Delivery{EnvelopeID: "x", Kind: kindCommand, User: Ann, Channel: Ops}
		e := &envelope{Delivery: d, sockets: []int{1}, response: &response{user: Ann, channel: Ops}, payload: object{"command": "/pullfix"}}
		e.timer = time.AfterFunc(time.Hour, func() {})
		defer e.timer.Stop()
		w.pending["x"] = e
		w.acknowledged(&socket{id: 1}, raw)
		v, err := decode(raw)
		if frame, ok := v.(map[string]any); d.settled() && (err != nil || !ok || len(frame) == 0) {
			t.Errorf("%s acknowledges", raw)
		}
	})
}
