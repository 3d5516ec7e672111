package page

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
)

// drawn lists the types that the page draws, by the place they stand in. The
// page reads the same file, and starts only if it has a drawer for each.
type drawn struct {
	Block      []string `json:"block"`
	Text       []string `json:"text"`
	Accessory  []string `json:"accessory"`
	Actions    []string `json:"actions"`
	Context    []string `json:"context"`
	Input      []string `json:"input"`
	RichText   []string `json:"rich_text"`
	RichInline []string `json:"rich_inline"`
}

func readDrawn() (drawn, error) {
	var d drawn
	raw, err := fs.ReadFile(static, "static/drawn.json")
	if err != nil {
		return d, fmt.Errorf("reading the types that the page draws: %w", err)
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		return d, fmt.Errorf("reading the types that the page draws: %w", err)
	}
	return d, nil
}

// Undrawable lists what the page could not draw of a message or modal: raw is
// the JSON of an array of blocks, of an object with "blocks", or of one with a
// "view" that has them. Each entry says the type and the place; none means that
// all of it is drawn.
func Undrawable(raw []byte) ([]string, error) {
	known, err := readDrawn()
	if err != nil {
		return nil, err
	}
	var body struct {
		Blocks []block `json:"blocks"`
		View   struct {
			Blocks []block `json:"blocks"`
		} `json:"view"`
	}
	if err := json.Unmarshal(raw, &body.Blocks); err != nil {
		if err := json.Unmarshal(raw, &body); err != nil {
			return nil, fmt.Errorf("reading blocks: %w", err)
		}
	}
	c := critic{known: known}
	for _, b := range slices.Concat(body.Blocks, body.View.Blocks) {
		c.block(b)
	}
	slices.Sort(c.found)
	return slices.Compact(c.found), nil
}

// block is a block or an element, as far as it matters which types are in it.
type block struct {
	Type      string   `json:"type"`
	Text      textual  `json:"text"`
	Fields    []block  `json:"fields"`
	Accessory *block   `json:"accessory"`
	Element   *block   `json:"element"`
	Elements  []block  `json:"elements"`
	Options   []option `json:"options"`
	Confirm   *option  `json:"confirm"`
}

type option struct {
	Text textual `json:"text"`
}

// textual is a text object's type; in rich text, text is a plain string.
type textual struct{ kind string }

// UnmarshalJSON takes an object's type, and nothing from a string.
func (t *textual) UnmarshalJSON(raw []byte) error {
	var object struct {
		Type string `json:"type"`
	}
	if len(raw) > 0 && raw[0] == '{' {
		if err := json.Unmarshal(raw, &object); err != nil {
			return fmt.Errorf("reading a text: %w", err)
		}
		t.kind = object.Type
	}
	return nil
}

// critic collects what is not drawn.
type critic struct {
	known drawn
	found []string
}

func (c *critic) expect(known []string, kind, place string) {
	if !slices.Contains(known, kind) {
		c.found = append(c.found, fmt.Sprintf("%s in %s", kind, place))
	}
}

func (c *critic) text(t textual, place string) {
	if t.kind != "" {
		c.expect(c.known.Text, t.kind, place)
	}
}

func (c *critic) block(b block) {
	c.expect(c.known.Block, b.Type, "a message or modal")
	c.text(b.Text, b.Type)
	for _, f := range b.Fields {
		c.expect(c.known.Text, f.Type, "fields")
	}
	if b.Accessory != nil {
		c.element(c.known.Accessory, *b.Accessory, "accessory")
	}
	if b.Element != nil {
		c.element(c.known.Input, *b.Element, "input")
	}
	for _, e := range b.Elements {
		switch b.Type {
		case "actions":
			c.element(c.known.Actions, e, "actions")
		case "context":
			c.expect(c.known.Context, e.Type, "context")
		case "rich_text":
			c.rich(e)
		}
	}
}

func (c *critic) element(known []string, e block, place string) {
	c.expect(known, e.Type, place)
	c.text(e.Text, e.Type)
	for _, o := range e.Options {
		c.text(o.Text, "an option of "+e.Type)
	}
	if e.Confirm != nil {
		c.text(e.Confirm.Text, "a confirm dialog")
	}
}

func (c *critic) rich(e block) {
	c.expect(c.known.RichText, e.Type, "rich_text")
	for _, inner := range e.Elements {
		if e.Type == "rich_text_list" {
			c.rich(inner)
			continue
		}
		c.expect(c.known.RichInline, inner.Type, e.Type)
	}
}
