package cluster

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The examples of RFC 6902, appendix A.
func TestJSONPatch(t *testing.T) {
	for _, tc := range []struct{ name, document, patch, want string }{
		{"add member", `{"foo":"bar"}`, `[{"op":"add","path":"/baz","value":"qux"}]`, `{"foo":"bar","baz":"qux"}`},
		{"add element", `{"foo":["bar","baz"]}`, `[{"op":"add","path":"/foo/1","value":"qux"}]`, `{"foo":["bar","qux","baz"]}`},
		{"append", `{"foo":["bar"]}`, `[{"op":"add","path":"/foo/-","value":["a"]}]`, `{"foo":["bar",["a"]]}`},
		{"remove element", `{"foo":["bar","qux","baz"]}`, `[{"op":"remove","path":"/foo/1"}]`, `{"foo":["bar","baz"]}`},
		{"replace", `{"a":{"b":1}}`, `[{"op":"replace","path":"/a/b","value":2}]`, `{"a":{"b":2}}`},
		{"move element", `{"foo":["all","grass","cows","eat"]}`, `[{"op":"move","from":"/foo/1","path":"/foo/3"}]`, `{"foo":["all","cows","eat","grass"]}`},
		{"copy", `{"a":{"b":[1]}}`, `[{"op":"copy","from":"/a/b","path":"/c"}]`, `{"a":{"b":[1]},"c":[1]}`},
		{"whole", `{"a":1}`, `[{"op":"replace","path":"","value":{"b":2}}]`, `{"b":2}`},
		{"escapes", `{"/":9,"~1":10}`, `[{"op":"test","path":"/~01","value":10},{"op":"remove","path":"/~1"}]`, `{"~1":10}`},
		{"null value", `{"a":1}`, `[{"op":"add","path":"/a","value":null}]`, `{"a":null}`},
		{"test fails", `{"a":1}`, `[{"op":"test","path":"/a","value":"1"}]`, ""},
		{"no such member", `{"a":1}`, `[{"op":"replace","path":"/b","value":1}]`, ""},
		{"no such parent", `{"a":1}`, `[{"op":"add","path":"/b/c","value":1}]`, ""},
		{"beyond the end", `{"a":[1]}`, `[{"op":"add","path":"/a/3","value":1}]`, ""},
		{"unknown", `{}`, `[{"op":"jump","path":"/a"}]`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := applyJSONPatch([]byte(tc.document), []byte(tc.patch))
			if tc.want == "" {
				if err == nil {
					t.Errorf("got %s, want an error", got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var a, b any
			if json.Unmarshal(got, &a) != nil || json.Unmarshal([]byte(tc.want), &b) != nil {
				t.Fatalf("no JSON: %s", got)
			}
			if diff := cmp.Diff(b, a); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzPatches(f *testing.F) {
	f.Add(`{"a":[1,{"b":2}]}`, `[{"op":"add","path":"/a/-","value":1}]`)
	f.Add(`{"a":{}}`, `[{"op":"move","from":"/a","path":"/a/b"}]`)
	f.Add(`[]`, `{"x":null,"y":{"z":1}}`)
	f.Fuzz(func(t *testing.T, document, patch string) {
		for name, apply := range map[string]func(_, _ []byte) ([]byte, error){"JSON": applyJSONPatch, "merge": applyMergePatch} {
			if out, err := apply([]byte(document), []byte(patch)); err == nil && !json.Valid(out) {
				t.Errorf("%s patch made %q", name, out)
			}
		}
	})
}
