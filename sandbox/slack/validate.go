package slack

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Problem is one thing that Slack would refuse, in its words.
type Problem struct {
	Message string `json:"message"`
	// Pointer is a JSON pointer from the call's arguments: /blocks/0/text.
	Pointer string `json:"pointer"`
}

// String is the problem as it stands in an answer's errors.
func (p Problem) String() string { return p.Message + " [json-pointer:" + p.Pointer + "]" }

// Kind is what is validated.
type Kind int

const (
	// MessageBlocks is the blocks array of a message.
	MessageBlocks Kind = iota
	// ModalView is a whole view.
	ModalView
)

// Validate checks blocks or a view, given as JSON, as Slack would: no problem
// means that they would be taken. Block types that this workspace does not
// know are refused, though Slack may have them.
//
// The texts that are reported from the field are used as they were; those for
// duplicate ids are remembered, not reported.
func Validate(kind Kind, raw []byte) ([]Problem, error) {
	v, err := decode(raw)
	if err != nil {
		return nil, err
	}
	switch kind {
	case MessageBlocks:
		return validateBlocks(v), nil
	case ModalView:
		return validateView(v), nil
	}
	return nil, errors.New("validating: neither a message nor a modal")
}

// checker collects problems, and what must be unique.
type checker struct {
	problems []Problem
	blockIDs map[string]bool
	// actionIDs are of the block at hand.
	actionIDs map[string]bool
	inputs    bool
	modal     bool
}

func (c *checker) report(at, format string, args ...any) {
	c.problems = append(c.problems, Problem{Message: fmt.Sprintf(format, args...), Pointer: at})
}

// union checks a value that may have one of several shapes: when it has none,
// Slack says so first, then why.
func (c *checker) union(at string, check func()) {
	before := len(c.problems)
	check()
	if len(c.problems) > before {
		c.problems = slices.Insert(c.problems, before, Problem{Message: "failed to match all allowed schemas", Pointer: at})
	}
}

// fields is an object being checked.
type fields struct {
	c  *checker
	at string
	m  map[string]any
}

// object checks that v is an object with no other keys than the allowed.
func (c *checker) object(v any, at string, allowed ...string) (fields, bool) {
	f, ok := c.open(v, at)
	if !ok {
		return f, false
	}
	f.only(allowed...)
	return f, true
}

// open checks that v is an object.
func (c *checker) open(v any, at string) (fields, bool) {
	m, ok := v.(map[string]any)
	if !ok {
		c.report(at, "must provide an object")
		return fields{}, false
	}
	return fields{c: c, at: at, m: m}, true
}

func (f fields) only(allowed ...string) {
	var extra []string
	for key := range f.m {
		if key != "type" && !slices.Contains(allowed, key) {
			extra = append(extra, key)
		}
	}
	slices.Sort(extra)
	for _, key := range extra {
		f.c.report(f.at, "invalid additional property: %s", key)
	}
}

func (f fields) kind() string {
	kind, _ := f.m["type"].(string)
	return kind
}

func (f fields) has(key string) bool {
	_, ok := f.m[key]
	return ok
}

// needs reports the field as missing when it is.
func (f fields) needs(key string) bool {
	if !f.has(key) {
		f.c.report(f.at, "missing required field: %s", key)
		return false
	}
	return true
}

// str checks an optional string of shortest to longest characters.
func (f fields) str(key string, shortest, longest int) (string, bool) {
	v, ok := f.m[key]
	if !ok {
		return "", false
	}
	s, ok := v.(string)
	if !ok {
		f.c.report(f.at+"/"+key, "must provide a string")
		return "", false
	}
	switch n := utf8.RuneCountInString(s); {
	case n > longest:
		f.c.report(f.at+"/"+key, "must be less than %d characters", longest+1)
	case n < shortest:
		f.c.report(f.at+"/"+key, "must be more than %d characters", shortest-1)
	}
	return s, true
}

func (f fields) boolean(keys ...string) {
	for _, key := range keys {
		if v, ok := f.m[key]; ok {
			if _, ok := v.(bool); !ok {
				f.c.report(f.at+"/"+key, "must provide a boolean")
			}
		}
	}
}

func (f fields) enum(key string, values ...string) {
	v, ok := f.m[key]
	if !ok {
		return
	}
	if s, ok := v.(string); !ok || !slices.Contains(values, s) {
		f.c.report(f.at+"/"+key, "must be a valid enum value")
	}
}

// list checks an array of fewest to most items, each with check.
func (f fields) list(key string, fewest, most int, check func(v any, at string)) {
	v, ok := f.m[key]
	if !ok {
		return
	}
	f.c.list(v, f.at+"/"+key, limits{fewest, most}, check)
}

// limits are how many items an array has.
type limits struct{ fewest, most int }

func (c *checker) list(v any, at string, l limits, check func(v any, at string)) {
	items, ok := v.([]any)
	if !ok {
		c.report(at, "must provide an array")
		return
	}
	if len(items) > l.most {
		c.report(at, "no more than %d items allowed", l.most)
		return
	}
	if len(items) < l.fewest {
		c.report(at, "no less than %d items allowed", l.fewest)
	}
	for i, item := range items {
		check(item, at+"/"+strconv.Itoa(i))
	}
}

// actionID checks an element's action_id, unique in its block.
func (f fields) actionID() {
	id, ok := f.str("action_id", 1, 255)
	if ok && f.c.actionIDs[id] {
		f.c.report(f.at+"/action_id", "`action_id` %q already exists for another element", id)
	}
	if ok {
		f.c.actionIDs[id] = true
	}
}

// text checks a text object; plain is whether only plain_text will do.
func (f fields) text(key string, plain bool, longest int) {
	v, ok := f.m[key]
	if !ok {
		return
	}
	at := f.at + "/" + key
	if plain {
		f.c.text(v, at, true, longest)
		return
	}
	f.c.union(at, func() { f.c.text(v, at, false, longest) })
}

func (c *checker) text(v any, at string, plain bool, longest int) {
	t, ok := c.open(v, at)
	if !ok {
		return
	}
	switch kind := t.kind(); {
	case kind == "plain_text":
		t.only("text", "emoji")
	case kind == "mrkdwn" && !plain:
		t.only("text", "verbatim")
	case !t.needs("type"):
	default:
		c.report(at+"/type", "must be a valid enum value")
	}
	t.boolean("emoji", "verbatim")
	t.needs("text")
	t.str("text", 1, longest)
}
