package slack

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// A response_url is good for that many messages in that time.
const (
	responseUses = 5
	responseLife = 30 * time.Minute
)

// response is what a response_url stands for.
type response struct {
	user, channel string
	// ts is the message that was clicked, empty for commands.
	ts   string
	at   time.Time
	uses int
}

// newResponse makes a response_url. It wants w.mu held.
func (w *Workspace) newResponse(kind string, r *response) string {
	id := kind + "/" + w.options.Seed.Team.ID + "/" + unguessable()
	r.at = w.now()
	w.responses[id] = r
	return w.base + "/response/" + id
}

// serveResponse takes a POST to a response_url.
func (w *Workspace) serveResponse(rw http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
	if err != nil {
		return
	}
	// The path is a secret of its own, so it is left out of the transcript.
	w.transcript.add(Entry{Kind: "response", Name: "response_url", Body: string(raw)})
	fault := w.takeFault("response_url")
	if !fault.pause(r.Context()) {
		return
	}
	if fault.before() {
		status, _, answer := fault.answer()
		writeAnswer(rw, status, answer)
		return
	}
	err = w.spend(strings.TrimPrefix(r.URL.Path, "/response/"), raw)
	switch {
	case fault.after():
		status, _, answer := fault.answer()
		writeAnswer(rw, status, answer)
	case err != nil:
		writeAnswer(rw, responseStatus(err), asAnswer(nil, err))
	default:
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(rw, "ok")
	}
}

// responseStatus is 404 for a URL that is not good any more.
func responseStatus(err error) int {
	var refusal *Refusal
	if errors.As(err, &refusal) && strings.HasSuffix(refusal.Code, "_url") {
		return http.StatusNotFound
	}
	return http.StatusBadRequest
}

// spend uses the URL once more.
func (w *Workspace) spend(id string, raw []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.responses[id]
	switch {
	case !ok:
		return refuse("no_such_url")
	case w.now().Sub(r.at) > responseLife:
		return refuse("expired_url")
	case r.uses >= responseUses:
		return refuse("used_url")
	}
	v, err := decode(raw)
	payload, ok := v.(map[string]any)
	if err != nil || !ok {
		return refuse("invalid_payload")
	}
	if err := w.respond(r, payload); err != nil {
		return err
	}
	r.uses++
	return nil
}

// respond does what a message to a response_url, or in the acknowledgement of
// a command, asks for. It wants w.mu held, as amend does.
func (w *Workspace) respond(r *response, payload object) error {
	// slack-go always sends metadata to a response_url, if only an empty one,
	// and Slack has never minded.
	if m, ok := payload["metadata"].(map[string]any); ok && m["event_type"] == "" && m["event_payload"] == nil {
		delete(payload, "metadata")
	}
	c := &call{args: payload}
	if r.ts != "" && (c.flag("delete_original") || c.flag("replace_original")) {
		return w.amend(r, c)
	}
	d, err := readShown(c)
	if err != nil {
		return err
	}
	m := w.botMessage(r.channel)
	m.Text, m.Blocks, m.Metadata, m.ThreadTS = cut(d.text), d.blocks, d.metadata, c.str("thread_ts")
	if c.str("response_type") != "in_channel" {
		m.Ephemeral, m.VisibleTo = true, r.user
	}
	w.post(m)
	return nil
}

// amend deletes or replaces the message that was clicked.
func (w *Workspace) amend(r *response, c *call) error {
	source, ok := w.anyMessage(r.channel, r.ts)
	if !ok || source.User != w.options.Seed.App.BotUser {
		return refuse("message_not_found")
	}
	if c.flag("delete_original") {
		w.remove(source)
		return nil
	}
	d, err := readShown(c)
	if err != nil {
		return err
	}
	d.givenText = true
	w.redraw(source, d)
	return nil
}
