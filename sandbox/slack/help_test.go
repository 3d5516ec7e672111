package slack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/sandbox/slack"
)

const (
	botToken = "xoxb-1-sandbox"
	appToken = "xapp-1-sandbox"
)

// office is a workspace on a port, and its Web API.
type office struct {
	*slack.Workspace
	*slack.Server
	t   *testing.T
	ctx context.Context
}

func newOffice(t *testing.T, o slack.Options) *office {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	w := slack.New(o)
	server, err := w.Serve(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return &office{Workspace: w, Server: server, t: t, ctx: ctx}
}

type answer map[string]any

func (a answer) code() string {
	if a["ok"] == true {
		return "ok"
	}
	s, _ := a["error"].(string)
	return s
}

func (a answer) text(keys ...string) string {
	var v any = map[string]any(a)
	for _, key := range keys {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	s, _ := v.(string)
	return s
}

// caller is how calls reach a workspace: over a port, or in process.
type caller func(*http.Request) *http.Response

// inProcess needs no socket, so that time can be a bubble's.
func inProcess(w *slack.Workspace) caller {
	handler := w.Handler()
	return func(r *http.Request) *http.Response {
		recorder := &recorder{header: http.Header{}, status: http.StatusOK}
		handler.ServeHTTP(recorder, r)
		return &http.Response{StatusCode: recorder.status, Header: recorder.header, Body: io.NopCloser(&recorder.body)}
	}
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

func overPort(t *testing.T) caller {
	return func(r *http.Request) *http.Response {
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
}

// call posts JSON with the bot's token in the header.
func call(t *testing.T, do caller, at string, args map[string]any) answer {
	t.Helper()
	a, _ := callAs(t, do, at, args)
	return a
}

func callAs(t *testing.T, do caller, at string, args map[string]any) (answer, *http.Response) {
	t.Helper()
	if args == nil {
		args = map[string]any{}
	}
	raw, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Authorization", "Bearer "+botToken)
	return read(t, do(r))
}

// form posts a form.
func form(t *testing.T, do caller, at string, values url.Values) (answer, *http.Response) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at, strings.NewReader(values.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return read(t, do(r))
}

func read(t *testing.T, resp *http.Response) (answer, *http.Response) {
	t.Helper()
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		a = answer{"raw": string(raw)}
	}
	return a, resp
}

func (o *office) call(method string, args map[string]any) answer {
	o.t.Helper()
	return call(o.t, overPort(o.t), o.APIURL+method, args)
}

// object parses JSON with ' for ".
func object(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(text, "'", `"`)), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}
