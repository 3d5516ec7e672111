package slack

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
)

// element checks an element of one of the types that fit the place.
func (c *checker) element(v any, at string, types ...string) {
	c.union(at, func() {
		f, ok := c.open(v, at)
		if !ok || !f.needs("type") {
			return
		}
		if !slices.Contains(types, f.kind()) {
			c.report(at+"/type", "unsupported type: %v", f.m["type"])
			return
		}
		switch f.kind() {
		case "button":
			f.button()
		case "overflow":
			f.only("action_id", "options", "confirm")
			f.choices(5, true)
		case "static_select":
			f.staticSelect()
		case "checkboxes":
			f.only("action_id", "options", "initial_options", "confirm", "focus_on_load")
			f.choices(10, false)
		case "radio_buttons":
			f.only("action_id", "options", "initial_option", "confirm", "focus_on_load")
			f.choices(10, false)
		case "plain_text_input":
			f.textInput()
		case "image":
			f.only("image_url", "alt_text")
			f.image()
		}
		if f.kind() != "image" {
			f.actionID()
		}
	})
}

func (f fields) button() {
	f.only("action_id", "text", "value", "url", "style", "confirm", "accessibility_label")
	f.needs("text")
	f.text("text", true, 75)
	f.str("value", 0, 2000)
	f.enum("style", "primary", "danger")
	f.str("accessibility_label", 0, 75)
	f.url()
	f.confirm()
}

func (f fields) url() {
	s, ok := f.str("url", 1, 3000)
	if !ok {
		return
	}
	if u, err := url.Parse(s); err != nil || u.Scheme == "" {
		f.c.report(f.at+"/url", "invalid url")
	}
}

func (f fields) confirm() {
	v, ok := f.m["confirm"]
	if !ok {
		return
	}
	c, ok := f.c.object(v, f.at+"/confirm", "title", "text", "confirm", "deny", "style")
	if !ok {
		return
	}
	for _, key := range []string{"title", "text", "confirm", "deny"} {
		c.needs(key)
	}
	c.text("title", true, 100)
	c.text("text", false, 300)
	c.text("confirm", true, 30)
	c.text("deny", true, 30)
	c.enum("style", "primary", "danger")
}

// choices checks options, the initial choice among them, and a confirm dialog.
func (f fields) choices(most int, urls bool) {
	f.needs("options")
	f.confirm()
	f.boolean("focus_on_load")
	f.list("options", 1, most, func(v any, at string) { f.c.option(v, at, urls) })
	f.initial(optionsOf(f.m))
}

func (f fields) staticSelect() {
	f.only("action_id", "placeholder", "options", "option_groups", "initial_option", "confirm", "focus_on_load")
	f.text("placeholder", true, 150)
	f.confirm()
	f.boolean("focus_on_load")
	if f.has("options") == f.has("option_groups") {
		f.c.report(f.at, "must define either `options` or `option_groups`")
	}
	f.list("options", 1, 100, func(v any, at string) { f.c.option(v, at, false) })
	f.list("option_groups", 1, 100, func(v any, at string) {
		g, ok := f.c.object(v, at, "label", "options")
		if !ok {
			return
		}
		g.needs("label")
		g.text("label", true, 75)
		g.needs("options")
		g.list("options", 1, 100, func(v any, at string) { f.c.option(v, at, false) })
	})
	f.initial(optionsOf(f.m))
}

// option checks one option. Its value is held to 75 characters, the lower of
// the two limits in Slack's own libraries.
func (c *checker) option(v any, at string, urls bool) {
	allowed := []string{"text", "value", "description"}
	if urls {
		allowed = append(allowed, "url")
	}
	o, ok := c.open(v, at)
	if !ok {
		return
	}
	if o.has("type") {
		c.report(at, "invalid additional property: type")
	}
	o.only(allowed...)
	o.needs("text")
	o.needs("value")
	// Checkboxes and radio buttons take mrkdwn too; the bot has no use for it.
	o.text("text", true, 75)
	o.text("description", true, 75)
	o.str("value", 1, 75)
	o.url()
}

// initial checks that what is chosen at first is one of the options.
func (f fields) initial(options []Block) {
	chosen, _ := f.m["initial_options"].([]any)
	if one, ok := f.m["initial_option"]; ok {
		chosen = append(chosen, one)
	}
	for _, v := range chosen {
		want := compact(v)
		if !slices.ContainsFunc(options, func(o Block) bool { return compact(o) == want }) {
			f.c.report(f.at, "initial option must be one of the options")
		}
	}
}

// optionsOf lists all options of an element, grouped or not.
func optionsOf(e Block) []Block {
	var out []Block
	collect := func(v any) {
		list, _ := v.([]any)
		for _, item := range list {
			if o, ok := item.(map[string]any); ok {
				out = append(out, o)
			}
		}
	}
	collect(e["options"])
	groups, _ := e["option_groups"].([]any)
	for _, g := range groups {
		if g, ok := g.(map[string]any); ok {
			collect(g["options"])
		}
	}
	return out
}

func (f fields) textInput() {
	f.only("action_id", "placeholder", "initial_value", "multiline", "min_length", "max_length", "focus_on_load",
		"dispatch_action_config")
	f.text("placeholder", true, 150)
	f.boolean("multiline", "focus_on_load")
	f.str("initial_value", 0, 3000)
	f.number("min_length", 0, 3000)
	f.number("max_length", 1, 3000)
}

func (f fields) number(key string, least, most int) {
	v, ok := f.m[key]
	if !ok {
		return
	}
	text, ok := v.(json.Number)
	n, err := strconv.Atoi(text.String())
	switch {
	case !ok || err != nil:
		f.c.report(f.at+"/"+key, "must provide an integer")
	case n < least:
		f.c.report(f.at+"/"+key, "must be greater than %d", least-1)
	case n > most:
		f.c.report(f.at+"/"+key, "must be less than %d", most+1)
	}
}
