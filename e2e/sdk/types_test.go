//go:build sdk

package sdk

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sample is JSON that is to have a TypeScript type of Slack's.
type sample struct {
	// name is a file name without an extension.
	name string
	// kind is the type, in the namespaces bolt, types and web.
	kind string
	json []byte
}

// complaint is one error of the compiler.
type complaint struct {
	sample, text string
}

const imports = `import type * as bolt from '@slack/bolt';
import type * as types from '@slack/types';
import type * as web from '@slack/web-api';
`

// answers is the type of an answer. Those of the Web API's client were made
// from samples: their enums take no literal, so these become their texts, and
// their blocks are the types that the samples had, so Block Kit's own take
// their place.
const answers = `type Answer<T> = T extends string ? ` + "`${T}`" + `
  : T extends (infer E)[] ? Answer<E>[]
  : T extends object ? { [K in keyof T]: K extends 'blocks' ? types.KnownBlock[] : Answer<T[K]> }
  : T;
`

// compile asks the TypeScript compiler whether the samples have their types.
// Each becomes a file with the JSON as a literal: imported as a module, "type"
// would be any string, and fit no block.
func (k kit) compile(t *testing.T, samples []sample) []complaint {
	t.Helper()
	dir := k.room(t)
	arguments := []string{
		filepath.Join(k.modules, "typescript", "bin", "tsc"), "--noEmit", "--strict", "--skipLibCheck", "--pretty", "false",
		"--target", "es2022", "--module", "node20", "--moduleResolution", "node16",
	}
	for _, s := range samples {
		var literal bytes.Buffer
		if err := json.Indent(&literal, s.json, "", "  "); err != nil {
			t.Fatalf("%s is not JSON: %v", s.name, err)
		}
		source := imports + answers + "export const sample: " + s.kind + " = " + literal.String() + ";\n"
		if err := os.WriteFile(filepath.Join(dir, s.name+".ts"), []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, s.name+".ts")
	}
	tsc := exec.CommandContext(t.Context(), "node", arguments...)
	tsc.Dir = dir
	out, err := tsc.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	complaints, strange := readComplaints(string(out))
	if strange != "" || (err != nil) != (len(complaints) > 0) {
		t.Fatalf("tsc: %v\n%s", err, out)
	}
	return complaints
}

// readComplaints reads the compiler's lines; strange is one that is about no
// sample.
func readComplaints(out string) (complaints []complaint, strange string) {
	line := regexp.MustCompile(`^([^\s(]+)\.ts(\(\d+,\d+\): error TS\d+: .*)$`)
	for text := range strings.Lines(out) {
		text = strings.TrimRight(text, "\r\n")
		switch m := line.FindStringSubmatch(text); {
		case m != nil:
			complaints = append(complaints, complaint{sample: m[1], text: m[1] + ".ts" + m[2]})
		case strings.HasPrefix(text, " ") && len(complaints) > 0:
			complaints[len(complaints)-1].text += "\n" + text
		case text != "":
			return nil, text
		}
	}
	return complaints, ""
}
