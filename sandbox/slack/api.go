package slack

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// method is one method of the Web API. It runs with the workspace's lock held.
type method struct {
	run func(*Workspace, *call) (object, error)
	// scopes are the bot scopes of which one is needed; none means no scope.
	scopes []string
	tier   tier
	// app methods want the app-level token, open ones no token at all.
	app, open bool
}

func methods() map[string]method {
	write := []string{"chat:write"}
	read := []string{"channels:read", "groups:read", "im:read"}
	history := []string{"channels:history", "groups:history", "im:history"}
	files := []string{"files:write"}
	groups := []string{"usergroups:read"}
	return map[string]method{
		"api.test":                     {run: apiTest, tier: tier4, open: true},
		"auth.test":                    {run: authTest, tier: tierFree},
		"apps.connections.open":        {run: openConnection, scopes: []string{"connections:write"}, tier: tier1, app: true},
		"chat.postMessage":             {run: postMessage, scopes: write, tier: tierPost},
		"chat.update":                  {run: updateMessage, scopes: write, tier: tier3},
		"chat.postEphemeral":           {run: postEphemeral, scopes: write, tier: tier4},
		"chat.delete":                  {run: deleteMessage, scopes: write, tier: tier3},
		"chat.getPermalink":            {run: permalink, tier: tierFree},
		"views.open":                   {run: openView, tier: tier4},
		"views.update":                 {run: updateView, tier: tier4},
		"views.push":                   {run: pushView, tier: tier4},
		"users.info":                   {run: userInfo, scopes: []string{"users:read"}, tier: tier4},
		"usergroups.list":              {run: listGroups, scopes: groups, tier: tier2},
		"usergroups.users.list":        {run: listGroupUsers, scopes: groups, tier: tier2},
		"conversations.info":           {run: channelInfo, scopes: read, tier: tier3},
		"conversations.open":           {run: openChannel, scopes: []string{"im:write"}, tier: tier3},
		"conversations.replies":        {run: replies, scopes: history, tier: tier3},
		"conversations.history":        {run: channelHistory, scopes: history, tier: tier3},
		"files.getUploadURLExternal":   {run: uploadURL, scopes: files, tier: tier4},
		"files.completeUploadExternal": {run: completeUpload, scopes: files, tier: tier4},
	}
}

// serveAPI answers one call of the Web API.
func (w *Workspace) serveAPI(rw http.ResponseWriter, r *http.Request) {
	c, err := readCall(rw, r)
	if err != nil {
		name := strings.TrimPrefix(r.URL.Path, "/api/")
		w.transcript.add(Entry{Kind: "call", Name: name, Body: err.Error()})
		writeAnswer(rw, http.StatusOK, asAnswer(nil, err))
		return
	}
	w.transcript.add(Entry{Kind: "call", Name: c.method, Body: compact(c.args)})
	status, wait, answer := w.answer(r, c)
	w.transcript.add(Entry{Kind: "answer", Name: c.method, Status: status, Body: compact(answer)})
	rw.Header().Set("X-Oauth-Scopes", strings.Join(w.scopesOf(c.token), ","))
	if wait > 0 {
		rw.Header().Set("Retry-After", strconv.Itoa(wholeSeconds(wait)))
	}
	writeAnswer(rw, status, answer)
}

// answer is status, time to wait and body of the answer to the call.
func (w *Workspace) answer(r *http.Request, c *call) (int, time.Duration, object) {
	fault := w.takeFault(c.method)
	if !fault.pause(r.Context()) {
		return http.StatusServiceUnavailable, 0, object{"ok": false, "error": "service_unavailable"}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.learnBase(r)
	if fault.before() {
		return fault.answer()
	}
	m, err := w.admit(c)
	if err != nil {
		return http.StatusOK, 0, asAnswer(nil, err)
	}
	if wait := w.throttled(c, m); wait > 0 {
		return http.StatusTooManyRequests, wait, object{"ok": false, "error": "ratelimited"}
	}
	answer, err := m.run(w, c)
	if fault.after() {
		return fault.answer()
	}
	return http.StatusOK, 0, asAnswer(answer, err)
}

// admit judges method, token and scope, in Slack's order.
func (w *Workspace) admit(c *call) (method, error) {
	m, ok := w.methods[c.method]
	switch {
	case !ok:
		return m, &Refusal{Code: "unknown_method", More: object{"req_method": c.method}}
	case m.open:
		return m, nil
	}
	if code := w.authenticate(c, m); code != "" {
		return m, refuse(code)
	}
	have := w.scopesOf(c.token)
	if len(m.scopes) > 0 && !slices.ContainsFunc(m.scopes, func(s string) bool { return slices.Contains(have, s) }) {
		return m, missingScope(m.scopes[0], have)
	}
	return m, nil
}

// authenticate says what is wrong with the call's token, if anything.
func (w *Workspace) authenticate(c *call, m method) string {
	app := w.options.Seed.App
	switch {
	case m.app && c.isGet:
		return "insecure_request"
	case m.app && c.token == "":
		return "missing_args"
	case c.token == "":
		return "not_authed"
	case c.token != app.BotToken && c.token != app.AppToken:
		return "invalid_auth"
	case m.app != (c.token == app.AppToken):
		return "not_allowed_token_type"
	case m.app && !c.inHeader:
		return "invalid_auth" // the app token is read from the header alone
	}
	return ""
}

func missingScope(needed string, have []string) *Refusal {
	return &Refusal{Code: "missing_scope", More: object{"needed": needed, "provided": strings.Join(have, ",")}}
}

func (w *Workspace) scopesOf(token string) []string {
	app := w.options.Seed.App
	switch token {
	case app.BotToken:
		return app.Scopes
	case app.AppToken:
		if app.AppScopes != nil {
			return app.AppScopes
		}
		return []string{"connections:write"}
	}
	return nil
}

// asAnswer makes Slack's shape of a result or refusal.
func asAnswer(answer object, err error) object {
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal):
		out := object{"ok": false, "error": refusal.Code}
		maps.Copy(out, refusal.More)
		return out
	case err != nil:
		return object{"ok": false, "error": "invalid_arguments"}
	case answer == nil:
		answer = object{}
	}
	answer["ok"] = true
	return answer
}

func writeAnswer(rw http.ResponseWriter, status int, answer any) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = rw.Write(encode(answer)) // the caller may have gone
}

// encode is the JSON of what this package builds itself, which always has one.
// Slack leaves <, > and & as they are.
func encode(v any) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return []byte(`{"ok":false,"error":"internal_error"}`)
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

func compact(v any) string { return string(encode(v)) }

// wholeSeconds rounds up, as Retry-After has no fractions.
func wholeSeconds(d time.Duration) int {
	return max(1, int((d+time.Second-1)/time.Second))
}

func apiTest(_ *Workspace, c *call) (object, error) {
	if code := c.str("error"); code != "" {
		return nil, &Refusal{Code: code, More: object{"args": c.args}}
	}
	return object{"args": c.args}, nil
}

func authTest(w *Workspace, c *call) (object, error) {
	team, app := w.options.Seed.Team, w.options.Seed.App
	return object{
		"url": "https://" + team.Domain + ".slack.com/", "team": team.Name, "team_id": team.ID,
		"user": app.Name, "user_id": app.BotUser, "bot_id": app.BotID, "is_enterprise_install": false,
	}, nil
}
