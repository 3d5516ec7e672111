package runbook_test

import (
	"fmt"
	"testing"

	"github.com/pullfix/pullfix/runbook"
)

// TestWaveEnd: the first namespace alone, then whole namespaces of up to ten
// objects together; a large one is not cut.
func TestWaveEnd(t *testing.T) {
	in := func(counts ...int) []runbook.Action {
		var actions []runbook.Action
		for n, count := range counts {
			for range count {
				actions = append(actions, runbook.Action{Namespace: fmt.Sprint("ns", n)})
			}
		}
		return actions
	}
	for _, test := range []struct {
		actions []runbook.Action
		want    string
	}{
		{nil, "[]"},
		{in(1), "[1]"},
		{in(12), "[12]"},
		{in(1, 1), "[1 2]"},
		{in(2, 2, 2, 2, 2, 2, 2), "[2 12 14]"},
		{in(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), "[1 11 12]"},
		{in(3, 15, 1), "[3 18 19]"},
		{in(1, 9, 2), "[1 10 12]"},
	} {
		ends := []int{}
		for from := 0; from < len(test.actions); from = ends[len(ends)-1] {
			ends = append(ends, runbook.WaveEnd(test.actions, from))
		}
		if got := fmt.Sprint(ends); got != test.want {
			t.Errorf("%d actions: %s, want %s", len(test.actions), got, test.want)
		}
	}
}
