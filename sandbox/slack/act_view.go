package slack

import "fmt"

// Incomplete is why a modal was not submitted: Slack's own client complains
// about the inputs of these blocks.
type Incomplete struct {
	// Blocks are the complaints by block_id.
	Blocks map[string]string
}

// Error counts the inputs.
func (i *Incomplete) Error() string { return fmt.Sprintf("%d inputs need attention", len(i.Blocks)) }

// visibleView is the modal if it is the one that the user looks at.
func (w *Workspace) visibleView(user, id string) (*view, error) {
	v := w.top(user)
	if v == nil || id != "" && v.ID != id {
		return nil, refuse("view_not_found")
	}
	return v, nil
}

// actInView wants w.mu held.
func (w *Workspace) actInView(p Press) (Delivery, error) {
	v, err := w.visibleView(p.User, p.ViewID)
	if err != nil {
		return Delivery{}, err
	}
	block, element, ok := findElement(v.Blocks, p.BlockID, p.ActionID)
	if !ok {
		return Delivery{}, fmt.Errorf("acting on %q: %w", p.ActionID, refuse("no_such_element"))
	}
	action, err := w.action(p, block, element, v.choices)
	if err != nil {
		return Delivery{}, err
	}
	w.changed(Change{Kind: "view", User: p.User})
	if quiet(v.Blocks, block) {
		return Delivery{}, nil
	}
	e := &envelope{Delivery: &Delivery{Kind: kindAction, User: p.User}, view: v.ID}
	e.payload = w.interaction(kindAction, p.User, true)
	e.payload["container"] = object{"type": "view", "view_id": v.ID}
	e.payload["view"] = w.wireView(v)
	e.payload["actions"] = []object{action}
	return *w.dispatch(e), nil
}

// quiet reports whether the block is an input that keeps its changes to
// itself, as inputs without dispatch_action do.
func quiet(blocks []Block, id string) bool {
	for _, b := range blocks {
		if b["block_id"] == id {
			return b["type"] == "input" && !truth(b["dispatch_action"])
		}
	}
	return false
}

// Submit fills in the modal that the user looks at and submits it; an empty id
// is whichever that is. Values are by block_id and action_id: a text, the value
// of an option, or a list of such values. The error is an [*Incomplete] when
// Slack's client would not submit.
func (w *Workspace) Submit(user, viewID string, values map[string]map[string]any) (Delivery, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	v, err := w.visibleView(user, viewID)
	if err != nil {
		return Delivery{}, err
	}
	for block, actions := range values {
		for action, input := range actions {
			_, element, ok := findElement(v.Blocks, block, action)
			if !ok {
				return Delivery{}, fmt.Errorf("filling in %q: %w", action, refuse("no_such_element"))
			}
			chosen, err := choose(element, input)
			if err != nil {
				return Delivery{}, fmt.Errorf("filling in %q: %w", action, err)
			}
			v.choices.set(block, action, chosen)
		}
	}
	if v.Submit == "" {
		return Delivery{}, refuse("no_submit_button")
	}
	if blocks := complaints(v.Blocks, v.choices); len(blocks) > 0 {
		return Delivery{}, &Incomplete{Blocks: blocks}
	}
	v.Submitting, v.Errors, v.Failure = true, nil, ""
	w.changed(Change{Kind: "view", User: user})
	e := &envelope{Delivery: &Delivery{Kind: kindSubmission, User: user}, view: v.ID}
	e.payload = w.interaction(kindSubmission, user, true)
	e.payload["view"], e.payload["response_urls"] = w.wireView(v), []any{}
	return *w.dispatch(e), nil
}

// submitted does what the acknowledgement of a submission says. It wants w.mu
// held, as all below does except what is exported.
func (w *Workspace) submitted(v *view, payload object) {
	v.Submitting = false
	action, _ := payload["response_action"].(string)
	ok := true
	switch {
	case len(payload) == 0:
		w.pop(v)
	case action == "clear":
		w.stacks[v.User] = nil
	case action == "errors":
		ok = v.complain(payload["errors"])
	case action == "update", action == "push":
		ok = w.follow(v, action, payload["view"])
	default:
		ok = false
	}
	if !ok { // which the app is not told
		v.Failure = troubleText
		w.failures = append(w.failures, Failure{
			At: w.nextTS(), Kind: kindSubmission, User: v.User, ViewID: v.ID, Code: "trouble_connecting", Text: troubleText,
		})
	}
	w.changed(Change{Kind: "view", User: v.User})
}

// complain shows the app's errors, if each belongs to an input block.
func (v *view) complain(errors any) bool {
	given, _ := errors.(map[string]any)
	shown := map[string]string{}
	for _, b := range v.Blocks {
		block, _ := b["block_id"].(string)
		if text, ok := given[block].(string); ok && b["type"] == "input" {
			shown[block] = text
		}
	}
	if len(given) == 0 || len(shown) != len(given) {
		return false
	}
	v.Errors = shown
	return true
}

// follow updates the modal or pushes onto it.
func (w *Workspace) follow(v *view, action string, next any) bool {
	spec, err := readView(next)
	if err != nil {
		return false
	}
	if action == "update" {
		w.show(v, spec)
		return true
	}
	_, err = w.push(v.User, spec)
	return err == nil
}

// CloseView cancels the modal that the user looks at, or with all, by the ✕,
// the whole stack.
func (w *Workspace) CloseView(user, viewID string, all bool) (Delivery, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	v, err := w.visibleView(user, viewID)
	if err != nil {
		return Delivery{}, err
	}
	told, cleared := v, all || v.ClearOnClose
	if cleared {
		told = w.stacks[user][0]
	}
	w.pop(told)
	if !v.NotifyOnClose {
		return Delivery{}, nil
	}
	e := &envelope{Delivery: &Delivery{Kind: kindClosed, User: user}}
	e.payload = w.interaction(kindClosed, user, false)
	delete(e.payload, "trigger_id")
	told.choices = nil // the inputs are not included
	e.payload["view"], e.payload["is_cleared"] = w.wireView(told), cleared
	return *w.dispatch(e), nil
}
