package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"
)

// loadSettings reads the configuration: the file, over it the environment.
// Without a file the environment alone counts.
func loadSettings(path string, getenv func(string) string) (settings, error) {
	v := viper.New()
	v.SetConfigType("yaml")
	found := newShape()
	if path != "" {
		text, err := readFile(path)
		if err != nil {
			return settings{}, usage(fmt.Errorf("reading the configuration: %w", err), "--config names the file; config.example.yaml shows one")
		}
		if err := readSettings(v, found, text); err != nil {
			return settings{}, usage(fmt.Errorf("reading %s: %w", path, err), "it must be YAML; config.example.yaml shows one")
		}
	}
	if err := settingsFromEnvironment(v, found, getenv); err != nil {
		return settings{}, err
	}
	if len(found.problems) > 0 {
		return settings{}, complaint(path, found.problems)
	}
	s := defaultSettings()
	hook := viper.DecodeHook(mapstructure.StringToTimeDurationHookFunc())
	if err := v.UnmarshalExact(&s, hook); err != nil {
		return settings{}, usage(fmt.Errorf("reading %s: %w", path, err))
	}
	if path != "" {
		s.anchor(filepath.Dir(path))
	}
	s.forBot = slices.ContainsFunc(botKeys(), func(key string) bool { return found.lines[key] > 0 || getenv(environmentName(key)) != "" })
	s.check(func(at, text, hint string) { found.complain(found.lineOf(at), at, text, hint) })
	if len(found.problems) > 0 {
		return settings{}, complaint(path, found.problems)
	}
	return s, nil
}

// readSettings compares the file with the settings and hands it to viper.
func readSettings(v *viper.Viper, found *shape, text []byte) error {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var document, next yaml.Node
	if err := dec.Decode(&document); errors.Is(err, io.EOF) {
		return nil // empty, or nothing but comments
	} else if err != nil {
		return err
	}
	if dec.Decode(&next) == nil {
		found.complain(next.Line, "---", "a second document", "put everything into one")
	}
	found.compare(document.Content[0], reflect.TypeFor[settings](), "")
	if len(found.problems) > 0 {
		return nil // what is wrong is known better than viper could say
	}
	return v.ReadConfig(bytes.NewReader(text))
}

// settingsFromEnvironment lets PULLFIX_CLUSTERS, and so on, replace keys. Lists
// are written as YAML: PULLFIX_CLUSTERS='[{name: prod, context: prod-eu}]'.
func settingsFromEnvironment(v *viper.Viper, found *shape, getenv func(string) string) error {
	fields, names := keysOf(reflect.TypeFor[settings]())
	for _, key := range names {
		name := environmentName(key)
		text := getenv(name)
		if text == "" {
			continue
		}
		var node yaml.Node
		var value any
		if err := errors.Join(yaml.Unmarshal([]byte(text), &node), yaml.Unmarshal([]byte(text), &value)); err != nil {
			return usage(fmt.Errorf("the environment variable %s: %w", name, err), "it must hold YAML")
		}
		within := newShape()
		if len(node.Content) > 0 {
			within.compare(node.Content[0], fields[key], name)
		}
		for _, p := range within.problems {
			found.complain(0, p.path, p.text, p.hint)
		}
		v.Set(key, value)
	}
	return nil
}

// lineOf returns the line of a path, or of the nearest one above it.
func (s *shape) lineOf(path string) int {
	for path != "" {
		if line, ok := s.lines[path]; ok {
			return line
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return 0
}

// complaint is one error of all problems, in the order of the file.
func complaint(path string, problems []problem) error {
	slices.SortStableFunc(problems, func(a, b problem) int { return a.line - b.line })
	var said strings.Builder
	fmt.Fprintf(&said, "%s is wrong in %d %s", nameOr(path, "the environment"), len(problems), plural(len(problems), "place"))
	f := &failure{code: exitUsage}
	for _, p := range problems {
		at := p.path
		if p.line > 0 {
			at = fmt.Sprintf("line %d: %s", p.line, p.path)
		}
		f.hints = append(f.hints, strings.TrimSuffix(fmt.Sprintf("%s: %s; %s", at, p.text, p.hint), "; "))
	}
	f.err = errors.New(said.String())
	return f
}

func nameOr(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}

// plural is the noun for n things.
func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// andList joins names as a sentence does: a, b and c.
func andList(names []string) string {
	return strings.Replace(orList(names), " or ", " and ", 1)
}
