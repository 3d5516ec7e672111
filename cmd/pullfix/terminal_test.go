package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/k8s"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// slowCluster is a cluster with one pod that waits, and that takes its time.
type slowCluster struct{}

func (slowCluster) Observe(_ context.Context, target runbook.Target, progress runbook.Progress) (runbook.Observation, error) {
	defer progress.Begin(runbook.StepError, "reading the pod")()
	time.Sleep(time.Second)
	since := time.Date(2026, 1, 2, 3, 12, 0, 0, time.UTC)
	waiting := runbook.Container{
		Name: "app", Kind: runbook.KindContainer, Image: "ghcr.io/acme/app:1", State: runbook.StateWaiting,
		Reason: "ErrImagePull", Message: `failed to resolve image: ghcr.io/acme/app:1: not found`,
	}
	return runbook.Observation{Facts: runbook.Facts{
		Target: target, ObservedAt: since.Add(time.Minute),
		Pod: runbook.Pod{Name: target.Name, Phase: "Pending", Created: since, Scheduled: true, Containers: []runbook.Container{waiting}},
	}}, nil
}

func (slowCluster) Failing(_ context.Context, _ k8s.ScanOptions, found func([]runbook.FailingPull)) (k8s.Survey, error) {
	row := runbook.FailingPull{Namespace: "shop", Container: "app", Image: "ghcr.io/acme/app:1", Reason: "ErrImagePull"}
	for _, name := range []string{"one", "two", "one"} {
		row.Pod = name
		found([]runbook.FailingPull{row})
		time.Sleep(time.Second)
	}
	return k8s.Survey{Complete: true}, nil
}

func (slowCluster) Namespaces(context.Context, string) ([]string, error) { return nil, nil }

func (slowCluster) Pods(context.Context, string, string) ([]string, error) { return nil, nil }

func (slowCluster) Inventory(context.Context, string) (runbook.Inventory, error) {
	return runbook.Inventory{Complete: true}, nil
}

// slowRegistry does not have the tag.
type slowRegistry struct{}

func (slowRegistry) Probe(context.Context, runbook.Question) (runbook.Answer, error) {
	time.Sleep(time.Second)
	return runbook.Answer{Result: cause.TagNotFound, Host: "ghcr.io", Status: 404, Code: "MANIFEST_UNKNOWN"}, nil
}

// screen is a person at a terminal.
type screen struct {
	out, err bytes.Buffer
	code     int
}

func atTerminal(t *testing.T, variables map[string]string, args ...string) *screen {
	t.Helper()
	s := &screen{}
	e := env{
		args: args, stdin: strings.NewReader(""), stdout: &s.out, stderr: &s.err,
		getenv:       func(name string) string { return variables[name] },
		columns:      func(any) int { return 80 },
		openCluster:  func(clusterChoice) (cluster, error) { return slowCluster{}, nil },
		openRegistry: func(registryChoice) (prober, error) { return slowRegistry{}, nil },
	}
	synctest.Test(t, func(t *testing.T) { s.code = run(t.Context(), e) })
	return s
}

func TestProgressIsDrawnOnATerminalAndCleared(t *testing.T) {
	s := atTerminal(t, nil, "diagnose", "shop", "web")
	if s.code != exitFound {
		t.Fatalf("exit code %d: %s", s.code, s.err.String())
	}
	for _, want := range []string{"  … error        reading the pod", "  ✓ error        reading the pod", "1.0 s", "  · credentials\n"} {
		if !strings.Contains(s.err.String(), want) {
			t.Errorf("the progress never shows %q", want)
		}
	}
	if !strings.HasSuffix(s.err.String(), "\x1b[5A\r\x1b[J") {
		t.Errorf("the progress is not cleared: %q", s.err.String())
	}
	if !strings.HasPrefix(s.out.String(), "\x1b[33mP2\x1b[0m  \x1b[1mThe tag 1 does not exist in ghcr.io/acme/app\x1b[0m") {
		t.Errorf("the answer is not in colour: %q", s.out.String())
	}
}

func TestNoColorIsHonoured(t *testing.T) {
	for _, variables := range []map[string]string{{"NO_COLOR": "1"}, {"TERM": "dumb"}} {
		if s := atTerminal(t, variables, "diagnose", "shop", "web"); strings.Contains(s.out.String(), "\x1b") {
			t.Errorf("%v: the answer has a terminal sequence: %q", variables, s.out.String())
		}
	}
}

func TestNothingIsDrawnElsewhere(t *testing.T) {
	s := atTerminal(t, map[string]string{"TERM": "dumb"}, "diagnose", "shop", "web")
	if s.err.Len() > 0 {
		t.Errorf("stderr has %q", s.err.String())
	}
}

func TestTimeoutCannotTell(t *testing.T) {
	s := atTerminal(t, map[string]string{"TERM": "dumb"}, "scan", "--timeout", "1ms", "-o", "json")
	if s.code != exitFound {
		t.Errorf("exit code %d: what was found counts", s.code)
	}
}

// firstRow remembers when something was first written.
type firstRow struct {
	text bytes.Buffer
	at   time.Time
}

func (f *firstRow) Write(b []byte) (int, error) {
	if f.at.IsZero() {
		f.at = time.Now()
	}
	return f.text.Write(b)
}

func TestScanShowsRowsAsTheyArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, out := time.Now(), &firstRow{}
		e := env{
			args: []string{"scan"}, stdout: out, stderr: &bytes.Buffer{}, getenv: func(string) string { return "" },
			columns:     func(any) int { return 0 },
			openCluster: func(clusterChoice) (cluster, error) { return slowCluster{}, nil },
		}
		if code := run(t.Context(), e); code != exitFound {
			t.Errorf("exit code %d", code)
		}
		if waited := out.at.Sub(start); waited != 0 {
			t.Errorf("the first row came after %s", waited)
		}
		if n := strings.Count(out.text.String(), "\nshop "); n != 2 {
			t.Errorf("%d rows, want 2: a pull told twice is one row\n%s", n, out.text.String())
		}
	})
}
