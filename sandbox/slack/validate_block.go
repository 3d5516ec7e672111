package slack

// The limits are those of Slack's Block Kit reference.

func newChecker() *checker {
	return &checker{blockIDs: map[string]bool{}, actionIDs: map[string]bool{}}
}

// validateBlocks checks the blocks of a message.
func validateBlocks(v any) []Problem {
	c := newChecker()
	c.list(v, "/blocks", limits{0, 50}, c.block)
	return c.problems
}

// validateView checks a modal.
func validateView(v any) []Problem {
	c := newChecker()
	c.modal = true
	f, ok := c.open(v, "/view")
	if !ok {
		return c.problems
	}
	for _, key := range []string{"type", "title", "blocks"} {
		f.needs(key)
	}
	f.enum("type", "modal")
	f.only("title", "blocks", "submit", "close", "private_metadata", "callback_id", "external_id",
		"clear_on_close", "notify_on_close")
	f.text("title", true, 24)
	f.text("submit", true, 24)
	f.text("close", true, 24)
	f.str("private_metadata", 0, 3000)
	f.str("callback_id", 0, 255)
	f.str("external_id", 0, 255)
	f.boolean("clear_on_close", "notify_on_close")
	f.list("blocks", 0, 100, c.block)
	if c.inputs {
		f.needs("submit")
	}
	return c.problems
}

// block checks one block of a type that is known here.
func (c *checker) block(v any, at string) {
	f, ok := c.open(v, at)
	if !ok || !f.needs("type") {
		return
	}
	c.actionIDs = map[string]bool{}
	switch f.kind() {
	case "header":
		f.only("block_id", "text")
		f.needs("text")
		f.text("text", true, 150)
	case "divider":
		f.only("block_id")
	case "section":
		f.section()
	case "context":
		f.only("block_id", "elements")
		f.needs("elements")
		f.list("elements", 1, 10, c.contextElement)
	case "actions":
		f.only("block_id", "elements")
		f.needs("elements")
		f.list("elements", 1, 25, c.actionElement)
	case "image":
		f.only("block_id", "image_url", "alt_text", "title")
		f.image()
		f.text("title", true, 2000)
	case "input":
		f.input()
	case "rich_text":
		f.only("block_id", "elements")
		f.needs("elements")
		f.list("elements", 0, 1000, c.richText)
	default:
		c.report(at+"/type", "unsupported type: %v", f.m["type"])
		return
	}
	f.blockID()
}

func (f fields) blockID() {
	id, ok := f.str("block_id", 0, 255)
	if !ok || id == "" {
		return
	}
	if f.c.blockIDs[id] {
		f.c.report(f.at+"/block_id", "`block_id` %q already exists for another block", id)
	}
	f.c.blockIDs[id] = true
}

func (f fields) section() {
	f.only("block_id", "text", "fields", "accessory", "expand")
	f.boolean("expand")
	if !f.has("text") && !f.has("fields") {
		f.c.report(f.at, "must define either `text` or `fields`")
	}
	f.text("text", false, 3000)
	f.list("fields", 1, 10, func(v any, at string) {
		f.c.union(at, func() { f.c.text(v, at, false, 2000) })
	})
	if v, ok := f.m["accessory"]; ok {
		f.c.element(v, f.at+"/accessory", "image", "button", "overflow", "static_select", "checkboxes", "radio_buttons")
	}
}

func (f fields) input() {
	f.c.inputs = true
	f.only("block_id", "label", "element", "hint", "optional", "dispatch_action")
	f.boolean("optional", "dispatch_action")
	f.needs("label")
	f.text("label", true, 2000)
	f.text("hint", true, 2000)
	if f.needs("element") {
		f.c.element(f.m["element"], f.at+"/element", "plain_text_input", "static_select", "checkboxes", "radio_buttons")
	}
}

func (f fields) image() {
	f.needs("image_url")
	f.needs("alt_text")
	f.str("image_url", 1, 3000)
	f.str("alt_text", 1, 2000)
}

// contextElement is a text or an image.
func (c *checker) contextElement(v any, at string) {
	c.union(at, func() {
		f, ok := c.open(v, at)
		switch {
		case !ok:
		case f.kind() == "image":
			f.only("image_url", "alt_text")
			f.image()
		default:
			c.text(v, at, false, 3000)
		}
	})
}

func (c *checker) actionElement(v any, at string) {
	c.element(v, at, "button", "overflow", "static_select", "checkboxes", "radio_buttons")
}

// richText checks the parts of rich text that are drawn here.
func (c *checker) richText(v any, at string) {
	f, ok := c.open(v, at)
	if !ok || !f.needs("type") {
		return
	}
	switch f.kind() {
	case "rich_text_section":
		f.only("elements")
	case "rich_text_preformatted":
		f.only("elements", "border")
	default:
		c.report(at+"/type", "unsupported type: %v", f.m["type"])
		return
	}
	f.needs("elements")
	f.list("elements", 0, 1000, c.richInline)
}

func (c *checker) richInline(v any, at string) {
	f, ok := c.open(v, at)
	if !ok || !f.needs("type") {
		return
	}
	switch f.kind() {
	case "text":
		f.only("text", "style")
		f.needs("text")
		f.str("text", 1, maxText)
	case "link":
		f.only("url", "text", "style", "unsafe")
		f.needs("url")
		f.str("url", 1, 3000)
		f.str("text", 0, maxText)
	case "user":
		f.only("user_id", "style")
		f.needs("user_id")
	case "usergroup":
		f.only("usergroup_id", "style")
		f.needs("usergroup_id")
	case "channel":
		f.only("channel_id", "style")
		f.needs("channel_id")
	case "emoji":
		f.only("name", "style", "unicode", "skin_tone")
		f.needs("name")
	default:
		c.report(at+"/type", "unsupported type: %v", f.m["type"])
	}
	if v, ok := f.m["style"]; ok {
		if style, ok := c.object(v, at+"/style", "bold", "italic", "strike", "code"); ok {
			style.boolean("bold", "italic", "strike", "code")
		}
	}
}
