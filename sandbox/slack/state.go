package slack

import (
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"
)

// stateOf is state.values: all elements that have a state, with what was
// chosen, or else what they begin with.
func stateOf(blocks []Block, chosen choices) map[string]map[string]object {
	out := map[string]map[string]object{}
	for _, b := range blocks {
		block, _ := b["block_id"].(string)
		for _, e := range elementsOf(b) {
			action, _ := e["action_id"].(string)
			v, ok := chosen[block][action]
			if !ok {
				v = initialOf(e)
			}
			state, ok := stateEntry(e, v)
			if !ok {
				continue
			}
			if out[block] == nil {
				out[block] = map[string]object{}
			}
			out[block][action] = state
		}
	}
	return out
}

// stateEntry is one element's state; false for elements that have none.
func stateEntry(e Block, chosen any) (object, bool) {
	switch e["type"] {
	case "plain_text_input":
		return object{"type": e["type"], "value": chosen}, true
	case "static_select", "radio_buttons":
		return object{"type": e["type"], "selected_option": chosen}, true
	case "checkboxes":
		if chosen == nil {
			chosen = []any{}
		}
		return object{"type": e["type"], "selected_options": chosen}, true
	}
	return nil, false
}

func initialOf(e Block) any {
	for _, key := range []string{"initial_value", "initial_option", "initial_options"} {
		if v, ok := e[key]; ok {
			return v
		}
	}
	return nil
}

// kept are the choices whose element is still there, of the same type.
func kept(c choices, blocks []Block) choices {
	out := choices{}
	for block, actions := range c {
		for action, v := range actions {
			if _, e, ok := findElement(blocks, block, action); ok {
				if _, fits := v.(string); fits == (e["type"] == "plain_text_input") || v == nil {
					out.set(block, action, v)
				}
			}
		}
	}
	return out
}

// inputOf is what a person would type or pick to choose this: a text, the
// value of an option, or a list of values.
func inputOf(chosen any) any {
	switch v := chosen.(type) {
	case map[string]any:
		return v["value"]
	case []any:
		out := []string{}
		for _, o := range v {
			if s, ok := inputOf(o).(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return chosen
}

// choose turns input into what is chosen on the element: a text, an option, or
// options. An empty input chooses nothing.
func choose(e Block, input any) (any, error) {
	values := texts(input)
	options := optionsOf(e)
	pick := func(value string) (any, error) {
		i := slices.IndexFunc(options, func(o Block) bool { return o["value"] == value })
		if i < 0 {
			return nil, refuse("no_such_option")
		}
		return options[i], nil
	}
	switch e["type"] {
	case "plain_text_input":
		if len(values) == 0 {
			return nil, nil
		}
		return values[0], nil
	case "checkboxes":
		out := []any{}
		for _, value := range values {
			o, err := pick(value)
			if err != nil {
				return nil, err
			}
			out = append(out, o)
		}
		return out, nil
	default:
		if len(values) == 0 {
			return nil, nil
		}
		return pick(values[0])
	}
}

// texts is input as a list of texts; empty ones are left out.
func texts(input any) []string {
	var out []string
	switch v := input.(type) {
	case string:
		out = []string{v}
	case []string:
		out = slices.Clone(v)
	case []any:
		for _, item := range v {
			out = append(out, texts(item)...)
		}
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// complaints are what Slack's client itself says before it submits: required
// inputs that are empty, and texts of the wrong length.
func complaints(blocks []Block, chosen choices) map[string]string {
	out := map[string]string{}
	state := stateOf(blocks, chosen)
	for _, b := range blocks {
		block, _ := b["block_id"].(string)
		e, ok := b["element"].(map[string]any)
		if b["type"] != "input" || !ok {
			continue
		}
		action, _ := e["action_id"].(string)
		entry := state[block][action]
		text, _ := entry["value"].(string)
		list, _ := entry["selected_options"].([]any)
		empty := text == "" && entry["selected_option"] == nil && len(list) == 0
		n := utf8.RuneCountInString(text)
		switch {
		case empty && !truth(b["optional"]):
			out[block] = "Please complete this required field."
		case empty:
		case n < integer(e["min_length"], 0) || n > integer(e["max_length"], 3000):
			out[block] = "Please check the length of this text."
		}
	}
	return out
}

func integer(v any, otherwise int) int {
	number, ok := v.(json.Number)
	if !ok {
		return otherwise
	}
	n, err := strconv.Atoi(number.String())
	if err != nil {
		return otherwise
	}
	return n
}
