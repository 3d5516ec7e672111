package main

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// TestExampleHoldsEveryKey: who looks for a key finds it there, with its default
// and a comment.
func TestExampleHoldsEveryKey(t *testing.T) {
	text, err := os.ReadFile(exampleFile(t))
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	var missing []string
	holds(document, reflect.TypeFor[settings](), "", &missing)
	if len(missing) > 0 {
		t.Errorf("not in the example: %v", missing)
	}
	var comments strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			comments.WriteString(line)
		}
	}
	for _, key := range []string{"selfServiceGroups", "breakGlass", "expiresAfter", "keyFile", "botTokenFile", "caFile", "realms", "routes", "channels", "wide", "dockerConfig", "repositories"} {
		if !strings.Contains(comments.String(), key) {
			t.Errorf("no comment tells of %s", key)
		}
	}
}

// holds collects the keys of a type that a document lacks.
func holds(node any, t reflect.Type, path string, missing *[]string) {
	switch t.Kind() {
	case reflect.Struct:
		group, _ := node.(map[string]any)
		fields, names := keysOf(t)
		for _, name := range names {
			below, there := group[name]
			if !there {
				*missing = append(*missing, path+name)
				continue
			}
			holds(below, fields[name], path+name+".", missing)
		}
	case reflect.Slice:
		list, _ := node.([]any)
		if len(list) == 0 && t.Elem().Kind() == reflect.Struct {
			*missing = append(*missing, path+"…")
		}
		*missing = append(*missing, lackedByAll(list, t.Elem(), path)...)
	case reflect.Pointer:
		holds(node, t.Elem(), path, missing)
	}
}

// lackedByAll are the keys that no item of a list has: one shows one key, one
// another.
func lackedByAll(list []any, t reflect.Type, path string) []string {
	lacks := make([][]string, len(list))
	for i, item := range list {
		holds(item, t, path, &lacks[i])
	}
	candidates := slices.Compact(slices.Sorted(slices.Values(slices.Concat(lacks...))))
	return slices.DeleteFunc(candidates, func(key string) bool {
		return slices.ContainsFunc(lacks, func(missing []string) bool {
			return !slices.ContainsFunc(missing, func(m string) bool { return key == m || strings.HasPrefix(key, m+".") })
		})
	})
}

func TestExampleShowsTheDefaults(t *testing.T) {
	none := func(string) string { return "" }
	shown, err := loadSettings(exampleFile(t), none)
	if err != nil {
		t.Fatal(err)
	}
	empty, err := loadSettings("", none)
	if err != nil {
		t.Fatal(err)
	}
	wanted := defaultSettings()
	if diff := cmp.Diff(wanted, empty, cmp.AllowUnexported(settings{})); diff != "" {
		t.Error(diff)
	}
	wanted.anchor("../..")
	shown.Escalation.Routes, shown.Slack.Channel = nil, ""
	wanted.Escalation.Levels = []time.Duration{} // as it is written
	shown.Watch.Clusters, shown.Watch.Channels = nil, nil
	if diff := cmp.Diff([]any{wanted.Escalation, wanted.Slack, wanted.ReadOnly, wanted.Listen, wanted.Watch}, []any{shown.Escalation, shown.Slack, shown.ReadOnly, shown.Listen, shown.Watch}); diff != "" {
		t.Error(diff)
	}
	rule := shown.Approvals[0]
	if *rule.Approvals != defaultApprovals || *rule.FourEyes != defaultFourEyes || *rule.ExpiresAfter != defaultExpiresAfter {
		t.Errorf("an approval rule with other defaults: %+v", rule)
	}
}
