package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	"sigs.k8s.io/yaml"
)

const chartFolder = "../../charts/pullfix"

// TestLint is helm lint --strict, on the defaults and on every set of values.
func TestLint(t *testing.T) {
	for _, file := range valueFiles(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			linted := lint.All(chartFolder, read(t, file), "pullfix", true)
			for _, m := range linted.Messages {
				if m.Severity >= support.WarningSev {
					t.Error(m)
				}
			}
		})
	}
}

// TestGolden compares what each set of values renders to with what is recorded:
// only what a layer adds to the defaults, but for the defaults themselves.
func TestGolden(t *testing.T) {
	defaults := rendered(t, "testdata/values/defaults.yaml")
	for _, file := range valueFiles(t) {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			got := rendered(t, file)
			if name != "defaults" {
				got = added(got, defaults)
			}
			golden := filepath.Join("testdata/golden", name+".yaml")
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s renders otherwise (UPDATE=1 records it):\n%s", name, got)
			}
		})
	}
}

// added are the documents of got that are not in base.
func added(got, base string) string {
	known := strings.Split(base, "---\n")
	documents := slices.DeleteFunc(strings.Split(got, "---\n"), func(d string) bool { return slices.Contains(known, d) })
	return "---\n" + strings.Join(documents, "---\n")
}

func valueFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/values/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

func rendered(t *testing.T, values ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := render(&out, release{chart: chartFolder, name: "pullfix", namespace: "ops", values: values}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func read(t *testing.T, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// object is as much of a rendered object as the tests look at.
type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name, Namespace string
	} `json:"metadata"`
	Rules []rule            `json:"rules"`
	Data  map[string]string `json:"data"`
}

type rule struct {
	APIGroups     []string `json:"apiGroups"`
	Resources     []string `json:"resources"`
	ResourceNames []string `json:"resourceNames"`
	Verbs         []string `json:"verbs"`
}

func objects(t *testing.T, text string) []object {
	t.Helper()
	var all []object
	for document := range strings.SplitSeq(text, "---\n") {
		var o object
		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			t.Fatalf("%v\n%s", err, document)
		}
		if o.Kind != "" {
			all = append(all, o)
		}
	}
	return all
}

// TestRightsAreLayers: the defaults read no secret and change nothing, and
// each layer brings its own verbs and nothing else (S9).
func TestRightsAreLayers(t *testing.T) {
	for layer, want := range map[string][]string{
		"defaults": nil, "secrets": {"get secrets [regcred ghcr-pull] in shop"},
		"delete-pods":          {"create events [] in shop", "delete pods [] in shop"},
		"rollout-restart":      {"create events [] in shop", "patch daemonsets [] in shop", "patch deployments [] in shop", "patch statefulsets [] in shop"},
		"rollback":             {"create events [] in shop", "patch daemonsets [] in shop", "patch deployments [] in shop", "patch statefulsets [] in shop"},
		"attach-secret":        {"create events [] in shop", "patch daemonsets [] in shop", "patch deployments [] in shop", "patch statefulsets [] in shop"},
		"update-secret":        {"create events [] in shop", "get secrets [regcred] in shop", "patch secrets [regcred] in shop"},
		"create-secret":        {"create events [] in shop", "create secrets [] in shop"},
		"keep-undo":            {"create events [] in shop", "create secrets [] in shop", "delete secrets [] in shop", "get secrets [] in shop"},
		"sync-external-secret": {"create events [] in shop", "get externalsecrets [] in shop", "patch externalsecrets [] in shop"},
	} {
		if got := careful(objects(t, rendered(t, "testdata/values/"+layer+".yaml"))); !slices.Equal(got, want) {
			t.Errorf("%s grants\n%q, want\n%q", layer, got, want)
		}
	}
}

// careful are the rights beyond reading what is no secret.
func careful(all []object) []string {
	var rights []string
	for _, o := range all {
		for _, r := range o.Rules {
			for _, resource := range r.Resources {
				for _, verb := range r.Verbs {
					reads := (verb == "get" || verb == "list") && resource != "secrets" && resource != "externalsecrets"
					if !reads && resource != "selfsubjectaccessreviews" {
						rights = append(rights, fmt.Sprintf("%s %s %v in %s", verb, resource, r.ResourceNames, o.Metadata.Namespace))
					}
				}
			}
		}
	}
	slices.Sort(rights)
	return slices.Compact(rights)
}

// TestBadValuesAreRefused: the schema or the templates say what is wrong.
func TestBadValuesAreRefused(t *testing.T) {
	for name, test := range map[string]struct{ values, say string }{
		"unknown key":     {"replicas: 2", "replicas"},
		"unknown remedy":  {"remedies: {everything: {namespaces: [shop]}}", "everything"},
		"bad namespace":   {"remedies: {deletePods: {namespaces: [Shop]}}", "namespaces"},
		"nameless secret": {"secrets: [{namespace: shop}]", "which in namespace shop"},
		"both":            {"secrets: [{namespace: shop, all: true, names: [a]}]", "either all or names"},
		"twice":           {"secrets: [{namespace: shop, all: true}, {namespace: shop, names: [a]}]", "stands there twice"},
		"star and more":   {`remedies: {deletePods: {namespaces: ["*", shop]}}`, "name it alone"},
		"store":           {"config: {store: {directory: /tmp}}", "config"},
		"digest":          {"image: {digest: latest}", "digest"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "values.yaml")
			if err := os.WriteFile(file, []byte(test.values), 0o600); err != nil {
				t.Fatal(err)
			}
			err := render(&bytes.Buffer{}, release{chart: chartFolder, name: "pullfix", namespace: "ops", values: []string{file}})
			if err == nil || !strings.Contains(err.Error(), test.say) {
				t.Errorf("got %v, want something about %q", err, test.say)
			}
		})
	}
}

// TestConfigurationIsAccepted lets pullfix itself check what stands in the
// ConfigMap, for the defaults, for everything and for what the documents show.
func TestConfigurationIsAccepted(t *testing.T) {
	for _, values := range []string{"testdata/values/defaults.yaml", "testdata/values/everything.yaml", documented(t)} {
		for _, o := range objects(t, rendered(t, values)) {
			text, ok := o.Data["pullfix.yaml"]
			if !ok {
				continue
			}
			// Files that only the pod has cannot be looked into here.
			text = strings.ReplaceAll(text, "caFile: /etc/pullfix-ca/ca.pem", `caFile: ""`)
			file := filepath.Join(t.TempDir(), "pullfix.yaml")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			check := exec.CommandContext(t.Context(), "go", "run", "./cmd/pullfix", "config", "check", "--config", file)
			check.Dir = "../.."
			if said, err := check.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s\n%s", values, err, said, text)
			}
		}
	}
}
