package main

import (
	"net/http"
	"strings"
	"testing"
)

// audited wants a line of the log and an Event on the object for every write,
// and nobody's name missing.
func audited(t *testing.T, s *stage) {
	writes, events := s.writes(), 0
	for _, r := range s.Cluster.Requests() {
		if r.User == "pullfix" && r.Method == http.MethodPost && r.Resource == "events" && took(r) {
			events++
		}
	}
	lines := 0
	for line := range strings.Lines(s.log.String()) {
		if !strings.Contains(line, "msg=write ") || !strings.Contains(line, "sent=true") {
			continue
		}
		lines++
		if !strings.Contains(line, "done=true") || !strings.Contains(line, "approved=U") || strings.Contains(line, "incident=\"\"") {
			t.Errorf("a write without its result, its incident or its approver: %s", line)
		}
	}
	if writes == 0 || lines != writes || events != writes {
		t.Errorf("%d writes, %d lines, %d events", writes, lines, events)
	}
}
