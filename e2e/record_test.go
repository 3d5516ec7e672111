//go:build e2e && linux

package e2e

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// recorder keeps what the real kubelet said in each scenario, when
// PULLFIX_E2E_RECORD names a file for it.
type recorder struct {
	path string
	mu   sync.Mutex
	said map[string]recorded
}

// recorded is what the kubelet said in one scenario.
type recorded struct {
	Scenario string          `json:"scenario"`
	Waiting  []recordedState `json:"waiting"`
	Events   []recordedEvent `json:"events"`
}

type recordedState struct {
	Container string `json:"container"`
	Image     string `json:"image"`
	Reason    string `json:"reason"`
	Message   string `json:"message"`
}

type recordedEvent struct {
	Reason    string `json:"reason"`
	FieldPath string `json:"fieldPath"`
	Count     int32  `json:"count"`
	Message   string `json:"message"`
}

func newRecorder(path string) *recorder { return &recorder{path: path, said: map[string]recorded{}} }

// observe records the stage as it stands, with its events: the kubelet sends
// them later than the status.
func (r *recorder) observe(s *stage) {
	if r.path == "" {
		return
	}
	for range 20 {
		if slices.ContainsFunc(s.events(s.t.Context()), func(e corev1.Event) bool { return e.Reason == "Failed" || e.Reason == "BackOff" }) {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	said := recorded{Scenario: s.namespace}
	for _, pod := range s.pods(s.t.Context()) {
		for _, status := range statuses(&pod) {
			if w := status.State.Waiting; w != nil {
				said.Waiting = append(said.Waiting, recordedState{status.Name, status.Image, w.Reason, w.Message})
			}
		}
	}
	for _, e := range s.events(s.t.Context()) {
		if e.InvolvedObject.Kind == "Pod" {
			said.Events = append(said.Events, recordedEvent{e.Reason, e.InvolvedObject.FieldPath, e.Count, e.Message})
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said[s.namespace] = said
}

// write writes the file.
func (r *recorder) write(t *testing.T) {
	t.Helper()
	if r.path == "" {
		return
	}
	all := slices.SortedFunc(maps.Values(r.said), func(a, b recorded) int { return cmp.Compare(a.Scenario, b.Scenario) })
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.path, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
