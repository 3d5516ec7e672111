package keyring

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// span is a member of a JSON object with its place in the text around it.
type span struct {
	name string
	at   int // of the name's quote
	from int // of the value
	to   int // behind the value
}

// object is a JSON object in a text, from its brace to behind the other one.
type object struct {
	text     []byte // the whole
	from, to int
	members  []span
}

var errNoObject = errors.New("it is not a JSON object")

// objectAt reads the object that stands between two places of a text, with the
// place of every member in it.
func objectAt(text []byte, from, to int) (object, error) {
	o := object{text: text, from: from, to: to}
	part := text[from:to]
	dec := json.NewDecoder(bytes.NewReader(part))
	start, err := dec.Token()
	if err != nil || start != json.Delim('{') || !json.Valid(part) {
		return o, errNoObject
	}
	o.from = from + bytes.IndexByte(part, '{')
	for dec.More() {
		before := int(dec.InputOffset())
		name, err := dec.Token()
		if err != nil {
			return o, errNoObject
		}
		m := span{at: from + before + bytes.IndexByte(part[before:], '"')}
		m.name, _ = name.(string)
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return o, errNoObject
		}
		m.to = from + int(dec.InputOffset())
		m.from = m.to - len(value)
		if !bytes.Equal(text[m.from:m.to], value) {
			return o, fmt.Errorf("the value of a member is not where it was read: %w", errNoObject)
		}
		o.members = append(o.members, m)
	}
	o.to = from + bytes.LastIndexByte(part, '}') + 1
	return o, nil
}

// member finds the only member of that name; the last of several, as
// encoding/json does.
func (o object) member(name string) (span, bool) {
	for _, m := range slices.Backward(o.members) {
		if m.name == name {
			return m, true
		}
	}
	return span{}, false
}

func (o object) raw(m span) []byte { return o.text[m.from:m.to] }

// swapped is the text with another value between two places.
func swapped(text []byte, from, to int, value []byte) []byte {
	return slices.Concat(text[:from], value, text[to:])
}

// without leaves members out, and the commas that they need; the others stay as
// they are written. Values of those that stay may be given anew, by index.
func (o object) without(left map[int]bool, anew map[int][]byte) []byte {
	if len(o.members) == 0 {
		return o.text
	}
	head := o.text[:o.members[0].at]
	var out []byte
	var separator []byte
	for i, m := range o.members {
		if left[i] {
			continue
		}
		out = append(out, separator...)
		out = append(out, o.text[m.at:m.from]...)
		if value, ok := anew[i]; ok {
			out = append(out, value...)
		} else {
			out = append(out, o.raw(m)...)
		}
		if i+1 < len(o.members) {
			separator = o.text[m.to:o.members[i+1].at]
		}
	}
	return slices.Concat(head, out, o.text[o.members[len(o.members)-1].to:])
}

// with adds a member behind the last one, spaced as the first one is.
func (o object) with(name string, value []byte) []byte {
	quoted, err := json.Marshal(name)
	if err != nil {
		return o.text // text always encodes
	}
	written := slices.Concat(quoted, []byte(":"), value)
	if len(o.members) == 0 {
		return swapped(o.text, o.from+1, o.from+1, written)
	}
	space := o.text[o.from+1 : o.members[0].at]
	end := o.members[len(o.members)-1].to
	return swapped(o.text, end, end, slices.Concat([]byte(","), space, written))
}
