//go:build e2e && linux

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// answer is what `pullfix diagnose -o json` prints, as far as scenarios judge
// it. It is written down here a second time on purpose: scripts depend on it.
type answer struct {
	Namespace string                        `json:"namespace"`
	Pod       string                        `json:"pod"`
	Workload  *struct{ Kind, Name string }  `json:"workload"`
	Node      string                        `json:"node"`
	Severity  string                        `json:"severity"`
	Steps     []struct{ ID, Status string } `json:"steps"`
	Failures  []pullFailure                 `json:"failures"`
	pullFailure
}

// pullFailure is what is wrong with one image.
type pullFailure struct {
	Container   string                      `json:"container"`
	Cause       string                      `json:"cause"`
	Certainty   string                      `json:"certainty"`
	Summary     string                      `json:"summary"`
	Vantage     string                      `json:"vantage"`
	Suggestions []string                    `json:"suggestions"`
	Remedies    []struct{ ID, Kind string } `json:"remedies"`
}

func (f pullFailure) firstRemedy() string {
	if len(f.Remedies) == 0 {
		return ""
	}
	return f.Remedies[0].Kind
}

// want is what a diagnosis has to say. Empty fields want nothing, save that no
// certainty means certain.
type want struct {
	cause string
	// certainty and remedy list what will do, separated by |.
	certainty, remedy string
	// suggestion is the first of the suggested tags.
	suggestion string
	container  string
	vantage    string
	// workload is KIND/NAME.
	workload string
	severity string
	// also lists the causes of the further failures.
	also []string
}

// check lists how the answer differs from what is wanted.
func (w want) check(a answer, exit int) []string {
	var wrong []string
	expect := func(what, got, wanted string) {
		if wanted != "" && !slices.Contains(strings.Split(wanted, "|"), got) {
			wrong = append(wrong, fmt.Sprintf("%s is %q, want %q", what, got, wanted))
		}
	}
	if w.certainty == "" {
		w.certainty = "certain"
	}
	wantedExit := "1"
	if w.cause == "None" {
		wantedExit = "0"
	}
	expect("exit code", fmt.Sprint(exit), wantedExit)
	expect("cause", a.Cause, w.cause)
	expect("certainty", a.Certainty, w.certainty)
	expect("first remedy", a.firstRemedy(), w.remedy)
	expect("container", a.Container, w.container)
	expect("vantage", a.Vantage, w.vantage)
	expect("severity", a.Severity, w.severity)
	if w.suggestion != "" && (len(a.Suggestions) == 0 || a.Suggestions[0] != w.suggestion) {
		wrong = append(wrong, fmt.Sprintf("suggestions are %q, want %q first", a.Suggestions, w.suggestion))
	}
	if w.workload != "" && (a.Workload == nil || a.Workload.Kind+"/"+a.Workload.Name != w.workload) {
		wrong = append(wrong, fmt.Sprintf("workload is %v, want %s", a.Workload, w.workload))
	}
	for _, c := range w.also {
		if !slices.ContainsFunc(a.Failures, func(f pullFailure) bool { return f.Cause == c }) {
			wrong = append(wrong, fmt.Sprintf("no further failure has the cause %s", c))
		}
	}
	return append(wrong, checkShape(a)...)
}

// checkShape wants what holds for every answer.
func checkShape(a answer) []string {
	var wrong []string
	if a.Summary == "" {
		wrong = append(wrong, "the summary is empty")
	}
	var ids []string
	for _, step := range a.Steps {
		ids = append(ids, step.ID)
		if !slices.Contains([]string{"ok", "problem", "warning", "skipped", "error"}, step.Status) {
			wrong = append(wrong, fmt.Sprintf("step %s has the status %q", step.ID, step.Status))
		}
	}
	order := []string{"assess-scope", "confirm-error", "verify-image", "check-secret", "test-auth"}
	if !slices.Equal(ids, order) {
		wrong = append(wrong, fmt.Sprintf("steps are %q, want %q", ids, order))
	}
	return wrong
}

// diagnose runs `pullfix diagnose` and judges it. Whatever the scenario, no
// password may be in what it prints.
func (s *stage) diagnose(object string, w want) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	stdout, stderr, exit := s.run(ctx, s.t, "diagnose", "-o", "json", s.namespace, object)
	var a answer
	if err := json.Unmarshal([]byte(stdout), &a); err != nil {
		s.t.Fatalf("diagnose %s %s: exit code %d, output is no JSON: %v\n%s%s\n%s", s.namespace, object, exit, err, stdout, stderr, s.describe())
	}
	if wrong := w.check(a, exit); len(wrong) > 0 {
		s.t.Errorf("diagnose %s %s:\n  %s\npullfix said:\n%s%s\nthe cluster says:\n%s",
			s.namespace, object, strings.Join(wrong, "\n  "), indented(stdout), stderr, s.describe())
	}
	for _, password := range []string{robotSecret, s.Password, wrongSecret} {
		if strings.Contains(stdout+stderr, password) {
			s.t.Errorf("diagnose %s %s prints a password:\n%s%s", s.namespace, object, stdout, stderr)
		}
	}
}

func indented(text string) string {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	pretty, _ := json.MarshalIndent(v, "", "  ") // it has just been read
	return string(pretty) + "\n"
}

// TestWantDetects holds the judge to what it is for: it must be able to fail.
func TestWantDetects(t *testing.T) {
	good := answer{pullFailure: pullFailure{Cause: "TagNotFound", Certainty: "certain", Summary: "s", Suggestions: []string{"v1"}}}
	good.Remedies = append(good.Remedies, struct{ ID, Kind string }{"fix-image", "FixImage"})
	for _, id := range []string{"assess-scope", "confirm-error", "verify-image", "check-secret", "test-auth"} {
		good.Steps = append(good.Steps, struct{ ID, Status string }{id, "ok"})
	}
	w := want{cause: "TagNotFound", remedy: "FixImage|RollBack", suggestion: "v1"}
	if wrong := w.check(good, 1); len(wrong) > 0 {
		t.Errorf("a good answer is refused: %q", wrong)
	}
	spoil := map[string]func(a *answer){
		"cause":      func(a *answer) { a.Cause = "AuthMissing" },
		"certainty":  func(a *answer) { a.Certainty = "likely" },
		"remedy":     func(a *answer) { a.Remedies = nil },
		"suggestion": func(a *answer) { a.Suggestions = []string{"v2", "v1"} },
		"summary":    func(a *answer) { a.Summary = "" },
		"steps":      func(a *answer) { a.Steps = a.Steps[1:] },
	}
	for name, f := range spoil {
		bad := good
		f(&bad)
		if wrong := w.check(bad, 1); len(wrong) != 1 {
			t.Errorf("%s: the judge found %q, want one fault", name, wrong)
		}
	}
	if wrong := w.check(good, 0); len(wrong) != 1 {
		t.Errorf("exit code: the judge found %q, want one fault", wrong)
	}
}
