package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot/control"
	"github.com/pullfix/pullfix/runbook/cause"
)

// fix runs pullfix fix against the company's cluster and registries, and types
// what stdin says.
func (s *stage) fix(t *testing.T, stdin string, args ...string) typed {
	t.Helper()
	return s.fixWith(t, desk{stdin: stdin}, args...)
}

// desk is where somebody sits who types fix.
type desk struct {
	stdin  string
	config string // in addition to the company's
}

func (s *stage) fixWith(t *testing.T, at desk, args ...string) typed {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), env{
		args: append([]string{"fix", "--config", s.configure(t, at.config)}, args...), stdin: strings.NewReader(at.stdin), stdout: &stdout, stderr: &stderr,
		getenv: func(string) string { return "" }, columns: func(any) int { return 0 }, openCluster: openCluster,
		openRegistry: func(choice registryChoice) (prober, error) {
			choice.network = s.Network
			return openRegistry(choice)
		},
		patience: pace{poll: 50 * time.Millisecond, settle: 300 * time.Millisecond},
	})
	return typed{code, stdout.String(), stderr.String()}
}

// fails waits until the workload cannot pull: the company has only just opened.
func (s *stage) fails(t *testing.T, namespace, workload string) {
	t.Helper()
	var last typed
	if !eventually(func() bool { last = s.fix(t, "", namespace, workload, "-o", "json"); return last.code == exitFound }) {
		t.Fatalf("%s does not fail:\n%s%s", workload, last.stdout, last.stderr)
	}
}

// TestFixRollsBackAndProvesIt is the whole way in the terminal, for a script.
func TestFixRollsBackAndProvesIt(t *testing.T) {
	s := newStage(t)
	s.fails(t, "shop", "deployment/checkout")
	got := s.fix(t, "", "shop", "deployment/checkout", "--yes", "rollback", "-o", "json", "--timeout", "30s")
	var a fixAnswer
	if err := json.Unmarshal([]byte(got.stdout), &a); err != nil {
		t.Fatalf("%v\n%s%s", err, got.stdout, got.stderr)
	}
	if got.code != exitFine || a.Outcome != outcomeRecovered || len(a.Receipts) != 1 || !a.Receipts[0].Done || a.Recovery == nil || a.Recovery.Waiting != 0 || a.Elsewhere == nil || *a.Elsewhere == 0 {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	// The write has its line, in the name of who typed it.
	if by := "terminal:" + control.NameOf(0, ""); !strings.Contains(got.stderr, `"msg":"write"`) || !strings.Contains(got.stderr, `"approved":"terminal:`) {
		t.Errorf("no line for the write of %s:\n%s", by, got.stderr)
	}
	again := s.fix(t, "", "shop", "deployment/checkout", "--yes", "rollback")
	again.want(t, exitFine)
}

// TestFixAsksBeforeItChanges: only the name of the object, typed, confirms.
func TestFixAsksBeforeItChanges(t *testing.T) {
	s := newStage(t)
	s.fails(t, "shop", "deployment/cart")
	for _, typing := range []string{"", "y\n", "1\nyes\n"} {
		s.fix(t, typing, "shop", "deployment/cart").want(t, exitFound, "Nothing was changed.", "Delete the 2 waiting pods")
	}
	shown := s.fix(t, "1\n", "shop", "deployment/cart")
	shown.want(t, exitFound, "This changes", "Type cart-")
	_, word, _ := strings.Cut(shown.stderr, "Type ")
	word, _, _ = strings.Cut(word, " to do this")
	got := s.fix(t, "1\n"+word+"\n", "shop", "deployment/cart", "--timeout", "30s")
	got.want(t, exitFine, "✓ done", "✓ recovered", "2 of 2 pods pulled", "! elsewhere")
}

// TestFixSaysThatItStillFails: what was deleted comes back and fails again.
func TestFixSaysThatItStillFails(t *testing.T) {
	s := newStage(t)
	s.fails(t, "shop", "deployment/cart")
	got := s.fix(t, "", "shop", "deployment/cart", "--yes", "delete-pods", "--timeout", "1ms")
	if got.code == exitFine {
		t.Errorf("recovered within a millisecond:\n%s", got.stdout)
	}
}

func TestFixRefusals(t *testing.T) {
	s := newStage(t)
	s.fails(t, "shop", "deployment/search")
	for _, r := range []struct {
		args  []string
		code  int
		words []string
	}{
		{[]string{"shop", "deployment/search", "--yes", "fix-image"}, exitRefused, []string{"fix-image is for people", "hint: this does it: kubectl"}},
		{[]string{"shop", "deployment/search", "--yes", "rolback"}, exitUsage, []string{`no remedy "rolback"`}},
		{[]string{"shop", "deployment/none", "--yes", "rollback"}, exitUsage, []string{"none"}},
		{[]string{"shop", "deployment/search", "--credential-stdin"}, exitUsage, []string{"standard input cannot hold both"}},
		{[]string{"shop"}, exitUsage, []string{"usage: pullfix fix [CLUSTER/]NAMESPACE POD"}},
		{[]string{"web", "deployment/homepage", "--yes", "rollback"}, exitFine, []string{"pulls fine"}},
	} {
		s.fix(t, "", r.args...).want(t, r.code, r.words...)
	}
}

// TestFixPreviewsForPrograms: -o json without --yes shows what could be done.
func TestFixPreviewsForPrograms(t *testing.T) {
	s := newStage(t)
	s.fails(t, "shop", "deployment/cart")
	got := s.fix(t, "", "shop", "deployment/cart", "-o", "json")
	var a fixAnswer
	if err := json.Unmarshal([]byte(got.stdout), &a); err != nil || got.code != exitFound {
		t.Fatalf("exit code %d, %v\n%s%s", got.code, err, got.stdout, got.stderr)
	}
	if a.Outcome != outcomePreview || a.Verdict.Cause != cause.PullSecretNotAttached || len(a.Plans) == 0 || !a.Plans[0].Offered || len(a.Plans[0].Shows) == 0 || len(a.Receipts) != 0 {
		t.Errorf("%+v", a)
	}
}
