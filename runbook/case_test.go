package runbook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

const marker = "M4rkerPassw0rd"

// TestInvariant7NoCredentialIsPrinted drives a marker password through every
// kind of case and looks for it in all that leaves a diagnosis.
func TestInvariant7NoCredentialIsPrinted(t *testing.T) {
	worlds := map[string]*world{
		"rejected":     newWorld(rejected, lists(secret("s", entry(host, "bob", marker))), says("bob", answer(cause.AuthRejected, 401))),
		"wrong host":   newWorld(noLogin, lists(secret("s", entry("quay.io", "bob", marker)))),
		"not attached": newWorld(noLogin, has(secret("s", entry(host, "bob", marker))), says("bob", answer(cause.None, 200))),
		"malformed":    newWorld(noLogin, lists(secret("s", `{"auths":{"`+host+`":{"auth":"`+marker+`%"}}}`))),
		"in a message": newWorld(`Head "https://bob:` + marker + `@` + host + `/v2/": 401 Unauthorized`),
		"in a key":     newWorld(noLogin, lists(secret("s", entry("https://bob:"+marker+"@quay.io", "x", "y")))),
	}
	for name, w := range worlds {
		c, v := w.diagnose(t)
		var stored bytes.Buffer
		if err := c.Encode(&stored); err != nil {
			t.Fatal(err)
		}
		printed, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, out := range []string{stored.String(), string(printed), fmt.Sprintf("%v %+v %#v", c, v, v)} {
			if strings.Contains(out, marker) {
				t.Errorf("%s: the password shows: %s", name, out)
			}
		}
	}
}

func TestObservationIsNeverMarshalled(t *testing.T) {
	_, err := json.Marshal(runbook.Observation{})
	if err == nil {
		t.Error("an observation was marshalled")
	}
}

// TestReplay judges a stored case again and reaches the same verdict.
func TestReplay(t *testing.T) {
	for _, r := range slices.Concat(imageRows(), credentialRows(), secretRows(), networkRows(), textRows()) {
		c, v := r.world.diagnose(t)
		var stored bytes.Buffer
		if err := c.Encode(&stored); err != nil {
			t.Fatal(err)
		}
		again, err := runbook.DecodeCase(&stored)
		if err != nil {
			t.Fatal(err)
		}
		replayed := runbook.Judge(again, c.Facts.ObservedAt)
		if replayed.Cause != v.Cause || replayed.Certainty != v.Certainty || len(replayed.Remedies) != len(v.Remedies) {
			t.Errorf("%s: replay gives %s %s, was %s %s", r.name, replayed.Cause, replayed.Certainty, v.Cause, v.Certainty)
		}
	}
}

func TestDecodeCaseSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"{":              "decoding the case",
		`{"version":99}`: "reads version 1",
	} {
		if _, err := runbook.DecodeCase(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func FuzzDecodeCase(f *testing.F) {
	f.Add([]byte(`{"version":1,"facts":{"pod":{"containers":[{"name":"a","state":"waiting","reason":"ErrImagePull"}]}},"pulls":[{"image":"x"}]}`))
	f.Fuzz(func(_ *testing.T, body []byte) {
		c, err := runbook.DecodeCase(bytes.NewReader(body))
		if err != nil {
			return
		}
		runbook.Judge(c, c.Facts.ObservedAt)
	})
}

// TestImports keeps the domain free of Kubernetes, registries and Slack.
func TestImports(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./...").Output()
	if err != nil {
		t.Fatalf("listing dependencies: %v", err)
	}
	allowed := []string{"github.com/pullfix/pullfix/runbook", "github.com/distribution/reference", "github.com/opencontainers/go-digest"}
	for path := range strings.FieldsSeq(string(out)) {
		if !slices.ContainsFunc(allowed, func(a string) bool { return path == a || strings.HasPrefix(path, a+"/") }) {
			t.Errorf("runbook depends on %s", path)
		}
	}
}

// deaf is a registry that cannot be asked.
type deaf struct{ *world }

func (deaf) Probe(context.Context, runbook.Question) (runbook.Answer, error) {
	return runbook.Answer{}, errors.New("no route")
}

// TestUnknownIsNeverHealthy: a registry that cannot be asked leaves the
// kubelet's word, with less certainty.
func TestUnknownIsNeverHealthy(t *testing.T) {
	w := newWorld(notFound)
	_, v, err := runbook.Diagnose(t.Context(), runbook.Sources{Cluster: w, Registry: deaf{w}}, w.facts.Target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if v.Cause != cause.TagNotFound || v.Certainty != cause.Likely {
		t.Errorf("verdict %s %s", v.Cause, v.Certainty)
	}
	if image := v.Steps[2]; image.Status != runbook.StatusError {
		t.Errorf("image step %+v", image)
	}
}

func TestStepsInOrder(t *testing.T) {
	_, v := newWorld(notFound, says("", answer(cause.TagNotFound, 404))).diagnose(t)
	var ids []string
	for _, s := range v.Steps {
		ids = append(ids, s.ID)
		if s.Summary == "" || s.Title == "" || s.Row == "" {
			t.Errorf("step %+v", s)
		}
	}
	want := []string{"assess-scope", "confirm-error", "verify-image", "check-secret", "test-auth"}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Error(diff)
	}
}
