package main

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// problem is something wrong with a configuration.
type problem struct {
	line int // 0 when it does not stand in the file
	path string
	text string
	hint string
}

// shape compares a YAML document with the Go type that it is meant for. Decoders
// ignore what they do not know or say it without a place; a typing error in a
// rule about approvals must not pass.
type shape struct {
	problems []problem
	lines    map[string]int // of every path that stands in the document
}

func newShape() *shape { return &shape{lines: make(map[string]int)} }

func (s *shape) complain(line int, path, text, hint string) {
	s.problems = append(s.problems, problem{line, path, text, hint})
}

// compare walks down node and t together.
func (s *shape) compare(node *yaml.Node, t reflect.Type, path string) {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	s.lines[path] = node.Line
	if t.Kind() == reflect.Pointer { // a key whose absence means something else than its zero value
		t = t.Elem()
	}
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return // an empty value means the default
	}
	switch t.Kind() {
	case reflect.Struct:
		s.compareStruct(node, t, path)
	case reflect.Slice:
		if node.Kind != yaml.SequenceNode {
			s.complain(node.Line, path, "not a list", "write [a, b], or one item a line after a dash")
			return
		}
		for i, item := range node.Content {
			s.compare(item, t.Elem(), path+"["+strconv.Itoa(i)+"]")
		}
	default:
		s.compareScalar(node, t, path)
	}
}

func (s *shape) compareStruct(node *yaml.Node, t reflect.Type, path string) {
	if node.Kind != yaml.MappingNode {
		s.complain(node.Line, path, "not a group of keys", "write key: value, one a line")
		return
	}
	fields, names := keysOf(t)
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		below := key.Value
		if path != "" {
			below = path + "." + key.Value
		}
		field, known := fields[key.Value]
		switch {
		case !known:
			s.complain(key.Line, below, "no such key", orKeys(near(key.Value, names), names))
		case seen[key.Value]:
			s.complain(key.Line, below, "the key is there twice", "keep one of the two")
		default:
			s.compare(node.Content[i+1], field, below)
		}
		seen[key.Value] = true
	}
}

func (s *shape) compareScalar(node *yaml.Node, t reflect.Type, path string) {
	wanted, fits := "a text", node.Tag != "!!binary"
	switch {
	case t == reflect.TypeFor[time.Duration]():
		_, err := time.ParseDuration(node.Value)
		wanted, fits = "a duration such as 20m or 90s", err == nil
	case t.Kind() == reflect.Bool:
		wanted, fits = "true or false", node.Tag == "!!bool"
	case t.Kind() == reflect.Int:
		wanted, fits = "a whole number", node.Tag == "!!int"
	}
	if node.Kind != yaml.ScalarNode {
		s.complain(node.Line, path, "not a single value", "write "+wanted)
	} else if !fits {
		s.complain(node.Line, path, fmt.Sprintf("%q is not %s", node.Value, wanted), "write "+wanted)
	}
}

// keysOf returns the keys that a struct has in the configuration, with their
// types, and in order.
func keysOf(t reflect.Type) (fields map[string]reflect.Type, names []string) {
	fields = make(map[string]reflect.Type, t.NumField())
	for field := range t.Fields() {
		if !field.IsExported() {
			continue
		}
		name := field.Tag.Get("mapstructure")
		fields[name] = field.Type
		names = append(names, name)
	}
	return fields, names
}

// orKeys proposes near names, else all of them.
func orKeys(near, all []string) string {
	if len(near) > 0 {
		return "did you mean " + orList(near) + "?"
	}
	return "the keys here are " + andList(all)
}
