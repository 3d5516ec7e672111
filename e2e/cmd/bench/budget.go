//go:build linux

package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/pullfix/pullfix/e2e/cluster"
)

// The budgets: parts of the wall time of kubectl get pods -A | grep, and
// absolute values.
const (
	firstRowPart    = 0.02
	scanPart        = 0.08
	thoroughPart    = 0.2
	scanPeakMiB     = 64
	startLimit      = 150 * time.Millisecond
	explainASecond  = 50_000
	explainMessages = 500_000
)

// budget is one line of the result.
type budget struct {
	what      string
	got, most float64
	unit      string
	least     bool // most is the least instead
}

func (b budget) kept() bool {
	if b.least {
		return b.got >= b.most
	}
	return b.got <= b.most
}

// compare measures all and prints a table; an exceeded budget is an error.
func (s subject) compare(ctx context.Context) error {
	peer, err := s.peer(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("kubectl get pods -A | grep: %.2f s, %d MiB, %d pods\n", peer.wall.Seconds(), peer.peakKiB>>10, peer.lines)
	var budgets []budget
	for _, measure := range []func(context.Context, time.Duration) ([]budget, error){s.scan, s.thorough, s.start, s.explain, s.watch} {
		list, err := measure(ctx, peer.wall)
		if err != nil {
			return err
		}
		budgets = append(budgets, list...)
	}
	var exceeded []string
	for _, b := range budgets {
		verdict, bound := "kept", "at most"
		if b.least {
			bound = "at least"
		}
		if !b.kept() {
			verdict = "EXCEEDED"
			exceeded = append(exceeded, b.what)
		}
		fmt.Printf("%-28s %10.3f %-11s %s %.3f  %s\n", b.what, b.got, b.unit, bound, b.most, verdict)
	}
	if len(exceeded) > 0 {
		return fmt.Errorf("over budget: %s", strings.Join(exceeded, ", "))
	}
	return nil
}

// peer measures what the runbook tells people to type.
func (s subject) peer(ctx context.Context) (measured, error) {
	grep := regexp.MustCompile("ImagePull|ErrImage")
	return s.median(ctx, 3, trial{program: s.kubectl, args: []string{"get", "pods", "-A"}, matches: grep.MatchString})
}

// row is a line of the scan about a seeded pod.
func row(line string) bool { return strings.Contains(line, "team-") }

func (s subject) scan(ctx context.Context, peer time.Duration) ([]budget, error) {
	m, err := s.median(ctx, 5, trial{program: s.pullfix, args: []string{"scan"}, exit: 1, matches: row})
	if err != nil {
		return nil, err
	}
	if err := s.complete(m, "scan"); err != nil {
		return nil, err
	}
	return []budget{
		{what: "scan, first row", got: m.firstRow.Seconds(), most: firstRowPart * peer.Seconds(), unit: "s"},
		{what: "scan, complete", got: m.wall.Seconds(), most: scanPart * peer.Seconds(), unit: "s"},
		{what: "scan, peak memory", got: float64(m.peakKiB) / 1024, most: scanPeakMiB, unit: "MiB"},
	}, nil
}

func (s subject) thorough(ctx context.Context, peer time.Duration) ([]budget, error) {
	m, err := s.median(ctx, 3, trial{program: s.pullfix, args: []string{"scan", "--thorough"}, exit: 1, matches: row})
	if err != nil {
		return nil, err
	}
	if err := s.complete(m, "scan --thorough"); err != nil {
		return nil, err
	}
	return []budget{
		{what: "scan --thorough, complete", got: m.wall.Seconds(), most: thoroughPart * peer.Seconds(), unit: "s"},
		{what: "scan --thorough, peak memory", got: float64(m.peakKiB) / 1024, most: scanPeakMiB, unit: "MiB"},
	}, nil
}

// complete wants all failing pods: being fast by missing some is no merit.
func (s subject) complete(m measured, what string) error {
	seed := cluster.BenchSeed()
	if want := seed.Pending + seed.Waiting; m.lines < want {
		return fmt.Errorf("%s lists %d pods, %d fail", what, m.lines, want)
	}
	return nil
}

func (s subject) start(ctx context.Context, _ time.Duration) ([]budget, error) {
	m, err := s.median(ctx, 9, trial{program: s.pullfix, args: []string{"version"}, matches: func(string) bool { return true }})
	if err != nil {
		return nil, err
	}
	return []budget{{what: "start", got: m.wall.Seconds(), most: startLimit.Seconds(), unit: "s"}}, nil
}

func (s subject) explain(ctx context.Context, _ time.Duration) ([]budget, error) {
	var text strings.Builder
	for i := range explainMessages {
		fmt.Fprintf(&text, "Back-off pulling image \"registry.example.com/team/app-%d:v%d\": ErrImagePull: rpc error: code = NotFound desc = "+
			"failed to pull and unpack image \"registry.example.com/team/app-%d:v%d\": failed to resolve image: not found\n", i, i%17, i, i%17)
	}
	m, err := s.median(ctx, 3, trial{
		program: s.pullfix, args: []string{"explain", "-o", "json", "-f", "-"}, stdin: text.String(),
		matches: func(line string) bool { return strings.HasPrefix(line, "{") },
	})
	if err != nil {
		return nil, err
	}
	if m.lines != explainMessages {
		return nil, fmt.Errorf("explain answers %d of %d messages", m.lines, explainMessages)
	}
	return []budget{{what: "explain", got: explainMessages / m.wall.Seconds(), most: explainASecond, unit: "messages/s", least: true}}, nil
}
