package slack

import (
	"fmt"
	"slices"
)

// View is a modal as its user sees it. Its contents are not to be changed.
type View struct {
	ID              string  `json:"id"`
	User            string  `json:"user"`
	Hash            string  `json:"hash"`
	CallbackID      string  `json:"callback_id"`
	PrivateMetadata string  `json:"private_metadata"`
	ExternalID      string  `json:"external_id,omitempty"`
	Title           string  `json:"title"`
	Submit          string  `json:"submit,omitempty"`
	Close           string  `json:"close,omitempty"`
	Blocks          []Block `json:"blocks"`
	RootID          string  `json:"root_view_id"`
	PreviousID      string  `json:"previous_view_id,omitempty"`
	NotifyOnClose   bool    `json:"notify_on_close"`
	ClearOnClose    bool    `json:"clear_on_close"`
	// Values are the inputs by block_id and action_id: a text, the value of an
	// option, or a list of such values.
	Values map[string]map[string]any `json:"values"`
	// Errors are the app's complaints by block_id.
	Errors map[string]string `json:"errors,omitempty"`
	// Failure is Slack's own line when the app did not answer.
	Failure string `json:"failure,omitempty"`
	// Submitting is true from the submission to its acknowledgement.
	Submitting bool `json:"submitting"`
}

// view is an open modal.
type view struct {
	View
	spec    object // as the app sent it
	choices choices
}

// choices are what a person chose or typed by block and action: a text, an
// option object, or a list of those.
type choices map[string]map[string]any

func (c choices) set(block, action string, v any) {
	if c[block] == nil {
		c[block] = map[string]any{}
	}
	c[block][action] = v
}

const (
	maxView     = 250 << 10
	stackOfView = 3
	troubleText = "We had some trouble connecting. Try again?"
)

func invalidArguments(problems []Problem) *Refusal {
	var messages []string
	for _, p := range problems {
		messages = append(messages, "[ERROR] "+p.String())
	}
	return &Refusal{Code: "invalid_arguments", More: object{"response_metadata": object{"messages": messages}}}
}

// readView takes a view as views.* and response actions carry it.
func readView(v any) (object, error) {
	spec, ok := v.(map[string]any)
	if !ok {
		return nil, invalidArguments([]Problem{{Message: "missing required field: view"}})
	}
	if len(encode(spec)) > maxView {
		return nil, refuse("view_too_large")
	}
	if problems := validateView(spec); len(problems) > 0 {
		return nil, invalidArguments(problems)
	}
	return spec, nil
}

func argumentView(c *call) (object, error) {
	v, err := c.structure("view")
	if err != nil {
		return nil, invalidArguments([]Problem{{Message: "must provide an object", Pointer: "/view"}})
	}
	return readView(v)
}

// show lets the view look as the spec says. What was entered stays where
// block_id and action_id stay.
func (w *Workspace) show(v *view, spec object) {
	v.spec = spec
	v.CallbackID, _ = spec["callback_id"].(string)
	v.PrivateMetadata, _ = spec["private_metadata"].(string)
	v.ExternalID, _ = spec["external_id"].(string)
	v.NotifyOnClose, v.ClearOnClose = truth(spec["notify_on_close"]), truth(spec["clear_on_close"])
	v.Title, v.Submit, v.Close = plain(spec["title"]), plain(spec["submit"]), plain(spec["close"])
	v.Blocks = []Block{}
	list, _ := spec["blocks"].([]any)
	for _, b := range list {
		block, _ := b.(map[string]any)
		v.Blocks = append(v.Blocks, named(block))
	}
	v.choices = kept(v.choices, v.Blocks)
	w.serial++ // so that two hashes are never the same
	v.Hash = fmt.Sprintf("%d.%08x", w.now().Unix(), w.serial)
	v.Errors, v.Failure, v.Submitting = nil, "", false
	w.changed(Change{Kind: "view", User: v.User})
}

func plain(v any) string {
	t, _ := v.(map[string]any)
	s, _ := t["text"].(string)
	return s
}

// top is the modal that the user looks at, or nil.
func (w *Workspace) top(user string) *view {
	stack := w.stacks[user]
	if len(stack) == 0 {
		return nil
	}
	return stack[len(stack)-1]
}

// findView finds an open modal.
func (w *Workspace) findView(id, externalID string) (*view, bool) {
	for _, stack := range w.stacks {
		for _, v := range stack {
			if id != "" && v.ID == id || id == "" && externalID != "" && v.ExternalID == externalID {
				return v, true
			}
		}
	}
	return nil, false
}

// push puts a new modal onto the user's.
func (w *Workspace) push(user string, spec object) (*view, error) {
	stack := w.stacks[user]
	if len(stack) >= stackOfView {
		return nil, refuse("push_limit_reached")
	}
	id, _ := spec["external_id"].(string)
	if _, taken := w.findView("", id); taken {
		return nil, refuse("duplicate_external_id")
	}
	v := &view{View: View{ID: w.nextID("V"), User: user}}
	v.RootID = v.ID
	if len(stack) > 0 {
		v.RootID, v.PreviousID = stack[0].ID, stack[len(stack)-1].ID
	}
	w.stacks[user] = append(slices.Clip(stack), v)
	w.show(v, spec)
	return v, nil
}

// pop closes the modal and those above it.
func (w *Workspace) pop(v *view) {
	stack := w.stacks[v.User]
	if i := slices.Index(stack, v); i >= 0 {
		w.stacks[v.User] = slices.Clone(stack[:i])
	}
	w.changed(Change{Kind: "view", User: v.User})
}

func openView(w *Workspace, c *call) (object, error) {
	spec, err := argumentView(c)
	if err != nil {
		return nil, err
	}
	t, err := w.takeTrigger(c.str("trigger_id"))
	if err != nil {
		return nil, err
	}
	w.stacks[t.user] = nil // a new modal takes the place of what was open
	return w.viewAnswer(w.push(t.user, spec))
}

func pushView(w *Workspace, c *call) (object, error) {
	spec, err := argumentView(c)
	if err != nil {
		return nil, err
	}
	t, err := w.takeTrigger(c.str("trigger_id"))
	if err != nil {
		return nil, err
	}
	if !t.inModal || w.top(t.user) == nil {
		return nil, refuse("not_found")
	}
	return w.viewAnswer(w.push(t.user, spec))
}

func updateView(w *Workspace, c *call) (object, error) {
	spec, err := argumentView(c)
	if err != nil {
		return nil, err
	}
	if !c.has("view_id") && !c.has("external_id") {
		return nil, invalidArguments([]Problem{{Message: "missing required field: view_id"}})
	}
	v, ok := w.findView(c.str("view_id"), c.str("external_id"))
	if !ok {
		return nil, refuse("not_found")
	}
	if hash := c.str("hash"); hash != "" && hash != v.Hash {
		return nil, refuse("hash_conflict")
	}
	w.show(v, spec)
	return w.viewAnswer(v, nil)
}

func (w *Workspace) viewAnswer(v *view, err error) (object, error) {
	if err != nil {
		return nil, err
	}
	return object{"view": w.wireView(v)}, nil
}

// wireView is the view as answers and payloads show it.
func (w *Workspace) wireView(v *view) object {
	app := w.options.Seed.App
	out := object{
		"id": v.ID, "team_id": w.options.Seed.Team.ID, "type": "modal", "blocks": v.Blocks, "hash": v.Hash,
		"private_metadata": v.PrivateMetadata, "callback_id": v.CallbackID, "external_id": v.ExternalID,
		"state": object{"values": stateOf(v.Blocks, v.choices)}, "title": v.spec["title"],
		"clear_on_close": v.ClearOnClose, "notify_on_close": v.NotifyOnClose,
		"close": v.spec["close"], "submit": v.spec["submit"], "root_view_id": v.RootID, "previous_view_id": nil,
		"app_id": app.ID, "app_installed_team_id": w.options.Seed.Team.ID, "bot_id": app.BotID,
	}
	optional(out, "previous_view_id", v.PreviousID)
	return out
}

// public is the view with what its user entered so far.
func (v *view) public() View {
	out := v.View
	out.Values = map[string]map[string]any{}
	for block, actions := range stateOf(v.Blocks, v.choices) {
		out.Values[block] = map[string]any{}
		for action, state := range actions {
			out.Values[block][action] = inputOf(firstOf(state, "value", "selected_option", "selected_options"))
		}
	}
	return out
}

func firstOf(o object, keys ...string) any {
	for _, key := range keys {
		if o[key] != nil {
			return o[key]
		}
	}
	return nil
}

// OpenView is the modal that the user looks at.
func (w *Workspace) OpenView(user string) (View, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.top(user)
	if v == nil {
		return View{}, false
	}
	return v.public(), true
}
