package cluster

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// editor is who writes, as managedFields remember it.
type editor struct {
	manager, apiVersion, subresource string
}

// tree is a set of field paths in the form of fieldsV1: names are "f:x", keyed
// list items `k:{"name":"x"}`, a node that is itself a field has a ".".
type tree map[string]tree

// record attributes what changed to the editor, and takes it from whoever had
// it. Every write is an Update; server-side apply is not served.
func (e editor) record(now, next object) error {
	if _, ok := next.(*corev1.ServiceAccount); ok {
		return nil // the real server keeps none for these (measured, v1.36.3)
	}
	var before map[string]any
	var entries []metav1.ManagedFieldsEntry
	if now != nil {
		var err error
		if before, err = plainly(now); err != nil {
			return err
		}
		entries = now.GetManagedFields()
	}
	after, err := plainly(next)
	if err != nil {
		return err
	}
	changed := changedFields(before, after)
	if len(changed) == 0 {
		next.SetManagedFields(entries)
		return nil
	}
	own := tree{}
	var kept []metav1.ManagedFieldsEntry
	for _, entry := range entries {
		fields := tree{}
		if entry.FieldsV1 == nil {
			continue
		}
		if err := json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields); err != nil {
			return fmt.Errorf("reading managed fields of %s: %w", entry.Manager, err)
		}
		if entry.Manager == e.manager && entry.Subresource == e.subresource && entry.APIVersion == e.apiVersion {
			own = fields
			continue
		}
		entry.FieldsV1 = without(fields, changed, after).encode()
		if entry.FieldsV1 != nil {
			kept = append(kept, entry)
		}
	}
	at := timestamp()
	next.SetManagedFields(append(kept, metav1.ManagedFieldsEntry{
		Manager: e.manager, Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: e.apiVersion,
		Time: &at, FieldsType: "FieldsV1", FieldsV1: union(existing(own, after), changed).encode(), Subresource: e.subresource,
	}))
	return nil
}

func (t tree) encode() *metav1.FieldsV1 {
	if len(t) == 0 {
		return nil
	}
	raw, _ := json.Marshal(t) //nolint:errchkjson // nested maps of strings always marshal
	fields := &metav1.FieldsV1{}
	fields.SetRawBytes(raw)
	return fields
}

// MarshalJSON writes an empty node as {}, nil or not.
func (t tree) MarshalJSON() ([]byte, error) {
	if t == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(map[string]tree(t))
}

// plainly is the object as JSON, without what no manager owns.
func plainly(o object) (map[string]any, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("recording the manager of %s: %w", o.GetName(), err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		return nil, err
	}
	delete(out, "apiVersion")
	delete(out, "kind")
	meta, _ := out["metadata"].(map[string]any)
	for _, name := range []string{
		"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp",
		"managedFields", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink",
	} {
		delete(meta, name)
	}
	if len(meta) == 0 {
		delete(out, "metadata")
	}
	return out, nil
}

// changedFields is what is new or different in an object.
func changedFields(before, after map[string]any) tree {
	out := tree{}
	for name, value := range after {
		old, had := before[name]
		if had && reflect.DeepEqual(old, value) {
			continue
		}
		if fields, ok := changedValue(name, old, value); ok {
			out["f:"+name] = fields
		}
	}
	return out
}

// structural tells of fields that are always there, which nobody owns.
func structural(name string) bool {
	return slices.Contains([]string{"metadata", "spec", "status", "template", "containers", "strategy"}, name)
}

func changedValue(name string, old, value any) (tree, bool) {
	had := old != nil
	switch value := value.(type) {
	case map[string]any:
		from, _ := old.(map[string]any)
		fields := changedFields(from, value)
		if !had && !structural(name) {
			fields["."] = nil
		}
		return fields, len(fields) > 0
	case []any:
		now, ok := keyed(value)
		if !ok || len(now) == 0 {
			return nil, true
		}
		was, _ := keyed(old)
		fields := tree{}
		for item, content := range now {
			from, stood := was[item]
			if stood && reflect.DeepEqual(from, content) {
				continue
			}
			if len(content) == 1 {
				fields[item] = nil // nothing but its key, as pull secrets are
				continue
			}
			inner := changedFields(from, content)
			if !stood {
				inner["."] = nil
			}
			fields[item] = inner
		}
		if !had && !structural(name) {
			fields["."] = nil
		}
		return fields, len(fields) > 0
	}
	return nil, true
}

// keyed reads a list of things with different names, as containers and pull
// secrets are, by the key that fieldsV1 gives them.
func keyed(value any) (map[string]map[string]any, bool) {
	list, ok := value.([]any)
	if !ok {
		return nil, false
	}
	out := map[string]map[string]any{}
	for _, item := range list {
		fields, _ := item.(map[string]any)
		name, ok := fields["name"].(string)
		if !ok {
			return nil, false
		}
		out[fmt.Sprintf(`k:{"name":%q}`, name)] = fields
	}
	return out, len(out) == len(list)
}

// union has the paths of both.
func union(a, b tree) tree {
	out := maps.Clone(a)
	if out == nil {
		out = tree{}
	}
	for name, fields := range b {
		out[name] = union(out[name], fields)
	}
	return out
}

// existing keeps the paths that an object still has.
func existing(t tree, value any) tree {
	out := tree{}
	for name, fields := range t {
		child, ok := step(value, name)
		if !ok {
			continue
		}
		if len(fields) == 0 {
			out[name] = nil
		} else if inner := existing(fields, child); len(inner) > 0 {
			out[name] = inner
		}
	}
	return out
}

func step(value any, name string) (any, bool) {
	switch {
	case name == ".":
		return nil, true
	case len(name) > 2 && name[:2] == "f:":
		m, _ := value.(map[string]any)
		child, ok := m[name[2:]]
		return child, ok
	}
	items, _ := keyed(value)
	child, ok := items[name]
	return child, ok
}

// without takes the changed leaves from another manager's paths, and those that
// are gone.
func without(t, changed tree, after map[string]any) tree {
	return subtract(existing(t, after), changed)
}

func subtract(t, minus tree) tree {
	out := tree{}
	for _, name := range slices.Sorted(maps.Keys(t)) {
		taken, shared := minus[name]
		switch {
		case !shared || name == ".":
			out[name] = t[name]
		case len(taken) == 0 || len(t[name]) == 0:
			// the changed leaf
		default:
			if inner := subtract(t[name], taken); len(inner) > 0 {
				out[name] = inner
			}
		}
	}
	return out
}
