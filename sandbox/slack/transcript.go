package slack

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Entry is one line of the transcript. No token and no ticket is in it.
type Entry struct {
	At time.Time `json:"at"`
	// Kind is call, answer (of the Web API), response (to a response_url),
	// sent or received (frames), socket, or act (of a person).
	Kind string `json:"kind"`
	// Name is the method, the frame's type, or what happened.
	Name   string `json:"name"`
	Socket int    `json:"socket,omitempty"`
	// Envelope is the envelope id of frames that have one.
	Envelope string `json:"envelope_id,omitempty"`
	Status   int    `json:"status,omitempty"`
	Body     string `json:"body,omitempty"`
}

const (
	keptEntries = 20000
	keptBody    = 64 << 10
)

// transcript remembers calls and frames. It has a lock of its own, for frames
// are written outside the workspace's.
type transcript struct {
	mu      sync.Mutex
	entries []Entry
	secrets *strings.Replacer
	tokens  *regexp.Regexp
}

func newTranscript(secrets ...string) *transcript {
	var pairs []string
	for _, s := range secrets {
		if s != "" {
			pairs = append(pairs, s, "[token]")
		}
	}
	return &transcript{
		secrets: strings.NewReplacer(pairs...),
		tokens:  regexp.MustCompile(`xox[a-z]-[A-Za-z0-9-]+|xapp-[A-Za-z0-9-]+|ticket=[A-Za-z0-9-]+`),
	}
}

func (t *transcript) add(e Entry) {
	e.At = time.Now()
	e.Body = t.tokens.ReplaceAllString(t.secrets.Replace(e.Body), "[token]")
	if len(e.Body) > keptBody {
		e.Body = e.Body[:keptBody] + "…"
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.entries = append(t.entries, e)
	if len(t.entries) > 2*keptEntries {
		t.entries = slices.Clone(t.entries[len(t.entries)-keptEntries:])
	}
}

// Transcript is what was called and sent so far, oldest first, without tokens.
func (w *Workspace) Transcript() []Entry {
	w.transcript.mu.Lock()
	defer w.transcript.mu.Unlock()
	return slices.Clone(w.transcript.entries)
}

// Calls counts the calls of a method so far.
func (w *Workspace) Calls(method string) int {
	n := 0
	for _, e := range w.Transcript() {
		if e.Kind == "call" && e.Name == method {
			n++
		}
	}
	return n
}
