package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
)

// operation is one step of a JSON patch, RFC 6902.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	From  string `json:"from"`
	Value any    `json:"value"`
}

// maxOperations is the real server's limit for one patch.
const maxOperations = 10000

// applyJSONPatch applies all operations or none.
func applyJSONPatch(document, patch []byte) ([]byte, error) {
	var operations []operation
	if err := json.Unmarshal(patch, &operations); err != nil {
		return nil, apierrors.NewBadRequest("error decoding patch: " + err.Error())
	}
	if len(operations) > maxOperations {
		return nil, apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("The allowed maximum operations in a JSON patch is %d, got %d", maxOperations, len(operations)))
	}
	var root any
	if err := json.Unmarshal(document, &root); err != nil {
		return nil, err
	}
	for _, o := range operations {
		next, err := o.apply(root)
		if err != nil {
			return nil, rejected(fmt.Errorf("%s operation does not apply: %w", o.Op, err))
		}
		root = next
	}
	return json.Marshal(root)
}

var errNoPath = errors.New("doc is missing path")

func (o operation) apply(root any) (any, error) {
	path, err := pointer(o.Path)
	if err != nil {
		return nil, err
	}
	switch o.Op {
	case "add":
		return edited(root, path, inserting(o.Value))
	case "replace":
		return edited(root, path, replacing(o.Value))
	case "remove":
		return edited(root, path, removing)
	case "test":
		found, err := at(root, path)
		if err == nil && !reflect.DeepEqual(found, o.Value) {
			err = fmt.Errorf("testing value %s failed", o.Path)
		}
		return root, err
	case "move", "copy":
		return o.carry(root, path)
	}
	return nil, fmt.Errorf("unexpected kind: %s", o.Op)
}

func (o operation) carry(root any, path []string) (any, error) {
	from, err := pointer(o.From)
	if err != nil {
		return nil, err
	}
	value, err := at(root, from)
	if err != nil {
		return nil, err
	}
	value = runtime.DeepCopyJSONValue(value) // a copy lives a life of its own
	if o.Op == "move" {
		if root, err = edited(root, from, removing); err != nil {
			return nil, err
		}
	}
	return edited(root, path, inserting(value))
}

// pointer splits a JSON pointer, RFC 6901.
func pointer(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	if !strings.HasPrefix(text, "/") {
		return nil, fmt.Errorf("%w: %q", errNoPath, text)
	}
	parts := strings.Split(text[1:], "/")
	for i, p := range parts {
		parts[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(p)
	}
	return parts, nil
}

func at(node any, path []string) (any, error) {
	for _, step := range path {
		switch n := node.(type) {
		case map[string]any:
			child, ok := n[step]
			if !ok {
				return nil, fmt.Errorf("%w: %q", errNoPath, step)
			}
			node = child
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(n) {
				return nil, fmt.Errorf("%w: %q", errNoPath, step)
			}
			node = n[i]
		default:
			return nil, fmt.Errorf("%w: %q", errNoPath, step)
		}
	}
	return node, nil
}

// placing changes one place in an object or array and returns the container,
// which is a new one when an array changes its length.
type placing func(container any, step string) (any, error)

// edited returns the document with the place at the path changed.
func edited(node any, path []string, change placing) (any, error) {
	if len(path) == 0 {
		holder, err := change(map[string]any{"": node}, "")
		if err != nil {
			return nil, err
		}
		return holder.(map[string]any)[""], nil //nolint:forcetypeassert // a map goes in and comes out
	}
	if len(path) == 1 {
		return change(node, path[0])
	}
	child, err := at(node, path[:1])
	if err != nil {
		return nil, err
	}
	child, err = edited(child, path[1:], change)
	if err != nil {
		return nil, err
	}
	return replacing(child)(node, path[0])
}

func inserting(value any) placing {
	return func(container any, step string) (any, error) {
		list, ok := container.([]any)
		if !ok {
			return set(container, step, value)
		}
		if step == "-" {
			return append(list, value), nil
		}
		i, err := strconv.Atoi(step)
		if err != nil || i < 0 || i > len(list) {
			return nil, fmt.Errorf("%w: index %q", errNoPath, step)
		}
		return slices.Insert(slices.Clone(list), i, value), nil
	}
}

func replacing(value any) placing {
	return func(container any, step string) (any, error) {
		if _, err := at(container, []string{step}); err != nil {
			return nil, err
		}
		if list, ok := container.([]any); ok {
			i, _ := strconv.Atoi(step) // just looked up
			list[i] = value
			return list, nil
		}
		return set(container, step, value)
	}
}

func removing(container any, step string) (any, error) {
	if _, err := at(container, []string{step}); err != nil {
		return nil, err
	}
	if list, ok := container.([]any); ok {
		i, _ := strconv.Atoi(step) // just looked up
		return slices.Delete(list, i, i+1), nil
	}
	delete(container.(map[string]any), step) //nolint:forcetypeassert // at found it, so it is one of the two
	return container, nil
}

func set(container any, step string, value any) (any, error) {
	m, ok := container.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: %q", errNoPath, step)
	}
	m[step] = value
	return m, nil
}
